"""Which estimator of the max@k gradient has the least variance where, and how far is the bound?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd
from pydantic import Field, PositiveInt, field_validator, model_validator

from pkpo_toy.errors import InputError, unknown
from pkpo_toy.estimators import ESTIMATORS
from pkpo_toy.estimators.adaptive import FLOOR, SKETCH_FLOOR, AdaptiveLoo
from pkpo_toy.estimators.learnt_baseline import FEATURES, terms
from pkpo_toy.simulator.exact.enumeration import count_outcomes
from pkpo_toy.simulator.exact.least_variance import TABLES, least_variance, second_moments
from pkpo_toy.simulator.exact.variance_floor import variance_floor
from pkpo_toy.studies.atlas_problems import DOMAINS, FAMILIES, Families, Point
from pkpo_toy.studies.study import Study, as_is
from pkpo_toy.training.config import Arrays, Config
from pkpo_toy.typing import Array

LEARNT_FROM = (64, 256)
MOST_OUTCOMES = 5000  # of levels, up to which moments are exact
_STEP = 16  # groups a learner sees at once
_ROOM = 2**22
_WIDTH = 128  # of the scores that learners see


class Atlas(Config):
    """One policy at one point, one n, every k of a doubling grid."""

    arrays: ClassVar[Arrays] = (("sets", "n", "n"), ("groups", "n"))

    n: int = Field(8, ge=2, description="Samples per group.")
    family: str = Field("bandit", description="Kind of problem, see `atlas_problems`.")
    setting: float = Field(20.0, description="Where in the family: theta, arms, a success rate.")
    groups: PositiveInt = Field(4000, description="Sampled groups where nothing is enumerated.")
    sets: int = Field(8, ge=2, description="Sets of past groups that are learnt from.")

    families: ClassVar[Families] = FAMILIES

    @field_validator("family")
    @classmethod
    def _known(cls, family: str) -> str:
        if family not in cls.families:
            raise unknown("family", family, cls.families)
        return family

    @model_validator(mode="after")
    def _within(self) -> Self:
        low, high = DOMAINS.get(self.family, (-np.inf, np.inf))
        if not low <= self.setting <= high:
            raise InputError(
                f"setting of family {self.family!r} must be {low:g} to {high:g}, "
                f"got {self.setting:g}."
            )
        return self

    def points(self) -> tuple[Point, ...]:
        """The policy at its point; several where a batch holds as many problems."""
        found = self.families[self.family](self.setting)
        return (found,) if isinstance(found, Point) else found

    def ks(self) -> list[int]:
        """1, 2, 4, ... and n."""
        return sorted({2**j for j in range(self.n.bit_length())} & set(range(1, self.n)) | {self.n})


def run(config: Atlas, rng: np.random.Generator) -> pd.DataFrame:
    """A row for each k and estimator: its variance, over the best known and over the least."""
    points = config.points()
    to_learn, to_judge = rng.spawn(2)
    learners = _taught(points, config, to_learn)
    judged = to_judge.spawn(len(config.ks()))
    rows = [
        row
        for k, one in zip(config.ks(), judged, strict=True)
        for row in _rows(points, config, k, learners, one)
    ]
    return pd.DataFrame(rows)


def known(points: Sequence[Point], n: int, k: int) -> list[str]:
    """The exchangeable estimators of the table that are unbiased for max@k at this n and k."""
    binary = all(np.isin(point.rewards, (0.0, 1.0)).all() for point in points)
    return [
        key
        for key, row in ESTIMATORS.items()
        if row.claim == "unbiased"
        and row.exchangeable
        and row.allows(n, k)
        and row.objective is not None
        and row.objective(n, k) == {k: 1.0}
        and (binary or not row.binary)
    ]


@dataclass(frozen=True)
class Moments:
    """E of the products of estimates about the gradient, (p, p), and a group's own, if sampled."""

    matrix: Array
    samples: Array | None


def _rows(
    points: Sequence[Point],
    config: Atlas,
    k: int,
    learners: dict[int, AdaptiveLoo],
    rng: np.random.Generator,
) -> list[dict[str, Any]]:
    names = known(points, config.n, k)
    origin = float(np.median([_median_of_best(point, k - 1) for point in points]))

    def columns(rewards: Array, best_of: int) -> Array:
        base, features = terms(rewards, best_of, origin)
        given = [ESTIMATORS[name].function(rewards, best_of) for name in names]
        learnt = [
            w
            for learner in learners.values()
            for w in learner.weights(np.broadcast_to(rewards, (config.sets, *rewards.shape)), k)
        ]
        stacked = np.stack([*given, *learnt, base], axis=-1)
        return np.concatenate([features, stacked], axis=-1)

    width = len(names) + config.sets * len(learners) + 1
    found = [_moments(point, config, k, columns, rng, width=width) for point in points]
    samples = [each.samples for each in found if each.samples is not None]
    moments = Moments(
        np.mean([each.matrix for each in found], axis=0),
        np.concatenate(samples) if samples else None,
    )
    return _described(points, config, k, names, moments)


