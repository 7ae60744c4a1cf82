"""Does less variance train better? One estimator, one problem, the step size tuned by one rule."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal, Self

import numpy as np
import pandas as pd
from pydantic import Field, PositiveInt, model_validator

from pkpo_toy.errors import InputError
from pkpo_toy.estimators import ESTIMATORS
from pkpo_toy.estimators.adaptive import AdaptiveLoo
from pkpo_toy.simulator.ascent import Observe, TrainingState, iterate
from pkpo_toy.simulator.problem import Problem, checked_scored
from pkpo_toy.simulator.problems import build_problem
from pkpo_toy.simulator.settings import Settings
from pkpo_toy.studies.study import Study
from pkpo_toy.training.bands import mean_band
from pkpo_toy.training.config import Arrays, Config
from pkpo_toy.typing import Array, WeightFunction

Trained = Literal["default", "centered_loo", "maxk_rloo", "learnt", "oracle"]
NEAR = 0.9
ORACLE_BATCHES = 32  # at every log, seen by the oracle's baseline alone


class LessVariance(Config):
    """One estimator, tuned on `tuning` runs and judged on `replicates` others.

    "default" is `pkpo_loo_minus_one`, at k = 1 `rloo`; "learnt" is `AdaptiveLoo`, which starts as
    the default; "oracle" is the same, taught at every log by 32 further batches and only by them.
    """

    arrays: ClassVar[Arrays] = (("steps",), ("replicates", "n"), ("tuning", "n"))

    problem: str = Field("arms", description="A problem of the list.")
    options: dict[str, Any] = Field(default_factory=dict, description="What it is built with.")
    estimator: Trained = Field("default", description="What is trained with, see above.")
    n: int = Field(4, ge=2, description="Samples per group.")
    k: PositiveInt = Field(2, description="Trained and judged for max@k.")
    optimiser: str = Field("sgd", description="sgd, momentum or adam.")
    step_sizes: tuple[float, ...] = Field(
        (0.1, 0.3, 1.0, 3.0), min_length=1, description="Of these the best in tuning is taken."
    )
    steps: PositiveInt = Field(400, description="Training steps.")
    log_every: PositiveInt = Field(4, description="Steps between logs.")
    replicates: int = Field(64, ge=8, description="Runs that are judged.")
    tuning: int = Field(32, ge=8, description="Other runs that choose the step size.")

    @model_validator(mode="after")
    def _can_be_run(self) -> Self:
        build_problem(self.problem, **self.options)
        if self.k > self.n:
            raise InputError(f"k must be at most n, got k = {self.k} with n = {self.n}.")
        for size in self.step_sizes:
            self.settings(size, self.replicates)
        return self

    def settings(self, step_size: float, runs: int) -> Settings:
        """The simulator's settings. Raises InputError for a value out of its domain."""
        return Settings(
            k=self.k,
            n=self.n,
            steps=self.steps,
            step_size=step_size,
            optimiser=self.optimiser,
            replicates=runs,
            log_every=self.log_every,
            k_eval=(self.k,),
        )


def run(config: LessVariance, rng: np.random.Generator) -> pd.DataFrame:
    """A row for each run: steps to 90% of the way to the optimum, and how far it was at the end."""
    problem = build_problem(config.problem, **config.options)
    tuning, judging = rng.spawn(2)
    costs = [
        _trained(config, problem, size, config.tuning, one).steps.mean()
        for size, one in zip(config.step_sizes, tuning.spawn(len(config.step_sizes)), strict=True)
    ]
    size = config.step_sizes[int(np.argmin(costs))]
    result = _trained(config, problem, size, config.replicates, judging)
    return pd.DataFrame(
        {
            "problem": config.problem,
            "n": config.n,
            "k": config.k,
            "optimiser": config.optimiser,
            "estimator": config.estimator,
            "step_size": size,
            "at_edge": size in (min(config.step_sizes), max(config.step_sizes)),
            "steps": config.steps,
            "replicate": np.arange(config.replicates),
            "to_near": result.steps,
            "reached": result.reached,
            "distance": result.distance,
            "mean_distance": result.mean_distance,
        }
    )


@dataclass(frozen=True)
class _Result:
    """Of each run (R,): steps to 90%, all steps if never; whether it got there; distances, of 1."""

    steps: Array
    reached: Array
    distance: Array
    mean_distance: Array


def _trained(
    config: LessVariance, problem: Problem, step_size: float, runs: int, rng: np.random.Generator
) -> _Result:
    settings = config.settings(step_size, runs)
    of_run, of_oracle = rng.spawn(2)
    learner = AdaptiveLoo()
    weigh, observe = _weigher(config, learner)
    values, at = [], []
    for state in iterate(problem, weigh, settings, of_run, observe):
        values.append(problem.exact_max_at_k(state.parameters, settings.k_eval)[0])
        at.append(state.step)
        if config.estimator == "oracle":
            _look_ahead(config, problem, learner, state, of_oracle)
    return _judged(np.array(values), np.array(at), problem.optimum(config.k))


def _judged(values: Array, at: Array, optimum: float) -> _Result:
    """Distances are shares of the way from the start to the optimum that is left."""
    left = (optimum - values) / (optimum - values[0])
    near = left <= 1 - NEAR
    reached = near.any(axis=0)
    return _Result(
        np.where(reached, at[near.argmax(axis=0)], at[-1]).astype(np.float64),
        reached,
        left[-1],
        left.mean(axis=0),
    )


def _weigher(config: LessVariance, learner: AdaptiveLoo) -> tuple[WeightFunction, Observe | None]:
    if config.estimator == "learnt":
        return learner.weights, learner.observe
    if config.estimator == "oracle":
        return learner.weights, None
    standard = "rloo" if config.k == 1 else "pkpo_loo_minus_one"
    name = standard if config.estimator == "default" else config.estimator
    return ESTIMATORS[name].function, None


def _look_ahead(
    config: LessVariance,
    problem: Problem,
    learner: AdaptiveLoo,
    state: TrainingState,
    rng: np.random.Generator,
) -> None:
    """Groups of the policy as it is now, seen by the baseline and by nobody else."""
    runs = len(state.parameters)
    copies = np.repeat(state.parameters, ORACLE_BATCHES, axis=0)
    batch = problem.sample(copies, config.n, rng)
    scores = checked_scored(problem).scores(batch)
    learner.observe(
        batch.rewards.reshape(runs, -1, config.n),
        config.k,
        scores.reshape(runs, -1, config.n, scores.shape[-1]),
    )


def summarize(records: pd.DataFrame) -> pd.DataFrame:
    """Means over the runs with 95% intervals by the bootstrap."""
    first = records.iloc[[0]].drop(
        columns=["replicate", "to_near", "reached", "distance", "mean_distance"]
    )
    row = first.assign(runs=len(records), reached=records["reached"].mean()).reset_index(drop=True)
    for column in ("to_near", "distance", "mean_distance"):
        value, low, high = mean_band(records[[column]].to_numpy(dtype=float))
        row[column], row[f"{column}_low"], row[f"{column}_high"] = value, low, high
    return row


STUDY = Study(
    question="Does less variance train better?",
    config=LessVariance,
    run=run,
    summarize=summarize,
    figure="less_variance",
)
