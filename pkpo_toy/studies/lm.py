"""Do the same curves appear in a small language model? Running it needs the `lm` extra."""

from __future__ import annotations

import numpy as np
import pandas as pd

from pkpo_toy.lm.config import LmConfig
from pkpo_toy.studies.study import Study
from pkpo_toy.training.config import TRAINING_COLUMNS

HALF = 1.959964  # of a 95% interval, in standard errors


def run(config: LmConfig, rng: np.random.Generator) -> pd.DataFrame:
    """Every logged step of every run. Randomness comes from (seed, run), the same in all cells, so
    that all start from the same warm start and meet the same prompts; `rng` is left alone."""
    from pkpo_toy.lm.study import train_cell  # torch is loaded here and not before

    return train_cell(config)


def summarize(records: pd.DataFrame) -> pd.DataFrame:
    """Mean over runs with a 95% interval over held-out prompts and runs, per step and k_eval.

    half width = 1.96 sqrt(mean over runs of se^2 + variance between runs / runs); the prompts are
    the same in all runs, so their share does not shrink with more runs.
    """
    groups = records.groupby(["step", "k_eval"], sort=True)
    mean = groups.mean(numeric_only=True)
    runs = groups["value"].count()
    between = groups["value"].var().fillna(0.0) / runs
    within = (records["se"] ** 2).groupby([records["step"], records["k_eval"]]).mean()
    half = HALF * np.sqrt(within + between)
    columns = {
        "label": records["label"].iloc[0],
        "step": mean.index.get_level_values("step"),
        "k_eval": mean.index.get_level_values("k_eval"),
        "value": mean["value"].to_numpy(),
        "low": (mean["value"] - half).to_numpy(),
        "high": (mean["value"] + half).to_numpy(),
        "cumulative_solve_rate": mean["cumulative_solve_rate"].to_numpy(),
        "entropy": mean["entropy"].to_numpy(),
        "runs": runs.to_numpy(),
        "per_run": groups["value"].agg(_in_a_row).to_numpy(),
    }
    return pd.DataFrame(columns)


def _in_a_row(values: pd.Series) -> str:
    """The value of each run: the same place in two cells is the same warm start and prompts."""
    return " ".join(f"{value:.6g}" for value in values)


STUDY = Study(
    question="Do the same curves appear in a small language model?",
    config=LmConfig,
    run=run,
    summarize=summarize,
    figure="lm",
    columns=TRAINING_COLUMNS,
    reproduces="figs. 6-8 again",
    extra="lm",
    needs=("torch", "transformers", "safetensors"),
)
