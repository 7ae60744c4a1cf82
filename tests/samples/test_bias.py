"""Biases of the metrics in use: all outcomes by hand, the figures their reports name."""

from itertools import product

import numpy as np
import pytest

from pkpo_toy.errors import InputError
from pkpo_toy.samples.bias import METRICS_IN_USE, metric_bias


def outcomes(n, p):
    for bits in product((0, 1), repeat=n):
        yield bits, np.prod([p if bit else 1 - p for bit in bits])


def by_hand(metric, bits, k):
    n, c = len(bits), sum(bits)
    if metric == "plug_in":
        return 1 - (1 - c / n) ** k
    if metric == "first_k":
        return float(any(bits[:k]))
    subsets = [np.array(bits)[list(index)].max() for index in product(range(n), repeat=k)]
    if metric == "verl_best_at_k":
        return np.mean(subsets)
    distinct = [set(index) for index in product(range(n), repeat=k)]
    return np.mean([m for m, index in zip(subsets, distinct, strict=True) if len(index) == k])


@pytest.mark.parametrize("metric", METRICS_IN_USE)
@pytest.mark.parametrize(("n", "k"), [(3, 1), (4, 2), (5, 3), (4, 4)])
def test_expectations_from_every_outcome(metric, n, k):
    row = metric_bias(0.3, n, k, [metric]).iloc[0]
    values = np.array([by_hand(metric, bits, k) for bits, _ in outcomes(n, 0.3)])
    chance = np.array([chance for _, chance in outcomes(n, 0.3)])
    assert row["expectation"] == pytest.approx(chance @ values, rel=1e-12)
    assert row["bias"] == pytest.approx(chance @ values - (1 - 0.7**k), abs=1e-12)
    drawn = chance @ (values * (1 - values)) / 1000 if metric == "verl_best_at_k" else 0
    spread = chance @ values**2 - (chance @ values) ** 2 + drawn
    assert row["sd"] == pytest.approx(np.sqrt(spread), rel=1e-9)


def test_verl_gives_0_684_where_1_is_right():
    """One success among n = k = 4 samples: a draw with replacement misses it with (3/4)^4."""
    mean, _ = METRICS_IN_USE["verl_best_at_k"][1](4, 4)
    assert mean[1] == pytest.approx(0.684, abs=5e-4)
    assert METRICS_IN_USE["unbiased"][1](4, 4)[0][1] == 1


def test_what_is_unbiased_and_what_is_not():
    frame = metric_bias([0.01, 0.1, 0.5], [8, 64, 1000], [2, 8, 64])
    bias = frame.groupby("metric")["bias"].agg(lambda b: b.abs().max())
    assert bias["unbiased"] < 1e-12
    assert bias["first_k"] < 1e-12
    assert (frame.loc[frame["metric"] == "plug_in", "bias"] <= 1e-12).all()
    assert bias["plug_in"] > 0.1
    wide = frame.pivot(index=["n", "k", "p"], columns="metric", values="sd")
    assert (wide["first_k"] >= wide["unbiased"] - 1e-12).all()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ((1.5, 4, 2), r"p must lie in \[0, 1\], got 1\.5"),
        ((0.5, 2, 4), "k must be at most n"),
        ((0.5, 10**6, 4), "n must be at most 1000"),
        ((0.5, 0, 4), "n must be an integer >= 1"),
        ((0.5, 4, 2, ["plugin"]), "Did you mean 'plug_in'"),
    ],
)
def test_bad_input_is_one_sentence(arguments, sentence):
    with pytest.raises(InputError, match=sentence):
        metric_bias(*arguments)
