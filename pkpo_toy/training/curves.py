"""Training runs of a cell: their labelled records, and mean curves with 95% bands."""

from __future__ import annotations

import numpy as np
import pandas as pd

from pkpo_toy.training.bands import mean_band
from pkpo_toy.training.config import TrainingConfig
from pkpo_toy.training.frame import training_frame

PER_STEP = (
    "cumulative_solve_rate",
    "entropy",
    "gradient_norm",
    "gradient_variance",
    "zero_signal",
)
BANDS = ("cumulative_solve_rate", "entropy")
"""Those of them that have a 95% band over the runs too, NAME_low and NAME_high."""


def trained(config: TrainingConfig, rng: np.random.Generator) -> pd.DataFrame:
    """Every logged step of every run, labelled: the columns of `train` behind `label`."""
    frame = training_frame(config.problem(), config.handover(), config.settings(), rng)
    frame.insert(0, "label", config.name())
    return frame


def curves(records: pd.DataFrame) -> pd.DataFrame:
    """Mean over runs with its 95% band, for each step and k_eval, and what goes with the step.

    `runs` counts the runs that have not stopped; the others are left out of the means.
    """
    table = records.pivot(index="replicate", columns=["step", "k_eval"], values="value")
    value, low, high = mean_band(table.to_numpy())
    per_step = records.groupby("step")[list(PER_STEP)].mean().join(_bands(records))
    step = table.columns.get_level_values("step")
    return pd.DataFrame(
        {
            "label": records["label"].iloc[0],
            "step": step,
            "k_eval": table.columns.get_level_values("k_eval"),
            "value": value,
            "low": low,
            "high": high,
            **{name: per_step[name].loc[step].to_numpy() for name in per_step},
            "runs": table.notna().sum().to_numpy(),
        }
    )


def _bands(records: pd.DataFrame) -> pd.DataFrame:
    """The ends of the bands of BANDS, a row for each step."""
    once = records.drop_duplicates(["replicate", "step"])
    ends = {}
    for name in BANDS:
        table = once.pivot(index="replicate", columns="step", values=name)
        _, ends[f"{name}_low"], ends[f"{name}_high"] = mean_band(table.to_numpy())
    return pd.DataFrame(ends, index=table.columns)
