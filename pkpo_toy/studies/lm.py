"""Do the same curves appear in a small language model? Running it needs the `lm` extra."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from pkpo_toy.lm.config import LmConfig
from pkpo_toy.samples.intervals import student_t
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

    half width = sqrt(1.96^2 mean over runs of se^2 + t^2 variance between runs / runs), Student's t
    for the few runs; the prompts are the same in all runs, so their share does not shrink with more
    runs. A single run counts its prompts alone. What is solved and the entropy are of a run: their
    intervals are Student's over the runs, NaN for one.
    """
    groups = records.groupby(["step", "k_eval"], sort=True)
    mean = groups.mean(numeric_only=True)
    runs = groups["value"].count()
    spread = _spread(groups, runs)
    within = (records["se"] ** 2).groupby([records["step"], records["k_eval"]]).mean()
    half = np.sqrt(HALF**2 * within + spread["value"].fillna(0.0) ** 2)
    columns = {
        "label": records["label"].iloc[0],
        "step": mean.index.get_level_values("step"),
        "k_eval": mean.index.get_level_values("k_eval"),
        "value": mean["value"].to_numpy(),
        "low": (mean["value"] - half).to_numpy(),
        "high": (mean["value"] + half).to_numpy(),
    }
    for name, most in (("cumulative_solve_rate", 1.0), ("entropy", np.inf)):
        columns[name] = mean[name].to_numpy()
        columns[f"{name}_low"] = (mean[name] - spread[name]).clip(lower=0.0).to_numpy()
        columns[f"{name}_high"] = (mean[name] + spread[name]).clip(upper=most).to_numpy()
    columns |= {"runs": runs.to_numpy(), "per_run": groups["value"].agg(_in_a_row).to_numpy()}
    return pd.DataFrame(columns)


def _spread(groups: Any, runs: pd.Series) -> pd.DataFrame:
    """Half the width of Student's 95% interval over the runs, NaN where there is one run."""
    t = runs.map(lambda count: student_t(count - 1) if count > 1 else np.nan)
    errors: pd.DataFrame = groups[["value", "cumulative_solve_rate", "entropy"]].sem()
    return errors.mul(t, axis=0)


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
