"""The weights that a run trains with: its estimator, and the one that stands in at k = 1."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from torch import Tensor

from pkpo_toy.lm.config import LmConfig
from pkpo_toy.lm.weights import weights

TensorWeights = Callable[[Tensor, int], Tensor]


def weigher(config: LmConfig, rng: np.random.Generator) -> TensorWeights:
    """The function (rewards (groups, n), k) -> weights of a run's settings."""
    handover = config.handover()

    def weigh(rewards: Tensor, k: int) -> Tensor:
        return weights(rewards, k, handover.at(k), rng=rng)

    return weigh
