"""Figure of `hard_problems`: does k > 1 unblock learning where pass@1 stalls? ([PKPO] fig. 8)."""

import pandas as pd

from pkpo_toy.plotting.curves import INTERVAL, over_steps
from pkpo_toy.plotting.figure import AxesArray, Figure, ravel
from pkpo_toy.plotting.parts import key, legend_below, letter
from pkpo_toy.plotting.style import label_look

COLUMNS = ("label", "step", "value", "low", "high", "solved_fraction")


def draw(frame: pd.DataFrame, axes: AxesArray) -> AxesArray:
    """(a) the mean reward and (b) the share of runs that reach the better peak, over the steps."""
    value, solved = ravel(axes)
    over_steps(value, frame, "value", interval=True)
    over_steps(solved, frame, "solved_fraction")
    letter(value, 0, "mean reward")
    letter(solved, 1, "runs that solve it")
    value.set_ylabel("$E[g]$")
    solved.set(ylabel="share of runs", ylim=(-0.03, 1.03))
    handles = [key(label_look(label)) for label in frame["label"].unique()]
    legend_below(value, handles, 4, INTERVAL)
    return axes


FIGURE = Figure(draw, COLUMNS, size=(7.0, 3.0), panels=(1, 2))
