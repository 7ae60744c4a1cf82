"""The weights that a run trains with: its estimator, and the one that stands in at k = 1."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from pkpo_toy.estimators.resolve import Chosen, choose
from pkpo_toy.lm.config import LmConfig
from pkpo_toy.lm.weights import weights
from pkpo_toy.training.frame import takes_over

Weigh = Callable[[Tensor, int], Tensor]


def weigher(config: LmConfig, rng: np.random.Generator) -> Weigh:
    """The function (rewards (groups, n), k) -> weights of a run's settings."""
    chosen, at_one = choose(config.estimator), choose(config.k1_estimator)
    changes = takes_over(chosen, config.settings())

    def weigh(rewards: Tensor, k: int) -> Tensor:
        return _weights(at_one if k == 1 and changes else chosen, rewards, k, rng)

    return weigh


def _weights(chosen: Chosen, rewards: Tensor, k: int, rng: np.random.Generator) -> Tensor:
    if chosen.record is not None and not chosen.record.options:
        return weights(rewards, k, chosen.name, rng=rng if chosen.record.random else None)
    found = chosen.weigh_freely(rng)(rewards.double().cpu().numpy(), k)
    return torch.from_numpy(found).to(rewards.device)
