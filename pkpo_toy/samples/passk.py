"""pass@k or max@k of real sampling results: the mean over problems, with its uncertainty."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pkpo_toy.errors import InputError
from pkpo_toy.estimators import max_at_k, pass_at_k
from pkpo_toy.samples.intervals import student_interval, wilson_interval
from pkpo_toy.samples.rows import shown
from pkpo_toy.samples.samples import count_successes, is_binary

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Measure:
    """What is estimated, and how the 95% interval of its mean over problems is made."""

    name: str
    method: str
    interval: Callable[[float, float, int], tuple[float, float]]


PASS = Measure(
    "pass@k",
    "95% interval: Wilson's, Student's t, effective number of problems",
    wilson_interval,
)
MAX = Measure("max@k", "95% interval: mean -+ Student's t times se", student_interval)


def measure_of(results: pd.DataFrame) -> Measure:
    """pass@k for counts and for rewards that are all 0 or 1, max@k for any others."""
    return PASS if "c" in results or is_binary(results) else MAX


def default_ks(results: pd.DataFrame) -> list[int]:
    """1, 2, 5, 10, 20, 50, ... up to the smallest n of a problem."""
    smallest = int(_sizes(results).min())
    return [
        digit * 10**power
        for power in range(len(str(smallest)))
        for digit in (1, 2, 5)
        if digit * 10**power <= smallest
    ]


def at_each_k(results: pd.DataFrame, ks: Sequence[int]) -> pd.DataFrame:
    """One row per k: k, value, se, low, high, problems.

    `value` is the mean over problems of the unbiased estimate from each problem's own n samples,
    `se` the standard deviation over problems / sqrt(P): the problems count as a random sample, so
    it holds the noise of the sampling too. With one problem se, low and high are NaN.

    Raises: InputError for a k below 1 or above the n of a problem.
    """
    _check(results, ks)
    measure = measure_of(results)
    if "c" not in results and measure is PASS:
        results = count_successes(results)
    estimate = _by_count(results) if measure is PASS else _by_reward(results)
    rows = [_row(measure, k, estimate(k)) for k in ks]
    return pd.DataFrame(rows, columns=["k", "value", "se", "low", "high", "problems"])


def _by_count(counts: pd.DataFrame) -> Callable[[int], Array]:
    """k -> pass@k of every problem."""
    n, c = counts["n"].to_numpy(), counts["c"].to_numpy()
    return lambda k: np.asarray(pass_at_k(n, c, k))


def _by_reward(samples: pd.DataFrame) -> Callable[[int], Array]:
    """k -> max@k of every problem, the problems with equal n in one call."""
    codes = pd.factorize(samples["problem"])[0]
    order = np.argsort(codes, kind="stable")
    rewards = samples["reward"].to_numpy()[order]
    sizes = np.bincount(codes)
    of_sample = np.repeat(sizes, sizes)
    parts = [rewards[of_sample == n].reshape(-1, n) for n in np.unique(sizes)]
    return lambda k: np.concatenate([max_at_k(part, k) for part in parts])


def _row(measure: Measure, k: int, values: Array) -> tuple[int, float, float, float, float, int]:
    problems = len(values)
    value = float(values.mean())
    if problems == 1:
        return k, value, math.nan, math.nan, math.nan, problems
    se = float(values.std(ddof=1)) / math.sqrt(problems)
    return k, value, se, *measure.interval(value, se, problems), problems


def _sizes(results: pd.DataFrame) -> pd.Series[int]:
    """n by problem."""
    if "n" in results:
        return results.set_index("problem")["n"]
    return results.groupby("problem", sort=False).size()


def _check(results: pd.DataFrame, ks: Sequence[int]) -> None:
    if not ks or min(ks) < 1:
        raise InputError(f"k must be at least 1, got {list(ks)}.")
    sizes, k = _sizes(results), max(ks)
    small = sizes[sizes < k]
    if len(small):
        first = ", ".join(f"{shown(name)} (n = {n})" for name, n in small.head(3).items())
        raise InputError(
            f"k = {k} needs n >= k samples of every problem; {len(small)} of {len(sizes)} problems "
            f"have fewer: {first}{f' and {len(small) - 3} more' if len(small) > 3 else ''}."
        )
