"""pass@k and its kin of real sampling results: the mean over problems, with its uncertainty."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd

from pkpo_toy.errors import InputError
from pkpo_toy.samples.evaluation import Evaluation
from pkpo_toy.samples.intervals import Range, interval
from pkpo_toy.samples.metrics import metric_named
from pkpo_toy.samples.reading import Files, evaluation_of
from pkpo_toy.samples.rows import shown
from pkpo_toy.typing import Array


def passk(
    results: pd.DataFrame | Files,
    k: int | Sequence[int] | None = None,
    *,
    metric: str | None = None,
    bounds: Range | None = None,
    where_possible: bool = False,
) -> pd.DataFrame:
    """pass@k (max@k where rewards are not all 0 or 1) over the problems of an evaluation.

    results: a frame with problem,n,c or problem,reward, a file of any format that is known, or
    several files that make up one evaluation. k: 1, 2, 5, 10, ... up to the smallest n without it.
    metric, bounds, where_possible: as of `at_each_k`.

    Returns: one row per k: k, value, se, low, high, problems.

    Raises InputError for what cannot be read and for a k above the n of a problem.
    """
    evaluation = evaluation_of(results)
    ks = default_ks(evaluation) if k is None else [k] if isinstance(k, int) else list(k)
    return at_each_k(evaluation, ks, metric=metric, bounds=bounds, where_possible=where_possible)


def at_each_k(
    evaluation: Evaluation,
    ks: Sequence[int],
    *,
    metric: str | None = None,
    bounds: Range | None = None,
    where_possible: bool = False,
) -> pd.DataFrame:
    """One row for each k of ks: k, value, se, low, high, problems.

    `value` is the mean over problems of the estimate from each problem's own n samples, unbiased
    but for quantiles; `se` the standard deviation over problems / sqrt(P): the problems count as a
    random sample, so it holds the noise of the sampling too. With one problem se, low and high are
    NaN. bounds: the range that rewards can have, [0, 1] where all lie in it; the interval stays in
    it. where_possible: leave out the problems with fewer samples than the largest k.

    Raises InputError for a k below 1 or above the n of a problem, rewards outside the bounds.
    """
    evaluation = enough_samples(evaluation, ks, where_possible)
    known = bounds_of(evaluation, bounds)
    check_squares(evaluation)
    estimate = metric_named(metric, evaluation).of(evaluation)
    rows = [(k, *mean_with_interval(estimate(k), known)) for k in ks]
    return pd.DataFrame(rows, columns=["k", "value", "se", "low", "high", "problems"])


def mean_with_interval(
    values: Array, bounds: Range | None
) -> tuple[float, float, float, float, int]:
    """Mean, standard error, ends of the 95% interval, number of problems P.

    values (P,), one for each problem, within the bounds; NaN but for the mean where P = 1.
    """
    problems = len(values)
    value = float(values.mean())
    if problems == 1:
        return value, math.nan, math.nan, math.nan, problems
    se = float(values.std(ddof=1)) / math.sqrt(problems)
    return value, se, *interval(value, se, problems, bounds), problems


LARGEST = 1e150
"""Of a reward's size: the squares of larger ones leave float64, and with them every interval."""


def check_squares(evaluation: Evaluation) -> None:
    """Raises InputError for rewards whose squares are no numbers."""
    if evaluation.rewards is not None and evaluation.c is None:
        most = float(np.abs(evaluation.rewards).max())
        if most > LARGEST:
            raise InputError(f"rewards must lie within +-{LARGEST:g}, got one of size {most:g}.")


def bounds_of(evaluation: Evaluation, bounds: Range | None) -> Range | None:
    """The range given, or [0, 1] where every reward lies in it, or none.

    Raises InputError for a reward outside the range given.
    """
    if evaluation.rewards is None or evaluation.c is not None:
        least, most = 0.0, 1.0
    else:
        least, most = float(evaluation.rewards.min()), float(evaluation.rewards.max())
    if bounds is None:
        return (0.0, 1.0) if least >= 0 and most <= 1 else None
    if not bounds[0] <= least <= most <= bounds[1] or bounds[0] == bounds[1]:
        raise InputError(f"rewards must lie in the range {bounds}, got {least:g} to {most:g}.")
    return bounds


def default_ks(evaluation: Evaluation) -> list[int]:
    """1, 2, 5, 10, 20, 50, ... up to the smallest n of a problem."""
    smallest = int(evaluation.n.min())
    return [
        digit * 10**power
        for power in range(len(str(smallest)))
        for digit in (1, 2, 5)
        if digit * 10**power <= smallest
    ]


def curve_ks(largest: int, most: int = 60) -> list[int]:
    """Every k up to the largest, thinned out evenly on a log axis where they are many."""
    if largest <= most:
        return list(range(1, largest + 1))
    return [int(k) for k in np.unique(np.geomspace(1, largest, most).round())]


def enough_samples(
    evaluation: Evaluation, ks: Sequence[int], where_possible: bool = False
) -> Evaluation:
    """The evaluation, or the part of it with n >= k for every k of ks.

    Raises InputError for a k below 1 or above the n of a problem.
    """
    if not ks or min(ks) < 1:
        raise InputError(f"k must be at least 1, got {list(ks)}.")
    k = max(ks)
    small = np.flatnonzero(evaluation.n < k)
    if not len(small):
        return evaluation
    if where_possible and len(small) < len(evaluation.problems):
        return evaluation.only(np.flatnonzero(evaluation.n >= k))
    first = ", ".join(
        f"{shown(evaluation.problems[i])} (n = {evaluation.n[i]})" for i in small[:3].tolist()
    )
    raise InputError(
        f"k = {k} needs n >= k samples of every problem; {len(small)} of "
        f"{len(evaluation.problems)} problems have fewer: {first}"
        f"{f' and {len(small) - 3} more' if len(small) > 3 else ''}."
    )
