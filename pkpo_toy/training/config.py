"""Settings of a cell: the base of every study, and what all training studies share."""

from __future__ import annotations

import math
import os
import re
from abc import abstractmethod
from dataclasses import replace
from typing import Annotated, ClassVar, Self, get_args, get_origin

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    NonNegativeInt,
    model_validator,
)

from pkpo_toy.errors import InputError
from pkpo_toy.estimators import resolve
from pkpo_toy.estimators.api import DEFAULT
from pkpo_toy.simulator.optimisers import OPTIMISERS
from pkpo_toy.simulator.problem import Problem
from pkpo_toy.simulator.problems import build_problem
from pkpo_toy.simulator.settings import Settings
from pkpo_toy.training.handover import Handover


def _known(name: str) -> str:
    resolve(name)
    return name


EstimatorName = Annotated[str, AfterValidator(_known)]


TRAINING_COLUMNS = ("k_opt", "n", "entropy_bonus", "estimator")
"""Settings that are columns of every training study, even where all cells agree."""


def _memory() -> float:
    """Bytes of memory of this machine; infinite where it does not say."""
    try:
        return float(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
    except (AttributeError, ValueError, OSError):
        return math.inf


MEMORY = _memory()
Arrays = tuple[tuple[str, ...], ...]


def _plain_name(name: str) -> str:
    """A name as a column of a table can hold it: read back, it is the same text."""
    number = re.fullmatch(r"\s*[+-]?(\d[\d_]*\.?\d*|\.\d+)([eE][+-]?\d+)?\s*", name)
    if number or name.strip().lower() in {"true", "false", "nan", "inf", "-inf", "infinity"}:
        raise InputError(f"a name must not read as a number or a truth value, got {name!r}.")
    if not name.isprintable():
        raise InputError(f"a name must be printable text on one line, got {name!r}.")
    return name


Name = Annotated[str, AfterValidator(_plain_name)]


class Config(BaseModel):
    """Settings of one cell. Unknown keys, wrong types and non-finite numbers are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    seed: NonNegativeInt = Field(0, description="seed of all randomness")

    arrays: ClassVar[Arrays] = ()
    """The settings whose product is the size of an array that the cell needs."""

    @model_validator(mode="after")
    def _fits_in_memory(self) -> Self:
        for names in self.arrays:
            sizes = {name: max(1, getattr(self, name)) for name in names}
            needed = 8 * math.prod(sizes[name] for name in names)  # a name may stand twice
            if needed > MEMORY:
                asked = ", ".join(f"{name} = {value}" for name, value in sizes.items())
                raise InputError(
                    f"{asked[:150]} would need {needed / 1e9:.3g} GB of memory or more;"
                    f" this machine has {MEMORY / 1e9:.3g} GB."
                )
        return self

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

    arrays: ClassVar[Arrays] = (("steps",), ("replicates", "n"))

    label: Name = Field("", description="name of the curves; empty: made from k and n")
    estimator: EstimatorName = Field(DEFAULT, description="key of an estimator or FILE.py:FUNCTION")
    k1_estimator: EstimatorName = Field(
        "rloo", description="estimator at k = 1, if k changes or `estimator` is not defined there"
    )
    k_opt: int | str = Field(
        8,
        description='k to train for: a whole number, "n" (k = n), steps like "8@0, 4@1000, '
        '1@1500", "linear 8->1" or "geometric 8->1"',
    )
    n: int = Field(16, description="samples per problem and step")
    k_eval: tuple[int, ...] = Field((1, 4, 8), description="k at which pass@k or max@k is reported")
    optimiser: str = Field("adam", description=f"one of {', '.join(OPTIMISERS)}")
    step_size: float = Field(0.01, description="step size of the optimiser")
    steps: int = Field(2000, description="training steps")
    entropy_bonus: float = Field(0.0, description="coefficient of the entropy's gradient")
    replicates: int = Field(100, description="independent runs behind every mean and interval")
    log_every: int = Field(50, description="steps between logged values")

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

    def handover(self) -> Handover:
        """Which estimator is used at each k. Raises InputError as `settings` does."""
        ks = self.settings().ks()
        return Handover(resolve(self.estimator), resolve(self.k1_estimator), self.n, ks)

    def name(self) -> str:
        """How curves are labelled: the label, or k and the entropy bonus."""
        parts = [_k_name(str(self.k_opt), self.n)]
        if self.entropy_bonus:
            parts.append(f"entropy {self.entropy_bonus:g}")
        return self.label or ", ".join(parts)


class TrainingConfig(ScheduleConfig):
    """One cell: an estimator and a schedule of k, trained in `replicates` independent runs."""

    arrays: ClassVar[Arrays] = (*ScheduleConfig.arrays, ("replicates", "probes"))

    probes: int = Field(
        8, description="gradient estimates per run behind each logged variance; 0 for none"
    )

    @abstractmethod
    def problem(self) -> Problem:
        """What is trained on."""

    def settings(self) -> Settings:
        """The same with the probes of the gradient's variance."""
        return replace(super().settings(), probes=self.probes)

    @model_validator(mode="after")
    def _can_be_run(self) -> Self:
        problem = self.problem()
        self.handover().check(binary=problem.binary, nonnegative=problem.nonnegative)
        return self


class ProblemSetConfig(TrainingConfig):
    """Easy and hard problems, each with one right answer; see `problem_set` in the simulator."""

    arrays: ClassVar[Arrays] = (
        *TrainingConfig.arrays,
        ("replicates", "per_step", "n"),
        ("problems", "arms"),
        ("problems", "features"),
        ("replicates", "features", "arms"),
    )

    problems: int = Field(42, description="problems in the set")
    arms: int = Field(16, description="answers to choose from")
    features: int = Field(20, description="features that problems share; 0: own logits each")
    rates: tuple[float, ...] = Field(
        (0.4, 0.01, 0.0005),
        description="success rates at the start, in turn: easy, hard, very hard, easy, ...",
    )
    per_step: int = Field(8, description="problems drawn for a step; 0 takes all of them")
    problem_seed: int = Field(0, description="which set is drawn; `seed` decides the sampling")

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
