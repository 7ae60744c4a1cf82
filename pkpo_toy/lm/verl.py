"""Every estimator as an advantage estimator of verl.

    VERL_USE_EXTERNAL_MODULES=pkpo_toy.lm.verl python -m verl.trainer.main_ppo \\
        algorithm.adv_estimator=pkpo_loo_minus_one +algorithm.k=8 ...

verl imports the named module as it starts, and importing this one registers the estimators: under
their keys, or as pkpo_toy_KEY where verl has an estimator of that name (`grpo`, `rloo`).
"""

from __future__ import annotations

from collections.abc import Callable, MutableMapping, Sequence
from importlib.util import find_spec
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor

from pkpo_toy.errors import InputError
from pkpo_toy.estimators import ESTIMATORS, grouped_weights

Advantages = tuple[Tensor, Tensor]


class AlgorithmConfig(Protocol):
    """What is asked of verl's algorithm settings: a look-up like a dictionary's."""

    def get(self, key: str, default: Any = None) -> Any:
        """The setting, or the default where there is none."""


def advantage_estimator(key: str) -> Callable[..., Advantages]:
    """The estimator behind verl's interface; samples with the same `index` form a group.

    token_level_rewards, response_mask (rows, length), index (rows,), config with `k` and, where
    the estimator has it, `beta` -> advantages and returns (rows, length): n w_i on each token of
    the response. Groups may differ in size. verl's losses average over samples, hence n w_i; with
    `actor.loss_agg_mode=seq-mean-token-sum` tokens are summed, as the weights are meant.
    config's `when_short` is that of `grouped_weights`.

    Every row counts as one sample: verl hands over no session, so an agent loop with several
    outputs per session, where verl's v1 trainer lets only `grpo` take the last one, is not meant.

    Raises InputError without `index` or `k`, and outside the estimator's domain, naming the group.
    """
    row, rng = ESTIMATORS[key], np.random.default_rng(0)

    def advantages(
        token_level_rewards: Tensor,
        response_mask: Tensor,
        index: Sequence[Any] | np.ndarray[Any, Any] | None = None,
        config: AlgorithmConfig | None = None,
        **kwargs: Any,
    ) -> Advantages:
        if index is None:
            raise InputError(f"{key} needs index, the group of every sample, got None.")
        rewards = token_level_rewards.detach().sum(dim=-1).double().cpu().numpy()
        groups = [str(group) for group in index]
        given = {name: config.get(name) for name in row.options} if config is not None else {}
        found = grouped_weights(
            rewards,
            groups,
            _k(key, config),
            key,
            scale="mean",
            when_short=(config and config.get("when_short")) or "error",
            rng=rng if row.random else None,
            **{name: value for name, value in given.items() if value is not None},
        )
        per_sample = torch.from_numpy(found).to(token_level_rewards)
        spread = per_sample.unsqueeze(-1) * response_mask
        return spread, spread

    return advantages


def _k(key: str, config: AlgorithmConfig | None) -> int:
    k = None if config is None else config.get("k")
    if k is None:
        raise InputError(f"{key} needs k in verl's settings: +algorithm.k=8, got none.")
    return int(k) if isinstance(k, int) else k  # anything else is refused by name


def register(
    registry: MutableMapping[str, Any], add: Callable[[str], Callable[[Any], Any]]
) -> dict[str, str]:
    """Add every estimator that is not there yet; returns the name that each key got.

    `registry` and `add` are verl's ADV_ESTIMATOR_REGISTRY and register_adv_est.
    """
    names = {}
    for key in ESTIMATORS:
        names[key] = f"pkpo_toy_{key}" if key in registry else key
        add(names[key])(advantage_estimator(key))
    return names


if find_spec("verl") is not None:
    from verl.trainer.ppo.core_algos import ADV_ESTIMATOR_REGISTRY, register_adv_est

    NAMES = register(ADV_ESTIMATOR_REGISTRY, register_adv_est)
