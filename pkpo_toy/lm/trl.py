"""TRL's GRPO trainer with the package's weights in place of its advantages.

TRL's own advantages subtract the group's mean whatever `scale_rewards` says, which biases the
leave-one-out forms and leaves nothing of them at k = n. So the raw rewards are caught where TRL
gathers them over the processes, and the advantages are replaced by weights. TRL has no public hook
for that; where it has the protected `_transform_advantages` (its pull request 7298), that is used.
"""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor
from transformers import TrainerCallback
from transformers.trainer_utils import PREFIX_CHECKPOINT_DIR
from trl.trainer.grpo_trainer import GRPOTrainer

from pkpo_toy.errors import InputError, unknown
from pkpo_toy.estimators import ESTIMATORS, Estimator, grouped_weights, resolve, weights
from pkpo_toy.estimators.adaptive import AdaptiveLoo
from pkpo_toy.estimators.api import DEFAULT, EstimatorLike
from pkpo_toy.estimators.groups import WHEN_SHORT
from pkpo_toy.estimators.size_weighted import size_weighted_rloo
from pkpo_toy.lm.adaptive import score_sizes
from pkpo_toy.lm.estimators import ADAPTIVE_SIZES, SIZE_WEIGHTED
from pkpo_toy.lm.metrics import group_metrics
from pkpo_toy.lm.trl_contract import check_contract
from pkpo_toy.simulator.schedules import k_schedule as ks_of
from pkpo_toy.training.handover import Handover
from pkpo_toy.typing import Array, Flags

READ_SIZES = (ADAPTIVE_SIZES, SIZE_WEIGHTED)
_ESTIMATORS = {**ESTIMATORS, **{row.key: row for row in READ_SIZES}}
_BASELINE = "pkpo_toy_baseline.npz"


class _Weighed(NamedTuple):
    """Completions of all processes, group after group: n w_i, rewards, and which are scored, all
    (groups, n); with which k and estimator they were weighed."""

    weights: Array
    rewards: Array
    scored: Flags
    k: int
    used: Estimator

    @property
    def whole(self) -> Flags:
        """Groups whose completions are all scored, (groups,)."""
        return np.asarray(self.scored.all(axis=1))


