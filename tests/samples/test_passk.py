"""pass@k and max@k over problems: enumeration of subsets, uncertainty, refusals."""

import math
from importlib.resources import files
from itertools import combinations

import numpy as np
import pandas as pd
import pytest

from pkpo_toy.errors import InputError
from pkpo_toy.samples.passk import MAX, PASS, at_each_k, default_ks, measure_of
from pkpo_toy.samples.samples import read_counts, read_samples

REWARDS = {"a": [0.3, 1.0, 0.2, 0.2], "b": [0.5, 0.0, 0.1], "c": [1.0, 0.7, 0.9, -2.0]}
BINARY = {"a": [0, 1, 0, 0], "b": [0, 0, 0], "c": [1, 1, 0, 1]}


def samples_of(rewards):
    rows = [(p, str(i), float(r)) for p, group in rewards.items() for i, r in enumerate(group)]
    return pd.DataFrame(rows, columns=["problem", "sample", "reward"])


def counts_of(n, c):
    return pd.DataFrame({"problem": [f"p{i}" for i in range(len(n))], "n": n, "c": c})


def mean_of_maxima(group, k):
    return np.mean([max(subset) for subset in combinations(group, k)])


@pytest.mark.parametrize("rewards", [REWARDS, BINARY])
@pytest.mark.parametrize("k", [1, 2, 3])
def test_value_and_error_from_all_subsets(rewards, k):
    values = [mean_of_maxima(group, k) for group in rewards.values()]
    frame = samples_of(rewards).sample(frac=1, random_state=3)
    row = at_each_k(frame, [k]).iloc[0]
    assert row["k"] == k
    assert row["problems"] == 3
    assert row["value"] == pytest.approx(np.mean(values), rel=1e-12)
    assert row["se"] == pytest.approx(np.std(values, ddof=1) / math.sqrt(3), rel=1e-12)
    assert row["low"] < row["value"] < row["high"]


def test_counts_and_binary_samples_agree():
    counts = counts_of([4, 3, 4], [1, 0, 3])
    pd.testing.assert_frame_equal(at_each_k(counts, [1, 3]), at_each_k(samples_of(BINARY), [1, 3]))


def test_the_measure_is_what_the_rewards_allow():
    assert measure_of(counts_of([4], [1])) is PASS
    assert measure_of(samples_of(BINARY)) is PASS
    assert measure_of(samples_of(REWARDS)) is MAX


def test_pass_intervals_stay_within_0_and_1():
    for c in ([0, 0], [5, 5], [0, 5]):
        row = at_each_k(counts_of([5, 5], c), [2]).iloc[0]
        assert 0 <= row["low"] < row["high"] <= 1


def test_max_interval_is_students():
    row = at_each_k(samples_of(REWARDS), [2]).iloc[0]
    assert row["high"] - row["value"] == pytest.approx(4.302652729749464 * row["se"])
    assert row["value"] - row["low"] == pytest.approx(4.302652729749464 * row["se"])


def test_one_problem_has_no_uncertainty():
    row = at_each_k(counts_of([5], [2]), [1]).iloc[0]
    assert row["value"] == pytest.approx(0.4)
    assert row[["se", "low", "high"]].isna().all()


@pytest.mark.parametrize(
    ("smallest", "ks"),
    [(1, [1]), (2, [1, 2]), (7, [1, 2, 5]), (10, [1, 2, 5, 10]), (64, [1, 2, 5, 10, 20, 50])],
)
def test_default_ks_end_at_the_smallest_n(smallest, ks):
    assert default_ks(counts_of([smallest, 1000], [0, 0])) == ks


def test_a_k_above_some_n_names_the_problems():
    counts = counts_of([3, 10, 2, 2, 1], [0, 0, 0, 0, 0])
    with pytest.raises(InputError, match=r"k = 2 .* 1 of 5 problems have fewer: 'p4' \(n = 1\)\."):
        at_each_k(counts, [1, 2])
    with pytest.raises(InputError, match=r"4 of 5 .*'p0' \(n = 3\), 'p2' .*, 'p3' .* and 1 more\."):
        at_each_k(counts, [5])


@pytest.mark.parametrize("ks", [[], [0], [1, -1]])
def test_a_k_below_1_is_refused(ks):
    with pytest.raises(InputError, match="k must be at least 1"):
        at_each_k(counts_of([3], [1]), ks)


def test_the_expected_value_is_the_true_pass_at_k():
    """Success rates from Beta(2, 3): pass@k = 1 - E(1-p)^k, within 5 of the reported errors."""
    rng = np.random.default_rng(11)
    p = rng.beta(2, 3, 4000)
    rows = at_each_k(counts_of(np.full(4000, 12), rng.binomial(12, p)), [1, 3, 12])
    for row in rows.itertuples():
        truth = 1 - math.prod((3 + j) / (5 + j) for j in range(row.k))
        assert abs(row.value - truth) < 5 * row.se
        assert row.se < 0.01


def test_the_examples_are_what_their_readme_says(tmp_path, monkeypatch):
    folder = files("pkpo_toy.samples") / "data"
    code = (folder / "README.md").read_text().split("```python\n")[1].split("```")[0]
    monkeypatch.chdir(tmp_path)
    exec(code, {})
    for name in ("example_counts.csv", "example_samples.csv"):
        assert (tmp_path / name).read_bytes() == (folder / name).read_bytes()
    assert len(read_counts("example_counts.csv")) == 40
    assert read_samples("example_samples.csv")["problem"].nunique() == 12
