"""Two evaluations compared: pairs, a bootstrap of its own, crossings by hand, coverage."""

import math
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

import pkpo_toy
from pkpo_toy.errors import InputError
from pkpo_toy.samples.compare import (
    comparison,
    crossing_of,
    difference_interval,
    resampled_crossings,
)
from pkpo_toy.samples.passk import mean_with_interval
from pkpo_toy.samples.reading import evaluation_of


def counts(n, c, names=None):
    names = names or [f"p{i}" for i in range(len(c))]
    return pd.DataFrame({"problem": names, "n": n, "c": c})


def beta_pair(problems, n=64, seed=0):
    """Broad success rates before training, sharp ones after it: the curves cross at k = 6."""
    rng = np.random.default_rng(seed)
    right, wrong = rng.gamma(0.2, size=problems), rng.gamma(0.4, size=problems)
    after = rng.binomial(n, right / (right + wrong))
    right, wrong = right + rng.gamma(0.4, size=problems), wrong + rng.gamma(2, size=problems)
    return counts(n, rng.binomial(n, right / (right + wrong))), counts(n, after)


def naive_pass_at_k(n, c, k):
    return 1 - math.comb(n - c, k) / math.comb(n, k)


def test_rows_by_hand():
    before, after = counts(4, [0, 2, 4]), counts(4, [1, 2, 3])
    frame = pkpo_toy.compare(before, after, [1, 4])
    gains = {1: [0.25, 0, -0.25], 4: [1, 0, 0]}
    for row in frame.itertuples():
        gain = gains[row.k]
        assert row.difference == pytest.approx(np.mean(gain), abs=1e-15)
        assert row.se == pytest.approx(np.std(gain, ddof=1) / math.sqrt(3))
        assert (row.gained, row.lost) == (sum(g > 0 for g in gain), sum(g < 0 for g in gain))
        assert row.high - row.difference == pytest.approx(4.302652729749464 * row.se)
        assert row.before == pytest.approx(
            np.mean([naive_pass_at_k(4, c, row.k) for c in (0, 2, 4)])
        )
        assert row.problems == 3
    assert list(frame.columns) == [
        *("k", "before", "after", "difference", "se", "low", "high", "gained", "lost", "problems")
    ]


def test_problems_are_paired_by_name_whatever_their_order():
    before = counts(4, [0, 2, 4], ["a", "b", "only"])
    after = counts(4, [1, 3, 3, 3], ["b", "new", "other", "a"])
    found = comparison(evaluation_of(before), evaluation_of(after), [1])
    row = found.rows.iloc[0]
    assert (found.only_before, found.only_after, row["problems"]) == (1, 2, 2)
    assert (row["before"], row["after"]) == (0.25, 0.5)
    assert (row["gained"], row["lost"]) == (1, 1)


def test_nothing_in_common_is_refused():
    with pytest.raises(InputError, match=r"no problem in common: .* 'a' and 'b'"):
        pkpo_toy.compare(counts(4, [1], ["a"]), counts(4, [1], ["b"]))


def test_a_k_above_some_n_is_refused_or_its_problems_dropped():
    before, after = counts([8, 3], [4, 1]), counts([8, 8], [6, 8])
    with pytest.raises(InputError, match=r"k = 4 needs n >= k .* 'p1'"):
        pkpo_toy.compare(before, after, 4)
    found = comparison(evaluation_of(before), evaluation_of(after), [4], where_possible=True)
    assert (found.dropped, found.rows["problems"].iloc[0]) == (1, 1)
    assert found.rows[["se", "low", "high"]].isna().all(axis=None)


def test_samples_that_are_no_counts_are_compared_by_their_maximum():
    before = pd.DataFrame({"problem": ["a", "a", "b", "b"], "reward": [0.5, 0.25, 1.0, 0.0]})
    found = comparison(evaluation_of(before), evaluation_of(counts(2, [1, 2], ["a", "b"])), [2])
    assert found.metric == "max@k"
    assert found.rows["difference"].iloc[0] == pytest.approx((0.5 + 0) / 2)


def test_the_difference_is_what_a_paired_bootstrap_says():
    before, after = beta_pair(400)
    frame = pkpo_toy.compare(before, after, [1, 8, 64])
    rng = np.random.default_rng(1)
    for row in frame.itertuples():
        k = int(row.k)
        gain = np.array(
            [
                naive_pass_at_k(64, a, k) - naive_pass_at_k(64, b, k)
                for b, a in zip(before["c"].tolist(), after["c"].tolist(), strict=True)
            ]
        )
        means = gain[rng.integers(400, size=(4000, 400))].mean(axis=1)
        low, high = np.quantile(means, [0.025, 0.975])
        # 5 standard errors of a bootstrap quantile from 4,000 draws.
        slack = 5 * means.std() * 0.042
        assert row.low == pytest.approx(low, abs=slack)
        assert row.high == pytest.approx(high, abs=slack)


