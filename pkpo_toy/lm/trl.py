"""TRL's GRPO trainer with the package's weights in place of its advantages.

TRL has no hook for advantages, and its own subtract the group's mean whatever `scale_rewards` says,
which biases the leave-one-out forms and leaves nothing of them at k = n. So the raw rewards are
caught where TRL gathers them over the processes, and the advantages overwritten with weights.
"""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
import torch
from torch import Tensor
from trl.trainer.grpo_trainer import GRPOTrainer

from pkpo_toy.errors import InputError, unknown
from pkpo_toy.estimators import grouped_weights, resolve
from pkpo_toy.estimators.api import DEFAULT, EstimatorLike
from pkpo_toy.estimators.groups import WHEN_SHORT
from pkpo_toy.lm.weights import weights
from pkpo_toy.simulator.schedules import k_schedule as ks_of
from pkpo_toy.training.handover import Handover


class PassKGRPOTrainer(GRPOTrainer):  # type: ignore[misc, unused-ignore]
    """`GRPOTrainer` that trains for max@k: loss = -(1/G) sum_groups sum_i w_i (log pi's part).

    k: of pass@k, 1 <= k <= num_generations.  estimator: a key of ESTIMATORS,
    FILE.py:FUNCTION or a function.  k_schedule: in place
    of k, as "8@0, 1@1500" or "linear 8->1" over the optimiser's steps.  k1_estimator stands in at
    k = 1 where the estimator is not defined there, or where the schedule lowers k to 1.
    when_short: a completion without a reward (None from every function) is an error, or else it
    leaves its group with weight 0, and a group that is then too small for k is treated as in
    `grouped_weights`: "clamp" or "zero".

    Weights are for sums (scale="mean": n w_i) and TRL's losses average over samples.
    `loss_type="dr_grpo"` divides by a constant length and `"luspo"` by none: both keep the
    direction of the gradient. `"grpo"` divides each sample by its own length, which does not.

    Raises InputError for an estimator, k or schedule outside its domain.
    """

    def __init__(
        self,
        *args: Any,
        k: int = 8,
        estimator: EstimatorLike = DEFAULT,
        k_schedule: str | None = None,
        k1_estimator: EstimatorLike = "rloo",
        when_short: str = "error",
        **kwargs: Any,
    ) -> None:
        check_contract(GRPOTrainer)
        super().__init__(*args, **kwargs)
        if self.multi_objective_aggregation != "sum_then_normalize":
            raise InputError(
                "multi_objective_aggregation must be 'sum_then_normalize': the weights are those "
                f"of the summed rewards, got {self.multi_objective_aggregation!r}."
            )
        self.k, self.k_schedule = k, k_schedule
        if when_short not in WHEN_SHORT:
            raise unknown("when_short", when_short, WHEN_SHORT)
        self.when_short = when_short
        self.estimator, self.k1_estimator = resolve(estimator), resolve(k1_estimator)
        self._rng = np.random.default_rng(self.args.seed)
        self._caught: Tensor | None = None
        self._n = int(self.num_generations)  # type: ignore[arg-type, unused-ignore]
        steps = int(self.args.max_steps)
        if steps > 0 or k_schedule is None:
            self._handover(steps).check(binary=True, nonnegative=True)

    def _ks(self, steps: int) -> list[int]:
        if self.k_schedule is None:
            return [self.k]
        found: list[int] = ks_of(self.k_schedule, self._n, steps).tolist()
        return found

    def _handover(self, steps: int) -> Handover:
        return Handover(self.estimator, self.k1_estimator, self._n, self._ks(steps))

    def current_k(self) -> int:
        """The k of the step that is being trained."""
        ks = self._ks(self.state.max_steps)
        return ks[min(self.state.global_step, len(ks) - 1)]

    def _calculate_rewards(self, *args: Any, **kwargs: Any) -> Tensor:
        rewards: Tensor = super()._calculate_rewards(*args, **kwargs)
        self._caught = rewards
        return rewards

    def _generate_and_score_completions(self, inputs: Any) -> Any:
        self._caught = None
        output = super()._generate_and_score_completions(inputs)
        training: bool = self.model.training  # type: ignore[union-attr, unused-ignore]
        if training:
            advantages = self._weights()
            here, rank = len(output["advantages"]), self.accelerator.process_index
            output["advantages"] = advantages[rank * here : (rank + 1) * here]
            logged: Any = self._logs["advantages"]
            for _ in range(min(len(logged), len(advantages))):
                logged.pop()
            logged.extend(advantages.tolist())
        return output

    def _weights(self) -> Tensor:
        """n w_i of all completions of all processes, in TRL's order: group after group."""
        if self._caught is None:
            raise RuntimeError("this version of trl scored completions without gathering rewards.")
        missing = torch.isnan(self._caught).all(dim=1)
        factors = self.reward_weights.to(self._caught.device)
        rewards = (self._caught * factors).nansum(dim=1)
        k = self.current_k()
        estimator = self._handover(self.state.max_steps).at(k)
        if bool(missing.any()):
            return self._without(missing, rewards, k, estimator)
        groups = rewards.view(-1, self._n)
        return weights(groups, k, estimator, scale="mean", rng=self._rng).flatten().float()

    def _without(
        self, missing: Tensor, rewards: Tensor, k: int, estimator: EstimatorLike
    ) -> Tensor:
        """The same with 0 for completions without a reward; TRL's mean counts these, too."""
        if self.when_short == "error":
            raise InputError(
                "rewards must not be None: every completion needs one for its weight, unless "
                "when_short is 'clamp' or 'zero'."
            )
        there = (~missing).cpu().numpy()
        groups = np.arange(len(there))[there] // self._n
        given = rewards.double().cpu().numpy()[there]
        found = np.zeros(len(there))
        found[there] = self._n * grouped_weights(
            given, groups, k, estimator, when_short=self.when_short, rng=self._rng
        )
        return torch.from_numpy(found).to(rewards.device, torch.float32)


CONTRACT = {
    "_calculate_rewards": ("self", "inputs", "prompts", "completions", "completion_ids_list"),
    "_generate_and_score_completions": ("self", "inputs"),
}
"""What this file relies on of TRL's private methods, with their parameters."""


def check_contract(trainer: type) -> None:
    """RuntimeError unless TRL still has the private methods that are overridden here."""
    for name, wanted in CONTRACT.items():
        method = getattr(trainer, name, None)
        found = tuple(inspect.signature(method).parameters) if callable(method) else None
        if found != wanted:
            raise RuntimeError(
                f"this version of trl has moved GRPOTrainer.{name}: expected parameters {wanted}, "
                f"found {found}. Install the version that is pinned: pip install 'pkpo-toy[trl]'"
            )
