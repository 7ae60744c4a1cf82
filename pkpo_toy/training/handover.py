"""The hand-over at k = 1: an estimator, and the one that stands in for it there."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from pkpo_toy.errors import InputError
from pkpo_toy.estimators import Estimator
from pkpo_toy.estimators.counted import by_count
from pkpo_toy.typing import Array, WeightFunction


@dataclass(frozen=True, eq=False)
class Handover:
    """Which estimator a training run uses at each k of its schedule.

    `at_one` stands in for `estimator` at k = 1 where the schedule changes k, or where `estimator`
    is not defined at k = 1. n: samples of a group; ks: the k of the steps.
    """

    estimator: Estimator
    at_one: Estimator
    n: int
    ks: Iterable[int]

    @cached_property
    def changes(self) -> bool:
        """Whether `at_one` stands in at k = 1."""
        return len(self._ks) > 1 or not self.estimator.allows(self.n, 1)

    def at(self, k: int) -> Estimator:
        """The estimator of a step with that k."""
        return self.at_one if k == 1 and self.changes else self.estimator

    def check(self, *, binary: bool, nonnegative: bool) -> None:
        """Raises InputError unless every k of the schedule, and such rewards, suit the estimators.

        binary, nonnegative: whether all rewards are 0 or 1, and whether none is negative.
        """
        for k in self._ks:
            used = self.at(k)
            used.check(self.n, k)
            if used.binary and not binary:
                raise InputError(
                    f"{used.key} needs rewards of 0 or 1, and this problem has others."
                )
            if used.nonnegative and not nonnegative:
                raise InputError(
                    f"{used.key} needs rewards >= 0, and this problem has negative ones."
                )

    def weight_function(self, rng: np.random.Generator, *, binary: bool = False) -> WeightFunction:
        """The function (rewards (..., n), k) -> weights of the whole run.

        binary: whether rewards are 0 or 1, so that weights can be looked up. Weights of the user's
        own function that are not finite come through.
        """
        first, last = (_weigher(e, rng, binary) for e in (self.estimator, self.at_one))
        if not self.changes:
            return first

        def weigh(rewards: Array, k: int) -> Array:
            return (last if k == 1 else first)(rewards, k)

        return weigh

    @cached_property
    def _ks(self) -> list[int]:
        return sorted({int(k) for k in self.ks})


def _weigher(row: Estimator, rng: np.random.Generator, binary: bool) -> WeightFunction:
    function = row.weight_function(rng, finite=False)
    return by_count(function) if binary and row.exchangeable and not row.random else function
