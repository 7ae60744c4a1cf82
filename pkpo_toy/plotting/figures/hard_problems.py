"""Figure of `hard_problems`: does k > 1 unblock learning where pass@1 stalls? ([PKPO] fig. 8)."""

from functools import partial

import pandas as pd

from pkpo_toy.plotting.curves import INTERVAL, ended, over_steps
from pkpo_toy.plotting.figure import AxesArray, Figure, ravel
from pkpo_toy.plotting.figures.learning_curves import SHOWS
from pkpo_toy.plotting.parts import letter
from pkpo_toy.plotting.series import IDENTITY, legend

COLUMNS = (*IDENTITY, "step", "value", "low", "high", "solved_fraction")


def draw(frame: pd.DataFrame, axes: AxesArray) -> AxesArray:
    """(a) the mean reward and (b) the share of runs that reach the better peak, over the steps."""
    value, solved = ravel(axes)
    over_steps(value, frame, "value")
    over_steps(solved, frame, "solved_fraction")
    letter(value, 0, "mean reward (lower peak: 0.6)")
    letter(solved, 1, "runs on the higher peak")
    value.set_ylabel("$E[g]$")
    solved.set(ylabel="share of runs", ylim=(-0.03, 1.03))
    return axes


def reached(frame: pd.DataFrame) -> pd.DataFrame:
    """The mean reward and the share of solved runs at the end."""
    last = ended(frame)
    share = last["solved_fraction"]
    return pd.concat(
        [
            last.assign(panel="mean reward at the end"),
            last.assign(panel="runs on the higher peak", value=share, low=share, high=share),
        ]
    )


FIGURE = Figure(
    draw,
    COLUMNS,
    size=(7.0, 3.0),
    panels=(1, 2),
    legend=partial(legend, columns=4, note=INTERVAL),
    shows=SHOWS,
    curves=True,
    end=reached,
    about="two-peak bandit of 100 arms",
    says=("n", "optimiser", "step_size", "replicates"),
    over_steps=True,
)
