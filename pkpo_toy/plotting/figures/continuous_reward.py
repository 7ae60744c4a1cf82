"""Figure of `continuous_reward`: training for k, and the best max@k that there is."""

from functools import partial

import numpy as np
import pandas as pd

from pkpo_toy.plotting.curves import INTERVAL, SAYS, over_steps
from pkpo_toy.plotting.figure import AxesArray, Figure, ravel
from pkpo_toy.plotting.figures.learning_curves import SHOWS
from pkpo_toy.plotting.parts import letter, log_ticks
from pkpo_toy.plotting.series import IDENTITY, curves, legend

COLUMNS = (*IDENTITY, "step", "k_eval", "k", "value", "low", "high", "optimum")


def draw(frame: pd.DataFrame, axes: AxesArray) -> AxesArray:
    """max@k at the k that each curve is trained for beside its optimum, and what is missing."""
    reward, gap = ravel(axes)
    own = _at_own_k(frame)
    over_steps(reward, own, "value")
    for look, part in curves(own):
        reward.axhline(part["optimum"].iloc[0], color=look.colour, linestyle=":", linewidth=0.9)
    letter(reward, 0, "max@$k$ at the $k$ trained for; dotted: optimum")
    over_steps(gap, own.assign(**_missing(own)), "missing")
    log_ticks(gap, "y")
    letter(gap, 1, "below the optimum, %")
    return axes


def _missing(own: pd.DataFrame) -> dict[str, pd.Series]:
    """How far below the optimum, in percent of it, with the ends of its band."""
    ends = {"missing": "value", "missing_low": "high", "missing_high": "low"}
    below = {name: 100 * (1 - own[column] / own["optimum"]) for name, column in ends.items()}
    return {name: share.where(share > 0, np.nan) for name, share in below.items()}


def _at_own_k(frame: pd.DataFrame) -> pd.DataFrame:
    """Each curve's rows at the k it is trained for (at the end), or at the nearest k_eval."""
    distance = (frame["k_eval"] - frame["k"]).abs()
    nearest = distance.groupby([frame[name] for name in IDENTITY]).transform("min")
    return frame[distance == nearest]


FIGURE = Figure(
    draw,
    COLUMNS,
    size=(7.0, 3.0),
    panels=(1, 2),
    legend=partial(legend, columns=5, note=INTERVAL),
    shows=SHOWS,
    curves=True,
    says=("theta", "sd", *SAYS),
    over_steps=True,
)