def _moments(
    point: Point, config: Atlas, k: int, columns: Any, rng: np.random.Generator, *, width: int
) -> Moments:
    if count_outcomes(len(np.unique(point.rewards)), config.n) > MOST_OUTCOMES:
        return _sampled(point, config, k, columns, rng)
    matrix = second_moments(
        columns,
        point.logits,
        point.rewards,
        config.n,
        k,
        weights=width,
        noise=point.noise,
        scores=point.scores,
    )
    return Moments(matrix, None)


def _median_of_best(point: Point, count: int) -> float:
    """The median of the best of `count` rewards: where M_{k-1} is measured from.

    Measured from 0, one that is nearly always 1 cannot be told from the constant in squares.
    """
    order = np.argsort(point.rewards, kind="stable")
    below = np.cumsum(point.policy[order])
    place = np.searchsorted(below, 0.5 ** (1 / max(count, 1)))
    return float(point.rewards[order][min(place, len(order) - 1)])


def _described(
    points: Sequence[Point], config: Atlas, k: int, names: list[str], moments: Moments
) -> list[dict[str, Any]]:
    variances = _variances(config, names, moments)
    reference = min(variances[name][0].mean() for name in names)
    best = next(name for name in names if variances[name][0].mean() == reference)
    bounds = [_least(point, config.n, k) for point in points]
    least, kind = float(np.mean([bound for bound, _ in bounds])), bounds[0][1]
    rows = []
    for name, (values, samples) in variances.items():
        variance = float(values.mean())
        rows.append(
            {
                "family": config.family,
                "setting": config.setting,
                "n": config.n,
                "k": k,
                "estimator": name,
                "variance": variance,
                "over_known": variance / reference,
                "over_known_se": _ratio_se(values, samples, variances[best][1], reference),
                "over_least": variance / least if least > 0 else np.inf,
                "least": kind,
                "exact": moments.samples is None,
                "share": _share(samples),
            }
        )
    return rows


def _variances(
    config: Atlas, names: list[str], moments: Moments
) -> dict[str, tuple[Array, Array | None]]:
    """Of each estimator: its variance (1,), or that of each learnt one; and every group's own."""
    diagonal = np.diag(moments.matrix)
    own = None if moments.samples is None else np.einsum("gaa->ga", moments.samples)
    found: dict[str, tuple[Array, Array | None]] = {}
    at = FEATURES
    for name in names:
        found[name] = diagonal[at : at + 1], None if own is None else own[:, at]
        at += 1
    for count in LEARNT_FROM:
        part = slice(at, at + config.sets)
        found[f"learnt from {count}"] = (
            diagonal[part],
            None if own is None else own[:, part].mean(1),
        )
        at += config.sets
    found["best coefficients"] = _best_coefficients(moments)
    return found


def _best_coefficients(moments: Moments) -> tuple[Array, Array | None]:
    """The least over c: exact, or with c from each half of the groups on the other half."""
    if moments.samples is None:
        c = _fitted(moments.matrix)
        return np.array([c @ _of_base(moments.matrix) @ c]), None
    half = len(moments.samples) // 2
    values = []
    for fit, judge in (
        (slice(None, half), slice(half, None)),
        (slice(half, None), slice(None, half)),
    ):
        c = _fitted(moments.samples[fit].mean(axis=0))
        values.append(np.einsum("a,gab,b->g", c, _of_base(moments.samples[judge]), c))
    every = np.concatenate(values[::-1])
    return np.array([every.mean()]), every


def _of_base(matrix: Array) -> Array:
    """The part (..., 4, 4) of the features and the base, which comes last."""
    keep = [*range(FEATURES), -1]
    part: Array = matrix[..., keep, :][..., :, keep]
    return part


def _fitted(matrix: Array) -> Array:
    """(-c_0, -c_1, -c_2, 1) with c by least squares."""
    part = _of_base(matrix)
    inner, target = part[:FEATURES, :FEATURES], part[:FEATURES, -1]
    scale = np.sqrt(np.diag(inner))
    scale[scale == 0] = 1.0
    c = np.linalg.lstsq(inner / np.outer(scale, scale), target / scale, rcond=1e-10)[0] / scale
    return np.array([*-c, 1.0])


def _ratio_se(
    values: Array, samples: Array | None, of_best: Array | None, reference: float
) -> float:
    """Standard error of the mean ratio: over the groups, and over the sets learnt from."""
    sets = values.std(ddof=1) / np.sqrt(len(values)) / reference if len(values) > 1 else 0.0
    if samples is None or of_best is None:
        return float(sets) if len(values) > 1 else np.nan
    apart = (samples - samples.mean() / reference * of_best) / reference
    return float(np.hypot(sets, apart.std(ddof=1) / np.sqrt(len(apart))))


