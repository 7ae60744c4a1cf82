"""pass@k and max@k over problems: enumeration of subsets, uncertainty, refusals."""

import math
from importlib.resources import files
from itertools import combinations

import numpy as np
import pandas as pd
import pytest

import pkpo_toy
from pkpo_toy.errors import InputError
from pkpo_toy.samples.metrics import metric_named, quantile_at_k
from pkpo_toy.samples.passk import at_each_k, curve_ks, default_ks, passk
from pkpo_toy.samples.reading import evaluation_of, read

REWARDS = {"a": [0.3, 1.0, 0.2, 0.2], "b": [0.5, 0.0, 0.1], "c": [1.0, 0.7, 0.9, -2.0]}
BINARY = {"a": [0, 1, 0, 0], "b": [0, 0, 0], "c": [1, 1, 0, 1]}


def samples_of(rewards):
    return evaluation_of(frame_of(rewards))


def frame_of(rewards):
    rows = [(p, str(i), float(r)) for p, group in rewards.items() for i, r in enumerate(group)]
    return pd.DataFrame(rows, columns=["problem", "sample", "reward"])


def counts_of(n, c):
    frame = pd.DataFrame({"problem": [f"p{i}" for i in range(len(n))], "n": n, "c": c})
    return evaluation_of(frame)


def mean_of_maxima(group, k):
    return np.mean([max(subset) for subset in combinations(group, k)])


@pytest.mark.parametrize("rewards", [REWARDS, BINARY])
@pytest.mark.parametrize("k", [1, 2, 3])
def test_value_and_error_from_all_subsets(rewards, k):
    values = [mean_of_maxima(group, k) for group in rewards.values()]
    row = passk(frame_of(rewards).sample(frac=1, random_state=3), k).iloc[0]
    assert row["k"] == k
    assert row["problems"] == 3
    assert row["value"] == pytest.approx(np.mean(values), rel=1e-12)
    assert row["se"] == pytest.approx(np.std(values, ddof=1) / math.sqrt(3), rel=1e-12)
    assert row["low"] < row["value"] < row["high"]


def test_counts_and_binary_samples_agree():
    counts = counts_of([4, 3, 4], [1, 0, 3])
    pd.testing.assert_frame_equal(at_each_k(counts, [1, 3]), at_each_k(samples_of(BINARY), [1, 3]))


def test_the_metric_is_what_the_rewards_allow():
    assert metric_named(None, counts_of([4], [1])).name == "pass@k"
    assert metric_named(None, samples_of(BINARY)).name == "pass@k"
    assert metric_named(None, samples_of(REWARDS)).name == "max@k"
    with pytest.raises(InputError, match=r"rewards 0 or 1, got 0\.3 for problem 'a'"):
        metric_named("pass^k", samples_of(REWARDS))
    with pytest.raises(InputError, match=r"unknown metric 'pas@k'.*Did you mean 'pass@k'"):
        metric_named("pas@k", samples_of(REWARDS))


QUANTITIES = {
    "pass@k": max,
    "pass^k": min,
    "avg@k": np.mean,
    "max@k": max,
}


@pytest.mark.parametrize("metric", QUANTITIES)
@pytest.mark.parametrize("k", [1, 2, 3])
@pytest.mark.parametrize("rewards", [REWARDS, BINARY])
def test_every_metric_from_all_subsets(metric, k, rewards):
    if rewards is REWARDS and metric.startswith("pass"):
        return
    values = [
        np.mean([QUANTITIES[metric](subset) for subset in combinations(group, k)])
        for group in rewards.values()
    ]
    row = passk(frame_of(rewards), k, metric=metric).iloc[0]
    assert row["value"] == pytest.approx(np.mean(values), rel=1e-12)
    assert row["se"] == pytest.approx(np.std(values, ddof=1) / math.sqrt(3), rel=1e-9)


