"""The moments of estimates in the atlas: exact where outcomes can be listed, sampled elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from pkpo_toy.estimators.learnt_baseline import FEATURES
from pkpo_toy.simulator.exact.enumeration import count_outcomes
from pkpo_toy.simulator.exact.least_variance import second_moments
from pkpo_toy.studies.atlas_problems import Point
from pkpo_toy.typing import Array, Integers

MOST_OUTCOMES = 5000  # of levels, up to which moments are exact
_MOST_NUMBERS = 2**22  # of the arrays of one part of the sampled groups

Columns = Callable[[Array, int], Array]
"""rewards (N, n), k -> (N, n, p): `FEATURES` baselines, then weights of estimates of one mean."""


@dataclass(frozen=True)
class Moments:
    """E of the products of estimates about the gradient, (p, p), and a group's own, if sampled."""

    matrix: Array
    samples: Array | None


def can_be_listed(point: Point, n: int) -> bool:
    """Whether n samples of the point have few enough outcomes, told apart by their rewards."""
    return count_outcomes(len(np.unique(point.rewards)), n) <= MOST_OUTCOMES


def mean_moments(
    points: Sequence[Point],
    n: int,
    k: int,
    columns: Columns,
    weights: int,
    *,
    groups: int,
    rng: np.random.Generator,
) -> Moments:
    """Averaged over the points; of the columns the last `weights` are those of estimates.

    Where outcomes cannot be listed, from `groups` groups of each point.
    """
    found = [
        _exact(point, n, k, columns, weights)
        if can_be_listed(point, n)
        else _sampled(point, n, k, columns, groups=groups, rng=rng)
        for point in points
    ]
    samples = [each.samples for each in found if each.samples is not None]
    return Moments(
        np.mean([each.matrix for each in found], axis=0),
        np.concatenate(samples) if samples else None,
    )


def _exact(point: Point, n: int, k: int, columns: Columns, weights: int) -> Moments:
    matrix = second_moments(
        columns,
        point.logits,
        point.rewards,
        n,
        k,
        weights=weights,
        noise=point.noise,
        scores=point.scores,
    )
    return Moments(matrix, None)


def _sampled(
    point: Point, n: int, k: int, columns: Columns, *, groups: int, rng: np.random.Generator
) -> Moments:
    gradient = point.gradient(k)
    along = point.all_scores() @ gradient
    parts = []
    size = max(1, _MOST_NUMBERS // (n * n + 40 * n))
    for start in range(0, groups, size):
        drawn = point.draw((min(size, groups - start), n), rng)
        found = columns(point.rewards[drawn], k)
        parts.append(_about_the_gradient(point, gradient, along[drawn], drawn, found))
    samples = np.concatenate(parts)
    return Moments(samples.mean(axis=0), samples)


def _about_the_gradient(
    point: Point, gradient: Array, along: Array, drawn: Integers, columns: Array
) -> Array:
    """Of each group the products (t_a - g_a) . (t_b - g_b), (N, p, p).

    t_a = sum_i column_ia s_i; g_a is the gradient for an estimate, 0 for a baseline. along: s . g
    of the outcomes drawn, (N, n).
    """
    products = np.einsum(
        "gia,gij,gjb->gab", columns, point.products(drawn), columns, optimize=True
    ) + point.noise * np.einsum("gia,gib->gab", columns, columns, optimize=True)
    estimates = np.arange(columns.shape[-1]) >= FEATURES
    onto = np.einsum("gia,gi->ga", columns, along)
    products -= onto[:, :, None] * estimates + onto[:, None, :] * estimates[:, None]
    products += np.outer(estimates, estimates) * (gradient @ gradient)
    return np.asarray(products)
