"""Does training reach the best max@k where the reward is continuous? A Gaussian policy."""

from __future__ import annotations

import numpy as np
import pandas as pd
from pydantic import Field

from pkpo_toy.simulator.problem import Problem
from pkpo_toy.simulator.problems import build_problem
from pkpo_toy.studies.study import Study
from pkpo_toy.training.config import TRAINING_COLUMNS, TrainingConfig
from pkpo_toy.training.curves import curves, trained


class ContinuousReward(TrainingConfig):
    """One cell: x ~ N(theta, sd^2), reward x^2 on [0, 1] and 0 elsewhere, trained for one k."""

    k_eval: tuple[int, ...] = Field(
        (1, 2, 4, 8, 16), description="the k of every logged max@k; k_opt among them"
    )
    steps: int = Field(300, description="training steps")
    log_every: int = Field(5, description="steps between logged values")
    theta: float = Field(0.5, description="where the policy starts")
    sd: float = Field(0.1, gt=0, description="how wide it is; not trained")

    def problem(self) -> Problem:
        """The problem whose optima figure 1 of the paper shows."""
        return build_problem("unit_square", theta=self.theta, sd=self.sd)


def run(config: ContinuousReward, rng: np.random.Generator) -> pd.DataFrame:
    """Every logged step of every run."""
    return trained(config, rng)


def summarize(records: pd.DataFrame) -> pd.DataFrame:
    """Mean curves over the runs with 95% bands, the k of the last step, and the exact optima."""
    optima = records.groupby("k_eval")["optimum"].first()
    summary = curves(records)
    return summary.assign(k=records["k"].iloc[-1], optimum=optima.loc[summary["k_eval"]].to_numpy())


STUDY = Study(
    question="Does training reach the best max@k where the reward is continuous?",
    config=ContinuousReward,
    run=run,
    summarize=summarize,
    figure="continuous_reward",
    columns=TRAINING_COLUMNS,
    reproduces="fig. 1, by training",
)