@pytest.mark.parametrize("q", [1, 25, 50, 75, 99])
@pytest.mark.parametrize("k", [1, 2, 3, 4])
def test_quantiles_of_the_best_from_all_subsets(q, k):
    group = [0.3, 1.0, 0.2, 0.2, 0.7]
    best = sorted(max(subset) for subset in combinations(group, k))
    expected = best[math.ceil(q / 100 * len(best)) - 1]
    assert quantile_at_k(np.array(group), k, q / 100) == expected
    row = passk(frame_of({"a": group, "b": group}), k, metric=f"q{q}@k").iloc[0]
    assert row["value"] == expected


def test_metrics_of_counts_are_those_of_the_samples():
    for metric in ("pass^k", "avg@k", "max@k", "q50@k"):
        pd.testing.assert_frame_equal(
            at_each_k(counts_of([4, 3, 4], [1, 0, 3]), [1, 3], metric=metric),
            at_each_k(samples_of(BINARY), [1, 3], metric=metric),
        )


def test_pass_intervals_stay_within_0_and_1():
    for c in ([0, 0], [5, 5], [0, 5]):
        row = at_each_k(counts_of([5, 5], c), [2]).iloc[0]
        assert 0 <= row["low"] < row["high"] <= 1


def test_an_unknown_range_has_students_interval():
    row = at_each_k(samples_of(REWARDS), [2]).iloc[0]
    assert row["high"] - row["value"] == pytest.approx(4.302652729749464 * row["se"])
    assert row["value"] - row["low"] == pytest.approx(4.302652729749464 * row["se"])


@pytest.mark.parametrize("rewards", [{"a": [1.0, 0.4], "b": [1.0, 0.2]}, {"a": [0.5], "b": [0.5]}])
def test_a_known_range_keeps_the_interval_within_and_alive(rewards):
    found = at_each_k(samples_of(rewards), [1]).iloc[0]
    assert 0 <= found["low"] < found["value"] < found["high"] <= 1
    doubled = {name: [2 * r - 1 for r in group] for name, group in rewards.items()}
    scaled = at_each_k(samples_of(doubled), [1], bounds=(-1, 1)).iloc[0]
    assert scaled["low"] == pytest.approx(2 * found["low"] - 1)
    assert scaled["high"] == pytest.approx(2 * found["high"] - 1)


def test_rewards_out_of_the_range_given_are_refused():
    with pytest.raises(InputError, match=r"must lie in the range \(0, 1\), got -2 to 1"):
        at_each_k(samples_of(REWARDS), [1], bounds=(0, 1))


def test_where_possible_leaves_out_the_problems_with_too_few_samples():
    counts = counts_of([3, 10, 10], [3, 5, 0])
    row = at_each_k(counts, [1, 5], where_possible=True).iloc[0]
    assert (row["problems"], row["value"]) == (2, 0.25)
    with pytest.raises(InputError, match="3 of 3 problems have fewer"):
        at_each_k(counts, [11], where_possible=True)


def test_the_curve_ends_at_the_largest_k():
    assert curve_ks(5) == [1, 2, 3, 4, 5]
    ks = curve_ks(10_000)
    assert (ks[0], ks[-1]) == (1, 10_000)
    assert len(ks) <= 60
    assert ks == sorted(set(ks))


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
    for name in (f"example_{kind}.csv" for kind in ("counts", "samples", "before", "after")):
        assert (tmp_path / name).read_bytes() == (folder / name).read_bytes()
    assert len(read("example_counts.csv").problems) == 40
    assert len(read("example_samples.csv").problems) == 12


def test_rewards_whose_squares_are_no_numbers_are_refused(tmp_path):
    path = tmp_path / "huge.csv"
    path.write_text("problem,sample,reward\na,0,1e308\na,1,-1e308\nb,0,1\nb,1,2\n")
    with pytest.raises(InputError, match=r"within \+-1e\+150, got one of size 1e\+308"):
        pkpo_toy.passk(str(path))
    with pytest.raises(InputError, match="got one of size"):
        pkpo_toy.compare(str(path), str(path))
