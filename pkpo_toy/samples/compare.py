"""Two evaluations of the same problems: what was gained at each k, and where it turns to a loss."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from pkpo_toy.errors import InputError
from pkpo_toy.samples.evaluation import Evaluation
from pkpo_toy.samples.intervals import student_interval
from pkpo_toy.samples.metrics import Metric, metric_named
from pkpo_toy.samples.passk import (
    bounds_of,
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

FINEST = 400
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
class Pair:
    """The problems that two evaluations share, in one order, and how many each has alone."""

    before: Evaluation
    after: Evaluation
    only_before: int
    only_after: int


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
    better, with its interval.

    Raises InputError for what cannot be read, no problem in common, a k above some n.
    """
    pair = paired(evaluation_of(before), evaluation_of(after))
    ks = None if k is None else [k] if isinstance(k, int) else list(k)
    frame = differences(pair, ks, metric=metric, where_possible=where_possible)
    found = crossing(pair, metric=metric)
    frame.attrs["crossing"] = {"k": found.k, "low": found.low, "high": found.high}
    return frame


def paired(before: Evaluation, after: Evaluation) -> Pair:
    """The problems in both, by name, in the order of BEFORE.

    Raises InputError if there is none.
    """
    places = {name: i for i, name in enumerate(after.problems)}
    shared = [(i, places[name]) for i, name in enumerate(before.problems) if name in places]
    if not shared:
        raise InputError(
            "the two have no problem in common: the first names are "
            f"{shown(before.problems[0])} and {shown(after.problems[0])}."
        )
    first, second = np.array(shared).T
    return Pair(
        before.only(first),
        after.only(second),
        len(before.problems) - len(first),
        len(after.problems) - len(second),
    )


def differences(
    pair: Pair,
    ks: Sequence[int] | None = None,
    *,
    metric: str | None = None,
    where_possible: bool = False,
) -> pd.DataFrame:
    """The rows of `compare`, with before_low, before_high, after_low, after_high of each alone."""
    pair, metric_ = _ready(pair, ks, metric, where_possible)
    of_before, of_after = metric_.of(pair.before), metric_.of(pair.after)
    bounds = [bounds_of(one, None) for one in (pair.before, pair.after)]
    rows = []
    for k in ks or _ks(pair):
        values = of_before(k), of_after(k)
        gain = values[1] - values[0]
        (before, _, *low_high, _), (after, _, *ends, problems) = (
            mean_with_interval(v, b) for v, b in zip(values, bounds, strict=True)
        )
        mean, se, low, high = difference_interval(gain)
        changed = int((gain > NOISE).sum()), int((gain < -NOISE).sum())
        rows.append((k, before, after, mean, se, low, high, *changed, problems, *low_high, *ends))
    own = ["before_low", "before_high", "after_low", "after_high"]
    names = [
        "k",
        "before",
        "after",
        "difference",
        "se",
        "low",
        "high",
        "gained",
        "lost",
        "problems",
    ]
    return pd.DataFrame(rows, columns=[*names, *own])


def difference_interval(gain: Array) -> tuple[float, float, float, float]:
    """Mean of the paired differences, its standard error, and the ends of its 95% interval."""
    problems = len(gain)
    mean = float(gain.mean())
    if problems == 1:
        return mean, math.nan, math.nan, math.nan
    se = float(gain.std(ddof=1)) / math.sqrt(problems)
    return mean, se, *student_interval(mean, se, problems)


def crossing(pair: Pair, *, metric: str | None = None, seed: int = 0) -> Crossing:
    """The k from which BEFORE is the better, with a percentile bootstrap over the problems."""
    pair, metric_ = _ready(pair, None, metric, False)
    largest = int(min(pair.before.n.min(), pair.after.n.min()))
    ks = curve_ks(largest, FINEST)
    of_before, of_after = metric_.of(pair.before), metric_.of(pair.after)
    gains = np.array([of_after(k) - of_before(k) for k in ks])
    found = crossing_of(gains.mean(axis=1)[None], ks)[0]
    drawn = resampled_crossings(gains, ks, np.random.default_rng(seed))
    low, high = np.quantile(drawn, (0.025, 0.975), method="inverted_cdf")
    at, low, high = (None if math.isinf(k) else int(k) for k in (found, low, high))
    return Crossing(at, low, high, float(np.isinf(drawn).mean()), largest)


def crossing_of(gains: Array, ks: Sequence[int]) -> Array:
    """The first k from which all mean differences (B, K) are negative, infinite if none, (B,)."""
    not_worse = gains >= -NOISE
    last = len(ks) - np.argmax(not_worse[:, ::-1], axis=1)
    place = np.where(not_worse.any(axis=1), last, 0)
    return np.append(np.asarray(ks, dtype=float), np.inf)[place]


def resampled_crossings(
    gains: Array, ks: Sequence[int], rng: np.random.Generator, draws: int = DRAWS
) -> Array:
    """Crossings of `draws` resamples of the problems from differences (K, P), sorted."""
    problems = gains.shape[1]
    at_once = max(1, 2**22 // problems)
    parts = []
    for start in range(0, draws, at_once):
        size = min(at_once, draws - start)
        times = rng.multinomial(problems, np.full(problems, 1 / problems), size=size)
        parts.append(crossing_of(times @ gains.T / problems, ks))
    return np.sort(np.concatenate(parts))


def _ks(pair: Pair) -> list[int]:
    return min((default_ks(pair.before), default_ks(pair.after)), key=len)


def _ready(
    pair: Pair, ks: Sequence[int] | None, metric: str | None, where_possible: bool
) -> tuple[Pair, Metric]:
    """The pair with enough samples, and one metric for both."""
    wanted = list(ks or [1])
    before, after = (
        enough_samples(one, wanted, where_possible) for one in (pair.before, pair.after)
    )
    if len(before.problems) != len(after.problems) or before.problems != after.problems:
        both = paired(before, after)
        before, after = both.before, both.after
    names = {metric_named(metric, one).name for one in (before, after)}
    name = "max@k" if len(names) > 1 else names.pop()
    pair = Pair(before, after, pair.only_before, pair.only_after)
    return pair, metric_named(name, before)
