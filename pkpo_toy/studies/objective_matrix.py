"""Is every k_eval best served by k_opt = k_eval? Problems the policy cannot tell apart."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import pandas as pd
from pydantic import Field

from pkpo_toy.simulator.problem import Problem
from pkpo_toy.simulator.problems import build_problem
from pkpo_toy.studies.study import Study
from pkpo_toy.training.config import Arrays, TrainingConfig
from pkpo_toy.training.curves import trained


class ObjectiveMatrix(TrainingConfig):
    """One row of the matrix: what is reached for every k_eval when training for k_opt."""

    arrays: ClassVar[Arrays] = (*TrainingConfig.arrays, ("replicates", "per_step", "n"))

    k_eval: tuple[int, ...] = Field((1, 2, 4, 8, 16), description="columns of the matrix")
    n: int = Field(32, description="samples per problem and step, at least the largest k_opt")
    log_every: int = Field(2000, description="steps between logged values; only the end is used")
    fractions: tuple[float, ...] = Field(
        (0.4, 0.25, 0.15, 0.1, 0.06, 0.04),
        description="share of the hidden problems that each arm solves: above 0, summing to 1",
    )
    per_step: int = Field(
        8, description="hidden problems drawn for a step; 0: each once, weighted by its share"
    )

    def problem(self) -> Problem:
        """Problems that look alike, arm a being right for a fraction q_a of them."""
        return build_problem("water_filling", fractions=self.fractions, per_step=self.per_step)


def run(config: ObjectiveMatrix, rng: np.random.Generator) -> pd.DataFrame:
    """Where every run ended, for every k_eval."""
    records = trained(config, rng)
    ended = records.loc[records["step"] == config.steps]
    return ended.assign(k_opt=config.k_opt).drop(columns="label").reset_index(drop=True)


def summarize(records: pd.DataFrame) -> pd.DataFrame:
    """Mean over the runs that ended, its standard error, and the best that any policy reaches."""
    groups = records.groupby("k_eval")["value"]
    return pd.DataFrame(
        {
            "k_opt": records["k_opt"].iloc[0],
            "k_eval": groups.mean().index,
            "value": groups.mean().to_numpy(),
            "se": groups.sem().to_numpy(),
            "optimum": records.groupby("k_eval")["optimum"].first().to_numpy(),
            "runs": groups.count().to_numpy(),
        }
    )


STUDY = Study(
    question="Is every k_eval best served by k_opt = k_eval?",
    config=ObjectiveMatrix,
    run=run,
    summarize=summarize,
    figure="objective_matrix",
    reproduces="tables 1-8",
)
