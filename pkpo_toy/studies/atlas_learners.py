"""The learners of the atlas: learnt baselines that have seen some groups before they are judged."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np

from pkpo_toy.estimators.adaptive import FLOOR, SKETCH_FLOOR, AdaptiveLoo
from pkpo_toy.studies.atlas_problems import Point
from pkpo_toy.typing import Array

LEARNT_FROM = (64, 256)
_STEP = 16  # groups a learner sees at once
_WIDTH = 128  # of the scores that learners see
_NOISE_WIDTH = 32  # coordinates that stand for the noise of a score


def taught(
    points: Sequence[Point], ks: Sequence[int], shape: tuple[int, int], rng: np.random.Generator
) -> dict[int, AdaptiveLoo]:
    """For each number of groups, learners that have seen as many, for every k; shape: (sets, n)."""
    floor = FLOOR if points[0].sizes is None else SKETCH_FLOOR
    learner = AdaptiveLoo(memory=1e9, floor=floor)
    found = {}
    show = _shown(points, shape, rng)
    for seen in range(_STEP, max(LEARNT_FROM) + 1, _STEP):
        rewards, scores, sizes = show()
        for k in ks:
            learner.observe(rewards, k, scores, sizes)
        if seen in LEARNT_FROM:
            found[seen] = AdaptiveLoo(memory=1e9).restored(learner.state())
    return found


def _shown(
    points: Sequence[Point], shape: tuple[int, int], rng: np.random.Generator
) -> Callable[[], tuple[Array, Array | None, Array | None]]:
    """What learners see of `_STEP` groups: rewards, scores or a sketch of them, sizes with it.

    Of several problems, every group has one at random.
    """
    if points[0].sizes is not None:
        return partial(_stand_ins, points, shape, rng)
    (point,) = points
    sets, n = shape
    table = _narrow(point.all_scores(), rng)

    def show() -> tuple[Array, Array, None]:
        drawn = point.draw((sets, _STEP, n), rng)
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
    noise = rng.normal(size=(*scores.shape[:-1], _NOISE_WIDTH))
    noise *= np.sqrt(point.noise / _NOISE_WIDTH)
    return np.concatenate([scores, noise], axis=-1)
