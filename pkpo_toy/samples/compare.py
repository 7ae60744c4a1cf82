"""Two evaluations of the same problems: what was gained at each k, and where it turns to a loss."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np
import pandas as pd

from pkpo_toy.errors import InputError
from pkpo_toy.samples.evaluation import Evaluation
from pkpo_toy.samples.intervals import Range, student_interval
from pkpo_toy.samples.metrics import AtK, metric_named
from pkpo_toy.samples.passk import (
    bounds_of,
    check_squares,
    curve_ks,
    default_ks,
    enough_samples,
    mean_with_interval,
)
from pkpo_toy.samples.reading import Files, evaluation_of
from pkpo_toy.samples.rows import shown
from pkpo_toy.typing import Array

DRAWS = 2000
"""Resamples of the problems for the interval of the crossing."""

FINEST = 300
"""Values of k, at most, among which the crossing is looked for."""

NOISE = 1e-12
"""A difference below this is rounding."""


@dataclass(frozen=True)
class Crossing:
    """The k from which BEFORE is the better at every k up to `largest`, with its 95% interval.

    None is "none up to the largest k"; `none` is the share of the resamples that have none.
    """

    k: int | None
    low: int | None
    high: int | None
    none: float
    largest: int

    def described(self) -> str:
        """The crossing in words."""
        if self.k is None and self.low is None:
            return f"none up to k = {self.largest}"
        high = f"none up to {self.largest}" if self.high is None else str(self.high)
        at = f"none up to k = {self.largest}" if self.k is None else f"k = {self.k}"
        low = f"none up to {self.largest}" if self.low is None else str(self.low)
        return f"{at}, 95% interval {low} to {high}"


@dataclass(frozen=True)
class Comparison:
    """Two evaluations on the problems they share.

    `rows` has a row per k that was asked for: k, before, after, difference, se, low, high (the
    paired 95% interval), gained, lost (problems whose estimate rose or fell), problems. `curves`
    has one for every k up to the smallest n, with the 95% interval of each by itself. Counted
    beside: problems in one of the two alone, and problems dropped for too few samples.
    """

    metric: str
    rows: pd.DataFrame
    curves: pd.DataFrame
    crossing: Crossing
    only_before: int
    only_after: int
    dropped: int


def compare(
    before: pd.DataFrame | Files,
    after: pd.DataFrame | Files,
    k: int | Sequence[int] | None = None,
    *,
    metric: str | None = None,
    where_possible: bool = False,
) -> pd.DataFrame:
    """What AFTER gained over BEFORE on the problems they share, for each k.

    before, after: a frame with problem,n,c or problem,reward, or files, as of `passk`.

    Returns: one row per k: k, before, after, difference, se, low, high, gained, lost, problems.
    `low` and `high` are the paired 95% interval of the difference; `gained` and `lost` count the
    problems whose estimate rose and fell. `.attrs["crossing"]` is the k from which BEFORE is the
    better, with its interval; None is "none up to the largest k".

    Raises InputError for what cannot be read, no problem in common, a k above some n.
    """
    ks = [k] if isinstance(k, int) else k
    found = comparison(
        evaluation_of(before),
        evaluation_of(after),
        ks,
        metric=metric,
        where_possible=where_possible,
    )
    found.rows.attrs["crossing"] = asdict(found.crossing)
    return found.rows


def comparison(
    before: Evaluation,
    after: Evaluation,
    ks: Sequence[int] | None = None,
    *,
    metric: str | None = None,
    where_possible: bool = False,
) -> Comparison:
    """The comparison at ks, each >= 1, by default 1, 2, 5, 10, ... up to the smallest n.

    Raises InputError as `compare`.
    """
    first, second = paired(before, after)
    shared = len(first.problems)
    if where_possible and ks:
        keep = np.flatnonzero(np.minimum(first.n, second.n) >= max(ks))
        first, second = (one.only(keep) if len(keep) else one for one in (first, second))
    ks = ks or min(default_ks(first), default_ks(second), key=len)
    first, second = (enough_samples(one, ks) for one in (first, second))
    name = metric_for(metric, first, second)
    for one in (first, second):
        check_squares(one)
    of = metric_named(name, first).of(first), metric_named(name, second).of(second)
    largest = int(min(first.n.min(), second.n.min()))
    fine = curve_ks(largest, FINEST)
    gains = np.array([of[1](k) - of[0](k) for k in fine])
    bounds = bounds_of(first, None), bounds_of(second, None)
    return Comparison(
        name,
        pd.DataFrame([_row(k, of[0](k), of[1](k)) for k in ks], columns=COLUMNS),
        _curves(of, bounds, curve_ks(largest)),
        _crossing(gains, fine, np.random.default_rng(0)),
        len(before.problems) - shared,
        len(after.problems) - shared,
        shared - len(first.problems),
    )


def metric_for(name: str | None, *evaluations: Evaluation) -> str:
    """The one metric that fits all: pass@k only where every reward of each is 0 or 1."""
    names = {metric_named(name, one).name for one in evaluations}
    return names.pop() if len(names) == 1 else "max@k"


def paired(before: Evaluation, after: Evaluation) -> tuple[Evaluation, Evaluation]:
    """Both on the problems that are in both, by name, in the order of BEFORE.

    Raises InputError if there is none.
    """
    places = {name: i for i, name in enumerate(after.problems)}
    shared = [(i, places[name]) for i, name in enumerate(before.problems) if name in places]
    if not shared:
        raise InputError(
            "the two have no problem in common: their first names are "
            f"{shown(before.problems[0])} and {shown(after.problems[0])}."
        )
    first, second = np.array(shared).T
    return before.only(first), after.only(second)


COLUMNS = ["k", "before", "after", "difference", "se", "low", "high", "gained", "lost", "problems"]


def _row(k: int, before: Array, after: Array) -> tuple[float, ...]:
    gain = after - before
    gained, lost = int((gain > NOISE).sum()), int((gain < -NOISE).sum())
    values = float(before.mean()), float(after.mean()), *difference_interval(gain)
    return k, *values, gained, lost, len(gain)


def _curves(
    of: tuple[AtK, AtK], bounds: tuple[Range | None, Range | None], ks: Sequence[int]
) -> pd.DataFrame:
    """Both curves, each with its own interval: k, before, before_low, ..., after_high."""
    rows = []
    for k in ks:
        each = [mean_with_interval(one(k), within) for one, within in zip(of, bounds, strict=True)]
        rows.append((k, *(end for value, _, low, high, _ in each for end in (value, low, high))))
    names = [f"{model}{end}" for model in ("before", "after") for end in ("", "_low", "_high")]
    return pd.DataFrame(rows, columns=["k", *names])


def difference_interval(gain: Array) -> tuple[float, float, float, float]:
    """Mean of the paired differences, its standard error, and the ends of its 95% interval.

    gain (P,), one difference for each problem. NaN but for the mean where P = 1. Student's t.
    """
    problems = len(gain)
    mean = float(gain.mean())
    if problems == 1:
        return mean, math.nan, math.nan, math.nan
    se = float(gain.std(ddof=1)) / math.sqrt(problems)
    return mean, se, *student_interval(mean, se, problems)


def _crossing(gains: Array, ks: Sequence[int], rng: np.random.Generator) -> Crossing:
    """From the differences (K, P), with a percentile bootstrap over the problems."""
    found = crossing_of(gains.mean(axis=1)[None], ks)[0]
    drawn = resampled_crossings(gains, ks, rng)
    low, high = np.quantile(drawn, (0.025, 0.975), method="inverted_cdf")
    at, low, high = (None if math.isinf(k) else int(k) for k in (found, low, high))
    return Crossing(at, low, high, float(np.isinf(drawn).mean()), ks[-1])


def crossing_of(gains: Array, ks: Sequence[int]) -> Array:
    """The first k from which all mean differences are negative, infinite if there is none, (B,).

    gains (B, K), the differences at ks, ascending.
    """
    not_worse = gains >= -NOISE
    last = len(ks) - np.argmax(not_worse[:, ::-1], axis=1)
    place = np.where(not_worse.any(axis=1), last, 0)
    return np.append(np.asarray(ks, dtype=float), np.inf)[place]


def resampled_crossings(
    gains: Array, ks: Sequence[int], rng: np.random.Generator, draws: int = DRAWS
) -> Array:
    """Crossings of `draws` resamples of the problems, sorted, (draws,); see `crossing_of`.

    gains (K, P): the difference of each problem at ks, ascending. Efron's bootstrap.
    """
    problems = gains.shape[1]
    at_once = max(1, 2**22 // problems)
    parts = []
    for start in range(0, draws, at_once):
        size = min(at_once, draws - start)
        times = rng.multinomial(problems, np.full(problems, 1 / problems), size=size)
        parts.append(crossing_of(times @ gains.T / problems, ks))
    return np.sort(np.concatenate(parts))