@pytest.mark.parametrize(
    ("gains", "expected"),
    [
        ([0.1, 0.0, -0.1, -0.2], 4),
        ([-0.1, -0.2, -0.1, -0.3], 1),
        ([0.1, -0.1, 0.1, -0.1], 8),
        ([-0.1, -0.1, -0.1, 0.1], math.inf),
        ([0.1, 0.1, 0.0, 0.0], math.inf),
        ([0.1, -1e-16, -1e-16, -1e-16], math.inf),
    ],
)
def test_the_crossing_is_the_first_k_from_which_all_differences_are_negative(gains, expected):
    assert crossing_of(np.array([gains, gains]), [1, 2, 4, 8]).tolist() == [expected, expected]


def test_a_pair_that_crosses_is_found_to_cross():
    before, after = beta_pair(500)
    found = pkpo_toy.compare(before, after, [1, 64])
    crossing = found.attrs["crossing"]
    assert crossing["low"] <= 6 <= crossing["high"]
    assert crossing["low"] <= crossing["k"] <= crossing["high"]
    assert crossing["none"] == 0
    assert found["difference"].iloc[0] > 0 > found["difference"].iloc[1]
    turned = pkpo_toy.compare(after, before, [1]).attrs["crossing"]
    assert (turned["k"], turned["none"]) == (None, 1)


def test_the_bootstrap_of_the_crossing_is_that_of_a_loop():
    before, after = beta_pair(30)
    ks = list(range(1, 17))
    gains = np.array(
        [
            [
                naive_pass_at_k(64, a, k) - naive_pass_at_k(64, b, k)
                for b, a in zip(before.c, after.c, strict=True)
            ]
            for k in ks
        ]
    )
    drawn = resampled_crossings(gains, ks, np.random.default_rng(0), 4000)
    rng, crossings = np.random.default_rng(1), []
    for _ in range(4000):
        mean = gains[:, rng.integers(30, size=30)].mean(axis=1)
        negative = [k for k, m in zip(ks, mean, strict=True) if m < 0]
        tail = [k for k in negative if all(j in negative for j in ks if j >= k)]
        crossings.append(min(tail, default=math.inf))
    for k in (1, 4, 8, 16, math.inf):
        mine, theirs = (drawn <= k).mean(), (np.array(crossings) <= k).mean()
        assert mine == pytest.approx(theirs, abs=5 * math.sqrt(0.5 / 4000))


def test_curves_hold_every_k_with_each_models_own_interval():
    before, after = (evaluation_of(one) for one in beta_pair(50, n=8))
    curves = comparison(before, after, [1]).curves
    assert curves["k"].tolist() == list(range(1, 9))
    values = np.array([naive_pass_at_k(8, c, 3) for c in before.c.tolist()])
    value, _, low, high, _ = mean_with_interval(values, (0, 1))
    assert curves.loc[2, ["before", "before_low", "before_high"]].tolist() == pytest.approx(
        [value, low, high]
    )
    assert all(a < b for a, b in pairwise(curves["before"]))


def test_one_problem_has_no_interval():
    assert difference_interval(np.array([0.25]))[0] == 0.25
    assert all(map(math.isnan, difference_interval(np.array([0.25]))[1:]))


@pytest.mark.parametrize(("problems", "draws"), [(20, 400), (100, 100)])
def test_the_intervals_cover_the_truth(problems, draws):
    """The published simulation in small, within 5 standard errors of a coverage of 0.95."""
    ks = list(range(1, 65))
    table = np.array([[naive_pass_at_k(64, c, k) for k in ks] for c in range(65)])
    truth = [
        math.prod((2.4 + j) / (3 + j) for j in range(k))
        - math.prod((0.4 + j) / (0.6 + j) for j in range(k))
        for k in ks
    ]
    held = {"difference": 0, "crossing": 0}
    for seed in range(draws):
        before, after = beta_pair(problems, seed=seed)
        gains = table[after["c"]] - table[before["c"]]
        _, _, low, high = difference_interval(gains[:, 0])
        held["difference"] += low <= truth[0] <= high
        drawn = resampled_crossings(gains.T, ks, np.random.default_rng(seed), 300)
        low, high = np.quantile(drawn, [0.025, 0.975], method="inverted_cdf")
        held["crossing"] += low <= crossing_of(np.array([truth]), ks)[0] <= high
    assert min(held.values()) / draws > 0.95 - 5 * math.sqrt(0.95 * 0.05 / draws)
