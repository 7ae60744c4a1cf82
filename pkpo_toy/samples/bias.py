"""What the metrics in use are biased by, exactly: expectations over c ~ Binomial(n, p).

Each metric is a function of the c successes among n samples of a problem (BIASED), so its
expectation is a finite sum, and so are its bias against 1 - (1 - p)^k and its standard deviation.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import comb, log

import numpy as np
import pandas as pd

from pkpo_toy.checks import check_counts
from pkpo_toy.errors import InputError, unknown
from pkpo_toy.estimators import pass_at_k
from pkpo_toy.typing import Array, Integers

AtCounts = Callable[[int, int], tuple[Array, Array]]
"""(n, k) -> the expectation and the variance of the metric given c, for c = 0..n."""


def _unbiased(n: int, k: int) -> tuple[Array, Array]:
    """1 - C(n-c, k) / C(n, k)."""
    return np.asarray(pass_at_k(n, np.arange(n + 1), k)), np.zeros(n + 1)


def _plug_in(n: int, k: int) -> tuple[Array, Array]:
    """1 - (1 - c/n)^k."""
    return 1 - (1 - np.arange(n + 1) / n) ** k, np.zeros(n + 1)


def _with_replacement(n: int, k: int) -> tuple[Array, Array]:
    """Mean over 1,000 draws of k of the n samples with replacement: the plug-in, and noise."""
    mean, _ = _plug_in(n, k)
    return mean, mean * (1 - mean) / 1000


def _first_k(n: int, k: int) -> tuple[Array, Array]:
    """Whether one of the first k is right: unbiased, and blind to the other n - k samples."""
    mean, _ = _unbiased(n, k)
    return mean, mean * (1 - mean)


METRICS_IN_USE: dict[str, tuple[str, AtCounts]] = {
    "unbiased": ("1 - C(n-c, k)/C(n, k), Chen et al. 2021; `passk` here", _unbiased),
    "plug_in": ("1 - (1 - c/n)^k", _plug_in),
    "verl_best_at_k": (
        "verl best@k: k of n drawn with replacement, 1,000 times",
        _with_replacement,
    ),
    "first_k": ("one of the first k of n is right", _first_k),
}


def metric_bias(
    p: float | Sequence[float],
    n: int | Sequence[int],
    k: int | Sequence[int],
    metrics: Sequence[str] | None = None,
) -> pd.DataFrame:
    """Exact expectation, bias and standard deviation of each metric for each p, n and k <= n.

    p: success rates in [0, 1]; n samples; k of pass@k; metrics: keys of METRICS_IN_USE, all
    without it. n is at most 1000.

    Returns: one row per metric, n, k, p: metric, n, k, p, truth, expectation, bias, sd.

    Raises InputError for values out of their domain. Source of the unbiased one: Chen et al.,
    arXiv 2107.03374, eq. 1; of best@k: verl, `verl/trainer/ppo/metric_utils.py`.
    """
    rates = np.atleast_1d(np.asarray(p, dtype=np.float64))
    if not ((rates >= 0) & (rates <= 1)).all():
        raise InputError(f"p must lie in [0, 1], got {p!r}.")
    sizes, ks = check_counts("n", n), check_counts("k", k)
    if max(sizes) > 1000:
        raise InputError(f"n must be at most 1000, got {max(sizes)}.")
    names = list(METRICS_IN_USE) if metrics is None else list(metrics)
    for name in names:
        if name not in METRICS_IN_USE:
            raise unknown("metric", name, METRICS_IN_USE)
    rows = [
        (name, size, one, rate, *_moments(METRICS_IN_USE[name][1], size, one, rate))
        for size in sizes
        for one in ks
        if one <= size
        for rate in rates.tolist()
        for name in names
    ]
    if not rows:
        raise InputError(f"k must be at most n, got k = {k!r} with n = {n!r}.")
    columns = ["metric", "n", "k", "p", "truth", "expectation", "bias", "sd"]
    return pd.DataFrame(rows, columns=columns)


def _moments(metric: AtCounts, n: int, k: int, p: float) -> tuple[float, float, float, float]:
    """Truth, expectation, bias and standard deviation at one success rate."""
    c = np.arange(n + 1)
    chance = _binomial(n, p, c)
    mean, variance = metric(n, k)
    truth, expectation = 1 - (1 - p) ** k, float(chance @ mean)
    spread = float(chance @ (variance + (mean - expectation) ** 2))
    return truth, expectation, expectation - truth, max(spread, 0.0) ** 0.5


def _binomial(n: int, p: float, c: Integers) -> Array:
    """P(c successes among n), by the exact integers C(n, c)."""
    if p in (0.0, 1.0):
        return np.asarray(c == n * p, dtype=np.float64)
    logs = np.array([log(comb(n, i)) for i in c.tolist()])
    chance: Array = np.exp(logs + c * np.log(p) + (n - c) * np.log1p(-p))
    return chance
