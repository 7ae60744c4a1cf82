"""How does k move the optimal policy? Gaussian policy on x^2 over [0, 1], by quadrature."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import pandas as pd
from pydantic import Field, PositiveFloat, PositiveInt

from pkpo_toy.simulator.exact import gaussian_gradient, gaussian_max_at_k, gaussian_optimum
from pkpo_toy.simulator.rewards import UNIT_SQUARE
from pkpo_toy.studies.study import Study
from pkpo_toy.training.config import Arrays, Config


class Landscape(Config):
    """One k; theta runs over `points` values from `low` to `high`."""

    arrays: ClassVar[Arrays] = (("points",),)

    k: PositiveInt = Field(1, description="k of max@k")
    sd: PositiveFloat = Field(0.1, description="standard deviation of the policy")
    low: float = Field(-0.2, description="smallest theta, the policy's mean")
    high: float = Field(1.4, description="largest theta")
    points: int = Field(321, ge=2, description="values of theta")


def run(config: Landscape, rng: np.random.Generator) -> pd.DataFrame:
    """max@k and its gradient over theta, and the best theta; exact, nothing is drawn."""
    theta = np.linspace(config.low, config.high, config.points)
    best, value = gaussian_optimum(config.k, UNIT_SQUARE, config.sd, config.low, config.high)
    return pd.DataFrame(
        {
            "k": config.k,
            "theta": theta,
            "reward": UNIT_SQUARE.function(theta),
            "max_at_k": gaussian_max_at_k(theta, config.k, UNIT_SQUARE, config.sd),
            "gradient": gaussian_gradient(theta, config.k, UNIT_SQUARE, config.sd),
            "theta_star": best,
            "max_at_theta_star": value,
        }
    )


def summarize(records: pd.DataFrame) -> pd.DataFrame:
    """The optimum of each k."""
    best = records[["k", "theta_star", "max_at_theta_star"]].drop_duplicates()
    return best.rename(columns={"max_at_theta_star": "max_at_k"})


STUDY = Study(
    question="How does k move the optimal policy?",
    config=Landscape,
    run=run,
    summarize=summarize,
    figure="landscape",
    reproduces="fig. 1",
    draws="records",
    exact=True,
)
