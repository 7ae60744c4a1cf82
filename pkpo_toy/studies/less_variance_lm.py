"""Does less variance train a small language model better? Running it needs the `lm` extra."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, ClassVar, Self

import numpy as np
import pandas as pd
from pydantic import AfterValidator, Field, PositiveInt, model_validator

from pkpo_toy.estimators import resolve
from pkpo_toy.lm.config import LmConfig
from pkpo_toy.lm.estimators import ADAPTIVE, LM_ESTIMATORS
from pkpo_toy.studies import less_variance
from pkpo_toy.studies.atlas_lm import MODEL
from pkpo_toy.studies.less_variance import NEAR
from pkpo_toy.studies.study import Study
from pkpo_toy.training.config import Arrays, Config

UNCLIPPED = 1e9
"""Longest gradient: clipped, plain gradient ascent would be an optimiser of its own."""


def _known(name: str) -> str:
    if name not in ("default", "oracle"):
        resolve(name, LM_ESTIMATORS)
    return name


class LessVarianceLm(Config):
    """One estimator, tuned on `tuning` runs and judged on `replicates` others.

    The model and the problems of the atlas, right or wrong answers, everything exact but the
    training. "default" is `pkpo_loo_minus_one`, at k = 1 `rloo`; "oracle" is `adaptive_loo` taught
    at every log by further groups with their true scores, and only by them. All estimators share
    warm starts and prompts, run by run.
    """

    arrays: ClassVar[Arrays] = (("steps",), ("prompts", "n"))

    estimator: Annotated[str, AfterValidator(_known)] = Field(
        "default", description='"default", "oracle", or what a language model can be trained with.'
    )
    n: int = Field(8, ge=2, description="Samples per prompt.")
    k: PositiveInt = Field(4, description="Trained and judged for pass@k.")
    goal: float = Field(0.9, gt=0, le=1, description="pass@k that counts as all there is to reach.")
    optimiser: str = Field("adam", description="sgd, momentum or adam.")
    step_sizes: tuple[float, ...] = Field(
        (3e-4, 6e-4, 1.2e-3, 2.4e-3), min_length=1, description="Of these the best is taken."
    )
    steps: PositiveInt = Field(400, description="Training steps.")
    log_every: PositiveInt = Field(10, description="Steps between logs.")
    replicates: int = Field(16, ge=2, description="Runs that are judged.")
    tuning: int = Field(8, ge=2, description="Other runs that choose the step size.")
    prompts: PositiveInt = Field(8, description="Prompts per step.")
    warm_start: PositiveInt = Field(60, description="Supervised steps before.")

    @model_validator(mode="after")
    def _can_be_run(self) -> Self:
        for size in self.step_sizes:
            self.training(size)
        return self

    def training(self, step_size: float) -> LmConfig:
        """Settings of the `lm` study. Raises InputError for a value out of its domain."""
        standard = "rloo" if self.k == 1 else "pkpo_loo_minus_one"
        names = {"default": standard, "oracle": ADAPTIVE.key}
        return LmConfig.model_validate(
            {
                **MODEL,
                "dtype": "float32",
                "seed": self.seed,
                "warm_start": self.warm_start,
                "estimator": names.get(self.estimator, self.estimator),
                "n": self.n,
                "k_opt": self.k,
                "k_eval": (self.k,),
                "prompts": self.prompts,
                "optimiser": self.optimiser,
                "step_size": step_size,
                "clip_norm": UNCLIPPED,
                "steps": self.steps,
                "log_every": self.log_every,
                "replicates": self.replicates + self.tuning,
            }
        )


def run(config: LessVarianceLm, rng: np.random.Generator) -> pd.DataFrame:
    """A row for each run: steps to 90% of the way to the goal, pass@k at the end and its mean over
    the logs, exact. All randomness comes from (seed, run), the same in all cells, none from `rng`.
    """
    others = range(config.replicates, config.replicates + config.tuning)
    costs = [
        np.mean([_steps_to_near(config, size, i) for i in others]) for size in config.step_sizes
    ]
    size = config.step_sizes[int(np.argmin(costs))]
    logs = [list(_logged(config, size, i)) for i in range(config.replicates)]
    at, values = np.array(logs).transpose(2, 1, 0)  # (logs, runs) each
    near = values >= _level(config, values[0])
    reached = near.any(axis=0)
    return pd.DataFrame(
        {
            "problem": "language model",
            "n": config.n,
            "k": config.k,
            "optimiser": config.optimiser,
            "estimator": config.estimator,
            "step_size": size,
            "at_edge": size in (min(config.step_sizes), max(config.step_sizes)),
            "steps": config.steps,
            "goal": config.goal,
            "replicate": np.arange(config.replicates),
            "to_near": np.where(reached, at[near.argmax(axis=0), 0], config.steps),
            "reached": reached,
            "end": values[-1],
            "distance": 1 - values[-1],
            "mean_distance": 1 - values.mean(axis=0),
        }
    )


def _logged(config: LessVarianceLm, step_size: float, run: int) -> Iterator[tuple[int, float]]:
    from pkpo_toy.lm.exact_runs import exact_pass_rates  # torch is loaded here and not before

    return exact_pass_rates(config.training(step_size), run, oracle=config.estimator == "oracle")


def _steps_to_near(config: LessVarianceLm, step_size: float, run: int) -> int:
    """All steps where 90% of the way is never reached; training ends where it is."""
    start = None
    for step, value in _logged(config, step_size, run):
        start = value if start is None else start
        if value >= _level(config, start):
            return step
    return config.steps


def _level(config: LessVarianceLm, start: Any) -> Any:
    """90% of the way from the start to the goal."""
    return start + NEAR * (config.goal - start)


def summarize(records: pd.DataFrame) -> pd.DataFrame:
    """Means over the runs with 95% intervals by the bootstrap, and each run's own numbers: the same
    place in two rows is the same warm start and the same prompts."""
    row = less_variance.summarize(records.drop(columns="end"))
    for name in ("to_near", "end", "mean_distance"):
        row[f"{name}_runs"] = " ".join(f"{value:.6g}" for value in records[name])
    return row


STUDY = Study(
    question="Does less variance train a small language model better?",
    config=LessVarianceLm,
    run=run,
    summarize=summarize,
    figure="less_variance",
    extra="lm",
    needs=("torch", "transformers", "safetensors"),
)
