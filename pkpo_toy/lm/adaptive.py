"""The learnt baseline and its stateless relative for tensors.

numpy computes them: a step's groups take about a millisecond, and what is copied from the device is
a few numbers a sample. Formulas: `pkpo_toy.estimators.adaptive` and `.size_weighted`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from pkpo_toy.estimators import adaptive, size_weighted
from pkpo_toy.estimators.adaptive import SKETCH_FLOOR
from pkpo_toy.estimators.size_weighted import SHARE
from pkpo_toy.lm.weights import result_dtype


class AdaptiveLoo:
    """`pkpo_toy.estimators.adaptive.AdaptiveLoo` on tensors, its floor that of sketched scores.

    rewards (groups, n) on any device -> weights there, float32 for rewards of float32 or less, else
    float64. scores (groups, n, D) and sizes (groups, n) may be on any device. Until something was
    observed, weights are those of `pkpo_loo_minus_one`, at k = 1 of `rloo`.

    Raises InputError as numpy's does.
    """

    def __init__(
        self, memory: float = 256.0, prior: float = 8.0, floor: float = SKETCH_FLOOR
    ) -> None:
        self._learner = adaptive.AdaptiveLoo(memory, prior, floor)

    def weights(self, rewards: Tensor, k: int) -> Tensor:
        """Weights (groups, n) for rewards (groups, n), by what was observed so far."""
        return _like(rewards, self._learner.weights(_host(rewards), k))

    def observe(
        self, rewards: Tensor, k: int, scores: Tensor | None = None, sizes: Tensor | None = None
    ) -> None:
        """Learn from groups whose weights have been used.

        rewards, sizes (groups, n), scores (groups, n, D).
        """
        self._learner.observe(_host(rewards), k, _given(scores), _given(sizes))

    def crossfit(
        self, rewards: Tensor, k: int, scores: Tensor | None = None, sizes: Tensor | None = None
    ) -> Tensor:
        """Weights (groups, n), each group's by the past and the other groups; observes all.

        rewards, sizes (groups, n), scores (groups, n, D).
        """
        found = self._learner.crossfit(_host(rewards), k, _given(scores), _given(sizes))
        return _like(rewards, found)

    def state(self) -> dict[str, Any]:
        """What was learnt, as nested lists by name: JSON keeps every digit."""
        return {name: array.tolist() for name, array in self._learner.state().items()}

    def restored(self, state: Mapping[str, Any]) -> Self:
        """This object with what another had learnt. Raises InputError for anything else."""
        self._learner.restored({name: np.asarray(values) for name, values in state.items()})
        return self


def score_sizes(log_probs: Tensor) -> Tensor:
    """What stands for |grad log pi(x_i)|^2 when a baseline is learnt: (log pi(x_i))^2, any shape.

    log_probs: log pi(x_i). Its first power says too much of answers that are nearly certain, see
    docs/best-estimator.md.
    """
    return log_probs.square()


def size_weighted_rloo(rewards: Tensor, k: int, sizes: Tensor, share: float = SHARE) -> Tensor:
    """`pkpo_toy.estimators.size_weighted.size_weighted_rloo` on tensors.

    rewards, sizes (groups, n), sizes >= 0, n >= 2; returns weights (groups, n). Raises InputError.
    """
    found = size_weighted.size_weighted_rloo(_host(rewards), k, _host(sizes), share)
    return _like(rewards, found)


def _host(values: Tensor) -> NDArray[np.float64]:
    array: NDArray[np.float64] = values.detach().to("cpu", torch.float64).numpy()
    return array


def _given(values: Tensor | None) -> NDArray[np.float64] | None:
    return None if values is None else _host(values)


def _like(rewards: Tensor, found: NDArray[Any]) -> Tensor:
    return torch.from_numpy(found).to(rewards.device, result_dtype(rewards))
