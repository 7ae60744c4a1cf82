"""Does k > 1 unblock learning where pass@1 stalls? The two-peak bandit, from the lower peak."""

from __future__ import annotations

from typing import Self

import numpy as np
import pandas as pd
from pydantic import Field, model_validator

from pkpo_toy.errors import InputError
from pkpo_toy.samples.intervals import wilson_interval
from pkpo_toy.simulator.problem import Problem
from pkpo_toy.simulator.problems import build_problem
from pkpo_toy.studies.study import Study
from pkpo_toy.training.bands import mean_band
from pkpo_toy.training.config import TRAINING_COLUMNS, TrainingConfig
from pkpo_toy.training.curves import trained


class HardProblems(TrainingConfig):
    """One schedule of k. A run has solved the bandit when its mean reward is above `solved_above`.

    The lower peak gives 0.6 at most, so whoever gets more has found the higher one.
    """

    n: int = Field(16, description="samples per step")
    k_eval: tuple[int, ...] = Field((1,), description="k that are logged; must hold 1")
    solved_above: float = Field(
        0.601,
        description="mean reward that counts as solved; the lower peak gives 0.6 at most",
    )

    @model_validator(mode="after")
    def _has_the_mean_reward(self) -> Self:
        if 1 not in self.k_eval:
            raise InputError(f"k_eval must hold 1, the mean reward, got {self.k_eval}.")
        return self

    def problem(self) -> Problem:
        """The two-peak bandit."""
        return build_problem("two_peaks")


def run(config: HardProblems, rng: np.random.Generator) -> pd.DataFrame:
    """Every logged step of every run, with whether the run has solved the bandit."""
    records = trained(config, rng)
    mean_reward = records.loc[records["k_eval"] == 1].copy()
    solved = (mean_reward["value"] > config.solved_above).astype(np.float64)
    mean_reward["solved"] = solved.where(mean_reward["value"].notna())
    return mean_reward


def summarize(records: pd.DataFrame) -> pd.DataFrame:
    """Mean reward with its 95% band over runs, and the fraction of the runs that solved it.

    The fraction's interval is Wilson's: where no run or every run has, a bootstrap has no width.
    """
    table = records.pivot(index="replicate", columns="step", values="value")
    value, low, high = mean_band(table.to_numpy())
    solved = records.groupby("step")["solved"].agg(["mean", "count"])
    ends = np.array([_share_interval(share, int(count)) for share, count in solved.to_numpy()])
    return pd.DataFrame(
        {
            "label": records["label"].iloc[0],
            "step": table.columns,
            "value": value,
            "low": low,
            "high": high,
            "solved_fraction": solved["mean"].to_numpy(),
            "solved_fraction_low": ends[:, 0],
            "solved_fraction_high": ends[:, 1],
            "runs": table.notna().sum().to_numpy(),
        }
    )


def _share_interval(share: float, runs: int) -> tuple[float, float]:
    """95% interval of a share of so many runs; NaN for a single one."""
    if runs < 2:
        return np.nan, np.nan
    return wilson_interval(share, np.sqrt(share * (1 - share) / (runs - 1)), runs)


STUDY = Study(
    question="Does k > 1 unblock learning where pass@1 stalls?",
    config=HardProblems,
    run=run,
    summarize=summarize,
    figure="hard_problems",
    columns=TRAINING_COLUMNS,
    reproduces="fig. 8",
)
