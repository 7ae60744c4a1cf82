"""The variances that the atlas compares at one k: of the table, learners, the best coefficients."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from pkpo_toy.estimators import ESTIMATORS
from pkpo_toy.estimators.adaptive import AdaptiveLoo
from pkpo_toy.estimators.learnt_baseline import FEATURES, terms
from pkpo_toy.simulator.exact.enumeration import count_outcomes
from pkpo_toy.simulator.exact.least_variance import TABLES, least_variance
from pkpo_toy.simulator.exact.variance_floor import variance_floor
from pkpo_toy.studies.atlas_moments import Moments, can_be_listed
from pkpo_toy.studies.atlas_problems import Point
from pkpo_toy.typing import Array


@dataclass(frozen=True)
class Variance:
    """Of an estimator: (1,), or of each learnt one (sets,); and that of every group, if sampled."""

    values: Array
    samples: Array | None

    @property
    def mean(self) -> float:
        """Over the sets that were learnt from."""
        return float(self.values.mean())


@dataclass(frozen=True)
class Compared:
    """The estimators at one k: names of the table, and learners by the groups that they saw.

    Called with rewards (N, n) and k: the columns whose moments are taken, (N, n, p). First the
    features of the learnt baseline, then the weights of the table's estimators, those of `sets`
    learners each, and those that the learnt baseline is taken off, its base. origin: where M_{k-1}
    is measured from.
    """

    names: list[str]
    learners: dict[int, AdaptiveLoo]
    sets: int
    origin: float

    def __call__(self, rewards: Array, k: int) -> Array:
        """The columns."""
        base, features = terms(rewards, k, self.origin)
        given = [ESTIMATORS[name].function(rewards, k) for name in self.names]
        again = np.broadcast_to(rewards, (self.sets, *rewards.shape))
        learnt = [w for learner in self.learners.values() for w in learner.weights(again, k)]
        return np.concatenate([features, np.stack([*given, *learnt, base], axis=-1)], axis=-1)

    @property
    def weights(self) -> int:
        """How many columns are weights."""
        return len(self.names) + self.sets * len(self.learners) + 1

    def variances(self, moments: Moments) -> dict[str, Variance]:
        """Of each estimator, and with the best coefficients of the learnt baseline."""
        diagonal = np.diag(moments.matrix)
        own = None if moments.samples is None else np.einsum("gaa->ga", moments.samples)
        found = {
            name: Variance(diagonal[columns], None if own is None else own[:, columns].mean(axis=1))
            for name, columns in self._places()
        }
        return {**found, "best coefficients": best_coefficients(moments)}

    def _places(self) -> Iterator[tuple[str, slice]]:
        """Each estimator's columns."""
        at = FEATURES
        sizes = dict.fromkeys(self.names, 1)
        sizes |= {f"learnt from {count}": self.sets for count in self.learners}
        for name, size in sizes.items():
            yield name, slice(at, at + size)
            at += size


def best_coefficients(moments: Moments) -> Variance:
    """The least over the coefficients c of the learnt baseline.

    Exact, or with c from each half of the groups on the other half.
    """
    if moments.samples is None:
        c = _fitted(moments.matrix)
        return Variance(np.array([c @ _of_base(moments.matrix) @ c]), None)
    half = len(moments.samples) // 2
    values = []
    for fit, judge in (
        (slice(None, half), slice(half, None)),
        (slice(half, None), slice(None, half)),
    ):
        c = _fitted(moments.samples[fit].mean(axis=0))
        values.append(np.einsum("a,gab,b->g", c, _of_base(moments.samples[judge]), c))
    every = np.concatenate(values[::-1])
    return Variance(np.array([every.mean()]), every)


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


def median_of_best(point: Point, count: int) -> float:
    """The median of the best of `count` rewards: where M_{k-1} is measured from.

    Measured from 0, one that is nearly always 1 cannot be told from the constant in squares.
    """
    order = np.argsort(point.rewards, kind="stable")
    below = np.cumsum(point.policy[order])
    place = np.searchsorted(below, 0.5 ** (1 / max(count, 1)))
    return float(point.rewards[order][min(place, len(order) - 1)])


def least_possible(point: Point, n: int, k: int) -> tuple[float, str]:
    """The least variance and its kind: V* where tables fit, else the floor of theorem 3."""
    levels = len(np.unique(point.rewards))
    if can_be_listed(point, n) and count_outcomes(levels, n - 1) <= TABLES:
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
