"""How does training go on a problem of your choice? Any row of PROBLEMS, any schedule of k."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from pydantic import Field

from pkpo_toy.simulator.problem import Problem
from pkpo_toy.simulator.problems import build_problem
from pkpo_toy.studies.study import Study
from pkpo_toy.training.config import TRAINING_COLUMNS, TrainingConfig
from pkpo_toy.training.curves import curves, trained


class Bandit(TrainingConfig):
    """A problem by name, and the options it is built with."""

    bandit: str = Field(
        "unit_square",
        description="name of a problem (`pkpo-toy list problems`) or FILE.py:FUNCTION",
    )
    options: dict[str, Any] = Field(
        default_factory=dict,
        description="of the problem, for instance { theta = 0.5, sd = 0.1 } of unit_square",
    )

    def problem(self) -> Problem:
        """The problem, freshly built. Raises InputError for an unknown name or option."""
        return build_problem(self.bandit, **self.options)


def run(config: Bandit, rng: np.random.Generator) -> pd.DataFrame:
    """Every logged step of every run, and whether its values are pass@k or max@k."""
    binary = config.problem().binary
    return trained(config, rng).assign(measure="pass@k" if binary else "max@k")


def summarize(records: pd.DataFrame) -> pd.DataFrame:
    """Mean curves over the runs with 95% bands."""
    return curves(records).assign(measure=records["measure"].iloc[0])


STUDY = Study(
    question="How does training go on a problem of your choice?",
    config=Bandit,
    run=run,
    summarize=summarize,
    figure="learning_curves",
    columns=TRAINING_COLUMNS,
)
