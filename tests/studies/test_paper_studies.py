"""landscape, element_weights, variance, transforms: against quadrature, definition, simulation."""

import itertools
import math
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest

from pkpo_toy.errors import InputError
from pkpo_toy.studies.element_weights import ElementWeights
from pkpo_toy.studies.files import build, expand, load
from pkpo_toy.studies.landscape import Landscape
from pkpo_toy.studies.table import STUDIES
from pkpo_toy.studies.transforms import Transforms
from pkpo_toy.studies.variance import PAPER, Variance, moments

STARS = {1: 0.862, 2: 0.902, 4: 0.939, 8: 0.969, 16: 0.986}
SUMMARIES = {
    "landscape": ["k", "theta_star", "max_at_k"],
    "element_weights": ["n", "k", "rank", "weight"],
    "variance": [
        *("estimator", "n", "k", "estimates", "mean", "mean_se", "variance", "variance_se"),
        *("true_gradient", "snr", "snr_se"),
    ],
    "transforms": ["estimator", "n", "k", "reward", "weight", "weight_se", "count"],
}


def rng(seed=0):
    return np.random.default_rng(seed)


@pytest.mark.parametrize("name", SUMMARIES)
def test_summaries_have_their_columns(name):
    study = STUDIES[name]
    config = expand(load(name))[-1]
    assert list(study.summarize(study.run(config, rng())).columns) == SUMMARIES[name]


@pytest.mark.parametrize("k", STARS)
def test_the_optimum_moves_towards_the_edge_as_in_figure_1(k):
    study = STUDIES["landscape"]
    summary = study.summarize(study.run(Landscape(k=k), rng()))
    assert len(summary) == 1
    assert round(summary.theta_star[0], 3) == STARS[k]


@pytest.mark.parametrize("k", [1, 3])
def test_landscape_agrees_with_a_plain_monte_carlo(k):
    records = STUDIES["landscape"].run(Landscape(k=k, points=9), rng())
    draws = rng(1).normal(records.theta.to_numpy()[:, None, None], 0.1, (9, 20_000, k))
    best = np.where((draws >= 0) & (draws <= 1), draws**2, 0).max(-1)
    error = best.std(-1, ddof=1) / math.sqrt(20_000)
    assert (abs(best.mean(-1) - records.max_at_k) <= 4.5 * error + 1e-12).all()


@pytest.mark.parametrize("k", [1, 2, 5, 8])
def test_element_weights_count_subsets(k):
    records = STUDIES["element_weights"].run(ElementWeights(n=8, k=k), rng())
    subsets = list(itertools.combinations(range(1, 9), k))
    expected = [Fraction(sum(max(s) == i for s in subsets), len(subsets)) for i in range(1, 9)]
    assert records.weight.tolist() == pytest.approx([float(x) for x in expected], rel=1e-14)


def by_definition(name, rewards, k):
    """Weights of the paper's methods as sums over subsets or blocks, in plain numpy."""
    _groups, n = rewards.shape
    weights = np.zeros_like(rewards)
    subsets = list(itertools.combinations(range(n), k))
    blocks = [tuple(range(start, start + k)) for start in range(0, n, k)]
    if name.startswith("partition"):
        subsets = blocks
    best = {s: rewards[:, s].max(1) for s in subsets}
    for s in subsets:
        for i in s:
            rest = [j for j in s if j != i]
            if name in {"pkpo_loo_minus_one", "partition_loo_minus_one"}:
                baseline = rewards[:, rest].max(1)
            elif name == "partition_baselined":
                baseline = np.mean([best[t] for t in subsets if t != s], axis=0)
            else:
                baseline = 0.0
            weights[:, i] += (best[s] - baseline) / len(subsets)
    if name in {"pkpo_loo", "centered_loo"}:
        for i in range(n):
            without = np.mean([best[s] for s in subsets if i not in s], axis=0)
            weights[:, i] -= without * (k / (n - 1) if name == "pkpo_loo" else k / n)
    return weights


@pytest.mark.parametrize(("n", "k"), [(8, 4), (6, 3)])
def test_variance_lies_within_four_standard_errors_of_an_independent_simulation(n, k):
    table = STUDIES["variance"].run(Variance(n=n, k=k), rng()).set_index("estimator")
    assert set(table.index) == set(PAPER)
    x = rng(99).normal(1.0, 0.1, (10_000, n))
    rewards = np.where((x >= 0) & (x <= 1), x**2, 0.0)
    for name, row in table.iterrows():
        g_hat = (by_definition(name, rewards, k) * (x - 1.0) / 0.01).sum(1)
        mean, mean_se, variance, variance_se = moments(g_hat)
        assert abs(row.variance - variance) <= 4 * math.hypot(row.variance_se, variance_se), name
        assert abs(row["mean"] - mean) <= 4 * math.hypot(row.mean_se, mean_se), name


def test_every_estimate_is_unbiased_and_the_means_bracket_the_truth():
    for n in (4, 16):
        table = STUDIES["variance"].run(Variance(n=n), rng())
        assert (abs(table["mean"] - table.true_gradient) <= 4 * table.mean_se).all()


def test_an_estimator_without_a_domain_anywhere_is_an_error():
    with pytest.raises(InputError, match="no estimator of partition is defined at n = 6, k = 4"):
        build(Variance, {"n": 6, "estimators": ["partition"]}, "variance")


def test_moments_of_a_known_distribution():
    """For N(0, 1): Var(s^2) = 2/(N-1)."""
    values = rng().normal(size=200_000)
    mean, mean_se, variance, variance_se = moments(values)
    assert abs(mean) < 4 * mean_se
    assert abs(variance - 1) < 4 * variance_se
    assert variance_se == pytest.approx(math.sqrt(2 / 200_000), rel=0.02)


def test_transforms_bins_are_means_of_their_samples():
    config = Transforms(n=8, k=2, groups=500, bins=7)
    table = STUDIES["transforms"].run(config, rng())
    rewards = rng().random((500, 8)) - 0.5
    edges = np.linspace(-0.5, 0.5, 8)
    for name, rows in table.groupby("estimator"):
        weights = by_definition(name, rewards, 2)
        cut = pd.cut(rewards.ravel(), edges, labels=False, include_lowest=True, right=False)
        means = pd.Series(weights.ravel()).groupby(cut).mean()
        assert rows.weight.tolist() == pytest.approx(means.tolist(), rel=1e-10)
        assert rows["count"].sum() == 4000


def test_transforms_errors_have_the_size_of_the_spread_between_seeds():
    config = Transforms(n=8, k=4, groups=300, bins=5, estimators=("pkpo_loo",))
    tables = [STUDIES["transforms"].run(config, rng(seed)) for seed in range(200)]
    means = np.array([t.weight for t in tables])
    stated = np.array([t.weight_se for t in tables]).mean(0)
    # The spread of 200 means is known to 5%; four of those.
    assert (abs(means.std(0, ddof=1) / stated - 1) < 4 / math.sqrt(2 * 199)).all()