class PassKGRPOTrainer(GRPOTrainer):  # type: ignore[misc, unused-ignore]
    """`GRPOTrainer` that trains for max@k: loss = -(1/G) sum_groups sum_i w_i (log pi's part).

    k: of pass@k, 1 <= k <= num_generations.  estimator: a key of ESTIMATORS, FILE.py:FUNCTION or a
    function.  estimator_options: those of its row, as {"beta": 2.0}.  k_schedule: in place of k, as
    "8@0, 1@1500" or "linear 8->1" over the optimiser's steps.  k1_estimator stands in at k = 1
    where the estimator is not defined there, or where the schedule lowers k to 1.
    when_short: what to do with a group that is too small for k because completions of it have no
    reward, as in `grouped_weights`: "clamp" (k becomes what the group allows), "zero" or "error".

    estimator="adaptive_loo_sizes" learns its baseline from earlier steps' complete groups,
    "size_weighted_rloo" weights the other completions of a complete group, both with log pi(x) of
    every completion: TRL's own where it has them (vLLM, several steps a generation), else by one
    more pass without gradient. What is learnt is kept in TRL's checkpoints.

    A completion is without a reward where every function returned None, or the sum is not finite.
    It has weight 0 and the others of its group are weighed among themselves, n being their number.

    Logged beside TRL's own, in training and evaluation: k, the share of completions `unscored`, and
    `pkpo_toy.lm.metrics.group_metrics`, as pass_at_1, pass_at_2, ... (max_at_1, ... from the first
    reward on that is not 0 or 1).

    Weights are for sums (scale="mean": n w_i) and TRL's losses average over samples.
    `loss_type="dr_grpo"` divides by a constant length and `"luspo"` by none: both keep the
    direction of the gradient. `"grpo"` divides each sample by its own length, which does not.

    Raises InputError for an estimator, option, k or schedule outside its domain: here where
    `max_steps` is given, else when training begins and the number of steps is known.
    """

    def __init__(
        self,
        *args: Any,
        k: int = 8,
        estimator: EstimatorLike = DEFAULT,
        estimator_options: Mapping[str, float] | None = None,
        k_schedule: str | None = None,
        k1_estimator: EstimatorLike = "rloo",
        when_short: str = "clamp",
        **kwargs: Any,
    ) -> None:
        check_contract(GRPOTrainer)
        super().__init__(*args, **kwargs)
        if self.multi_objective_aggregation != "sum_then_normalize":
            raise InputError(
                "multi_objective_aggregation must be 'sum_then_normalize': the weights are those "
                f"of the summed rewards, got {self.multi_objective_aggregation!r}."
            )
        if when_short not in WHEN_SHORT:
            raise unknown("when_short", when_short, WHEN_SHORT)
        self.k, self.k_schedule, self.when_short = k, k_schedule, when_short
        self.estimator = resolve(estimator, _ESTIMATORS)
        self.k1_estimator = resolve(k1_estimator, _ESTIMATORS)
        self._baseline = AdaptiveLoo()
        self.estimator_options = dict(estimator_options or {})
        self._n = int(self.num_generations)  # type: ignore[arg-type, unused-ignore]
        self._weighed: _Weighed | None = None
        self._reward_name, self._warned = "pass", False
        self._draws = (-1, 0)  # step, and how many batches were scored in it
        if self.args.max_steps > 0 or k_schedule is None:
            self._check_schedule(int(self.args.max_steps))
        self.add_callback(_AtBegin(self._check_schedule))

    def current_k(self) -> int:
        """The k of the step that is being trained."""
        ks = self._ks(self.state.max_steps)
        return ks[min(self.state.global_step, len(ks) - 1)]

    def _ks(self, steps: int) -> list[int]:
        if self.k_schedule is None:
            return [self.k]
        ks: list[int] = ks_of(self.k_schedule, self._n, steps).tolist()
        return ks

    def _handover(self, steps: int) -> Handover:
        return Handover(self.estimator, self.k1_estimator, self._n, self._ks(steps))

    def _options(self, used: Estimator) -> dict[str, Any]:
        return self.estimator_options if used is self.estimator else {}

    def _check_schedule(self, steps: int) -> None:
        """InputError unless a group without successes can be weighed at every k of the schedule."""
        handover, group = self._handover(steps), np.zeros((1, self._n))
        for k in sorted(set(self._ks(steps))):
            used = handover.at(k)
            weights(group, k, used, rng=np.random.default_rng(0), **self._options(used))

    def _calculate_rewards(self, *args: Any, **kwargs: Any) -> Tensor:
        rewards: Tensor = super()._calculate_rewards(*args, **kwargs)
        totals = (rewards * self.reward_weights.to(rewards.device)).nansum(dim=1)
        scored = torch.isfinite(totals) & ~torch.isnan(rewards).all(dim=1)
        # TRL logs every reward from the host anyway, so the weights are computed there, exactly.
        self._weigh(totals.double().cpu().numpy(), scored.cpu().numpy())
        return rewards

    def _weigh(self, rewards: Array, scored: Flags) -> None:
        """Keep n w_i of all completions of all processes, group after group."""
        training: bool = self.model.training  # type: ignore[union-attr, unused-ignore]
        n = self._n if training else int(self.num_generations_eval)  # type: ignore[arg-type, unused-ignore]
        k, found = self.current_k(), np.zeros(len(rewards))
        used = self._handover(self.state.max_steps).at(k)
        if n == self._n and scored.any():  # else these groups are of another size than k was for
            found[scored] = n * grouped_weights(
                rewards[scored],
                np.flatnonzero(scored) // n,
                k,
                used,
                when_short=self.when_short,
                rng=self._generator(training),
                **self._options(used),
            )
        if not scored.all():
            self._warn(int((~scored).sum()))
        shape = -1, n
        seen = _Weighed(
            found.reshape(shape), rewards.reshape(shape), scored.reshape(shape), k, used
        )
        if used is ADAPTIVE_SIZES and training and seen.whole.any():
            seen.weights[seen.whole] = n * self._baseline.weights(seen.rewards[seen.whole], k)
        self._weighed = seen

    def _read_sizes(self, output: Any) -> None:
        """Weigh by the completions' log pi(x), or learn from them what was weighed: in all
        processes the same groups."""
        seen = self._checked()
        if seen.used not in READ_SIZES or not seen.whole.any():
            return
        gathered: Tensor = self.accelerator.gather(self._log_probs(output)).double().cpu()
        log_probs = gathered.view(seen.rewards.shape)[torch.from_numpy(seen.whole)]
        groups = seen.rewards[seen.whole]
        if seen.used is ADAPTIVE_SIZES:
            self._baseline.observe(groups, seen.k, sizes=score_sizes(log_probs).numpy())
        else:
            sizes = (-log_probs).clamp(min=0.0).numpy()
            seen.weights[seen.whole] = self._n * size_weighted_rloo(groups, seen.k, sizes)

    def _note(self, training: bool) -> None:
        """Log what the groups hold."""
        weighed, rewards, scored, k, _ = self._checked()
        if not np.isin(rewards[scored], (0, 1)).all():
            self._reward_name = "max"
        of_groups = torch.from_numpy(np.where(scored, rewards, np.nan))
        of_weights = torch.from_numpy(weighed) if rewards.shape[1] == self._n else None
        logged = group_metrics(of_groups, of_weights, name=self._reward_name)
        values = {name: value.item() for name, value in logged.items()}
        for name, value in {"k": k, "unscored": 1 - scored.mean(), **values}.items():
            self._metrics["train" if training else "eval"][name].append(float(value))

    def _generator(self, training: bool) -> np.random.Generator:
        """From the seed and the step alone: what was stopped goes on from a checkpoint as it would
        have, and all processes draw the same."""
        step = self.state.global_step
        self._draws = (step, self._draws[1] + 1 if self._draws[0] == step else 0)
        return np.random.default_rng([self.args.seed, *self._draws, int(training)])

    def _warn(self, missing: int) -> None:
        if not self._warned and self.accelerator.is_main_process:
            warnings.warn(
                f"{missing} completions of step {self.state.global_step} have no finite reward: "
                "they get weight 0, and the others of their group are weighed among themselves. "
                "Said once; the log counts them as `unscored`.",
                stacklevel=2,
            )
        self._warned = True

    def _transform_advantages(self, advantages: Tensor) -> Tensor:
        """The weights of all processes' completions in place of TRL's advantages, in training."""
        training: bool = self.model.training  # type: ignore[union-attr, unused-ignore]
        if not training:
            return advantages
        found = torch.from_numpy(self._checked().weights.ravel())
        return found.to(advantages.device, torch.float32)

    def _checked(self) -> _Weighed:
        if self._weighed is None:
            raise RuntimeError("this version of trl scored completions without gathering rewards.")
        return self._weighed

    def _log_probs(self, output: Any) -> Tensor:
        """log pi(x) of this process's completions, (rows,)."""
        mask = output["completion_mask"] * output.get("tool_mask", 1)
        found = output.get("old_per_token_logps", output.get("sampling_per_token_logps"))
        if found is None:
            ids = torch.cat([output["prompt_ids"], output["completion_ids"]], dim=1)
            real = torch.cat([output["prompt_mask"], output["completion_mask"]], dim=1)
            size = self.args.per_device_train_batch_size
            passed = inspect.signature(self._get_per_token_logps_and_entropies).parameters
            pictures = {name: output[name] for name in passed if name in output}
            with torch.no_grad():
                found, *_ = self._get_per_token_logps_and_entropies(
                    self.model, ids, real, output["completion_ids"].shape[1], size, **pictures
                )
        # vLLM says NaN, or minus infinity, of a token it cannot score.
        return (torch.nan_to_num(found, nan=0.0, posinf=0.0, neginf=0.0) * mask).sum(dim=1)

    def _save_checkpoint(self, model: Any, trial: Any) -> None:
        super()._save_checkpoint(model, trial)  # type: ignore[no-untyped-call, unused-ignore]
        state: dict[str, Any] = {**self._baseline.state()}
        if state and self.args.should_save:
            folder = f"{PREFIX_CHECKPOINT_DIR}-{self.state.global_step}"
            path = Path(self._get_output_dir(trial=trial)) / folder / _BASELINE
            np.savez(path, **state)

    def _load_optimizer_and_scheduler(self, checkpoint: Any) -> None:
        super()._load_optimizer_and_scheduler(checkpoint)  # type: ignore[no-untyped-call, unused-ignore]
        if checkpoint is not None and (path := Path(checkpoint) / _BASELINE).is_file():
            with np.load(path) as state:
                self._baseline.restored(state)

    def _generate_and_score_completions(self, inputs: Any) -> Any:
        self._weighed = None
        output = super()._generate_and_score_completions(inputs)
        training: bool = self.model.training  # type: ignore[union-attr, unused-ignore]
        if training:
            self._read_sizes(output)
        self._note(training)
        # Where TRL has the hook, weights that needed no sizes have been there already.
        hooked = hasattr(GRPOTrainer, "_transform_advantages")
        if not training or (hooked and self._checked().used is not SIZE_WEIGHTED):
            return output
        here, rank = len(output["advantages"]), self.accelerator.process_index
        advantages = self._transform_advantages(output["advantages"])
        output["advantages"] = advantages[rank * here : (rank + 1) * here]
        logged: Any = self._logs["advantages"]
        for _ in range(min(len(logged), len(advantages))):
            logged.pop()
        logged.extend(advantages.tolist())
        return output


class _AtBegin(TrainerCallback):  # type: ignore[misc, unused-ignore]
    """Calls `check(steps)` when the number of steps is known and none was made."""

    def __init__(self, check: Callable[[int], None]) -> None:
        self.check = check

    def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        self.check(state.max_steps)