def _share(samples: Array | None) -> float:
    """The share of the groups that carry 90% of the variance; NaN where all outcomes are met."""
    if samples is None:
        return np.nan
    ordered = np.cumsum(np.sort(samples)[::-1])
    return float((np.searchsorted(ordered, 0.9 * ordered[-1]) + 1) / len(samples))


def _least(point: Point, n: int, k: int) -> tuple[float, str]:
    """V* where tables fit, the floor of theorem 3 where not."""
    levels = len(np.unique(point.rewards))
    small = count_outcomes(levels, n) <= MOST_OUTCOMES
    if small and count_outcomes(levels, n - 1) <= TABLES:
        found = least_variance(
            ESTIMATORS["pkpo"].function,
            point.logits,
            point.rewards,
            n,
            k,
            noise=point.noise,
            scores=point.scores,
        )
        return found.variance, found.baselines
    scores = point.all_scores()
    floor = variance_floor(point.policy, point.rewards, scores, n, k, noise=point.noise)
    return floor, "floor"


def _taught(
    points: Sequence[Point], config: Atlas, rng: np.random.Generator
) -> dict[int, AdaptiveLoo]:
    """For each number of groups, `sets` learners that have seen as many, for every k."""
    floor = FLOOR if points[0].sizes is None else SKETCH_FLOOR
    learner = AdaptiveLoo(memory=1e9, floor=floor)
    found = {}
    show = _shown(points, config, rng)
    for seen in range(_STEP, max(LEARNT_FROM) + 1, _STEP):
        rewards, scores, sizes = show()
        for k in config.ks():
            learner.observe(rewards, k, scores, sizes)
        if seen in LEARNT_FROM:
            found[seen] = AdaptiveLoo(memory=1e9).restored(learner.state())
    return found


def _shown(
    points: Sequence[Point], config: Atlas, rng: np.random.Generator
) -> Callable[[], tuple[Array, Array | None, Array | None]]:
    """What learners see of `_STEP` groups: rewards, scores or a sketch of them, sizes with it.

    Of several problems, every group has one at random.
    """
    if points[0].sizes is not None:
        return partial(_stand_ins, points, (config.sets, config.n), rng)
    (point,) = points
    table = _narrow(point.all_scores(), rng)

    def show() -> tuple[Array, Array, None]:
        drawn = point.draw((config.sets, _STEP, config.n), rng)
        return point.rewards[drawn], _noised(point, table[drawn], rng), None

    return show


def _stand_ins(
    points: Sequence[Point], shape: tuple[int, int], rng: np.random.Generator
) -> tuple[Array, Array | None, Array | None]:
    chosen = [points[i] for i in rng.integers(len(points), size=_STEP)]
    drawn = [(point, point.draw(shape, rng)) for point in chosen]

    def stacked(name: str) -> Array | None:
        if getattr(points[0], name) is None:
            return None
        return np.stack([getattr(point, name)[at] for point, at in drawn], axis=1)

    rewards = np.stack([point.rewards[at] for point, at in drawn], axis=1)
    return rewards, stacked("sketch"), stacked("sizes")


def _narrow(scores: Array, rng: np.random.Generator) -> Array:
    """A sketch of wide scores: coordinates added up, with random signs, in `_WIDTH` places."""
    width = scores.shape[1]
    if width <= _WIDTH:
        return scores
    hashed = np.zeros((width, _WIDTH))
    hashed[np.arange(width), rng.integers(_WIDTH, size=width)] = rng.choice([-1.0, 1.0], width)
    return np.asarray(scores @ hashed)


def _noised(point: Point, scores: Array, rng: np.random.Generator) -> Array:
    if not point.noise:
        return scores
    width = 32
    noise = rng.normal(size=(*scores.shape[:-1], width)) * np.sqrt(point.noise / width)
    return np.concatenate([scores, noise], axis=-1)


def _sampled(
    point: Point, config: Atlas, k: int, columns: Any, rng: np.random.Generator
) -> Moments:
    """The same from `groups` groups, about the exact gradient."""
    gradient = point.gradient(k)
    along = point.all_scores() @ gradient
    parts = []
    size = max(1, _ROOM // (config.n * config.n + 40 * config.n))
    for start in range(0, config.groups, size):
        drawn = point.draw((min(size, config.groups - start), config.n), rng)
        found = columns(point.rewards[drawn], k)
        products = np.einsum(
            "gia,gij,gjb->gab", found, point.products(drawn), found, optimize=True
        ) + point.noise * np.einsum("gia,gib->gab", found, found, optimize=True)
        weights = np.arange(found.shape[-1]) >= FEATURES
        onto = np.einsum("gia,gi->ga", found, along[drawn])
        products -= onto[:, :, None] * weights + onto[:, None, :] * weights[:, None]
        products += np.outer(weights, weights) * (gradient @ gradient)
        parts.append(products)
    samples = np.concatenate(parts)
    return Moments(samples.mean(axis=0), samples)


STUDY = Study(
    question="Which estimator has the least variance where, and how far is the least possible?",
    config=Atlas,
    run=run,
    summarize=as_is,
    figure="atlas",
)
