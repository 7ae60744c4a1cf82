"""Settings of a cell: the base of every study, and what all training studies share."""

from __future__ import annotations

import re
from abc import abstractmethod
from dataclasses import replace
from typing import Annotated, Self, get_args, get_origin

from pydantic import AfterValidator, BaseModel, ConfigDict, NonNegativeInt, model_validator

from pkpo_toy.estimators.resolve import choose
from pkpo_toy.simulator.problem import Problem
from pkpo_toy.simulator.problems import build_problem
from pkpo_toy.simulator.settings import Settings
from pkpo_toy.training.frame import check_domain


def _known(name: str) -> str:
    choose(name)
    return name


EstimatorName = Annotated[str, AfterValidator(_known)]


STANDARD = "pkpo_loo_minus_one"


class Config(BaseModel):
    """Settings of one cell. Unknown keys, wrong types and non-finite numbers are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    seed: NonNegativeInt = 0

    @classmethod
    def listed(cls) -> frozenset[str]:
        """Fields that are lists by nature; in all others a list multiplies into cells."""
        return frozenset(
            name
            for name, field in cls.model_fields.items()
            if tuple in {get_origin(t) for t in (field.annotation, *get_args(field.annotation))}
        )


class ScheduleConfig(Config):
    """Who is trained and for how long, whatever is trained on: bandits or a language model."""

    label: str = ""
    estimator: EstimatorName = STANDARD
    k1_estimator: EstimatorName = "rloo"
    k_opt: int | str = 8
    n: int = 16
    k_eval: tuple[int, ...] = (1, 4, 8)
    optimiser: str = "adam"
    step_size: float = 0.01
    steps: int = 2000
    entropy_bonus: float = 0.0
    replicates: int = 100
    log_every: int = 50

    def settings(self) -> Settings:
        """The simulator's settings. Raises InputError for a value out of its domain."""
        return Settings(
            k=self.k_opt,
            n=self.n,
            steps=self.steps,
            step_size=self.step_size,
            optimiser=self.optimiser,
            entropy_bonus=self.entropy_bonus,
            replicates=self.replicates,
            log_every=self.log_every,
            k_eval=self.k_eval,
        )

    def name(self) -> str:
        """How curves are labelled: the label, or k, the entropy bonus and an unusual estimator."""
        parts = [_k_name(str(self.k_opt), self.n)]
        if self.entropy_bonus:
            parts.append(f"entropy {self.entropy_bonus:g}")
        if self.estimator != STANDARD:
            parts.append(self.estimator)
        return self.label or ", ".join(parts)


class TrainingConfig(ScheduleConfig):
    """One cell: an estimator and a schedule of k, trained in `replicates` independent runs."""

    probes: int = 8

    @abstractmethod
    def problem(self) -> Problem:
        """What is trained on."""

    def settings(self) -> Settings:
        """The same with the probes of the gradient's variance."""
        return replace(super().settings(), probes=self.probes)

    @model_validator(mode="after")
    def _can_be_run(self) -> Self:
        estimators = choose(self.estimator), choose(self.k1_estimator)
        check_domain(self.problem(), *estimators, self.settings())
        return self


class ProblemSetConfig(TrainingConfig):
    """Easy and hard problems, each with one right answer; see `problem_set` in the simulator."""

    problems: int = 42
    arms: int = 16
    features: int = 20
    rates: tuple[float, ...] = (0.4, 0.01, 0.0005)
    per_step: int = 8
    problem_seed: int = 0

    def problem(self) -> Problem:
        """Problems whose starting success rates alternate through `rates`."""
        return build_problem(
            "problem_set",
            problems=self.problems,
            arms=self.arms,
            features=self.features,
            rates=self.rates,
            per_step=self.per_step,
            seed=self.problem_seed,
        )


def _k_name(schedule: str, n: int) -> str:
    if schedule.strip() == "n":
        return f"k = n = {n}"
    values = re.sub(r"\s*@\s*\d+", "", schedule).split(",")
    return "k = " + ", then ".join(value.strip() for value in values)
