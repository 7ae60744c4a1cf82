"""Settings of the language-model study. No torch is needed to check them."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, NonNegativeFloat, NonNegativeInt, PositiveInt, model_validator

from pkpo_toy.errors import InputError
from pkpo_toy.estimators.resolve import choose
from pkpo_toy.lm.problems import Problems, from_file, from_task
from pkpo_toy.simulator.settings import Settings
from pkpo_toy.training.config import ScheduleConfig
from pkpo_toy.training.frame import takes_over


class LmConfig(ScheduleConfig):
    """One cell: an estimator and a schedule of k, trained in `replicates` runs from warm starts."""

    n: int = 16
    k_eval: tuple[int, ...] = (1, 4, 8, 16)
    step_size: float = 3e-4
    steps: int = 300
    replicates: int = 3
    log_every: int = 50

    task: str = "multiply"
    level: int = 2
    reward: Literal["exact", "fraction"] = "exact"
    data: str = ""
    checker: str = "exact"
    problems: int = Field(512, ge=1)
    held_out: int = Field(128, ge=2)
    evaluate: Literal["held_out", "training"] = "held_out"
    answer_tokens: NonNegativeInt = 0

    model: str = ""
    lora_rank: NonNegativeInt = 0
    width: PositiveInt = 64
    layers: PositiveInt = 2
    heads: PositiveInt = 2
    warm_start: NonNegativeInt = 150
    warm_step_size: float = Field(1e-3, gt=0)

    prompts: PositiveInt = 32
    microbatches: PositiveInt = 1
    epochs: PositiveInt = 1
    clip: NonNegativeFloat = 0.2
    kl: NonNegativeFloat = 0.0
    clip_norm: float = Field(1.0, gt=0)
    eval_samples: PositiveInt = 32

    dtype: Literal["float32", "float64", "bfloat16", "float16"] = "float32"
    device: str = "cpu"
    threads: PositiveInt = 1
    folder: str = ""
    checkpoint_every: PositiveInt = 100

    def known_problems(self) -> Problems:
        """What is trained on and what is held out. Raises InputError."""
        if self.data:
            return from_file(self.data, self.checker, self.problems, self.held_out)
        return from_task(self.task, self.level, self.problems, self.held_out, self.seed)

    @model_validator(mode="after")
    def _can_be_run(self) -> Self:
        settings = self.settings()
        _check_estimators(self, settings)
        self.known_problems()
        if self.prompts % self.microbatches:
            raise InputError(
                f"microbatches must divide prompts = {self.prompts}, got {self.microbatches}."
            )
        if not self.model and self.width % self.heads:
            raise InputError(f"heads must divide width = {self.width}, got {self.heads}.")
        if max(self.k_eval) > self.eval_samples:
            raise InputError(
                f"eval_samples must be at least the largest k_eval = {max(self.k_eval)}, "
                f"got {self.eval_samples}."
            )
        return self


def _check_estimators(config: LmConfig, settings: Settings) -> None:
    chosen, at_one = choose(config.estimator), choose(config.k1_estimator)
    for k in sorted(set(settings.ks().tolist())):
        used = at_one if k == 1 and takes_over(chosen, settings) else chosen
        used.check(settings.n, k)
        if used.record is not None and used.record.binary and config.reward != "exact":
            raise InputError(f"{used.name} needs rewards of 0 or 1: reward must be 'exact'.")
