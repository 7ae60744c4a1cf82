"""Figure of `annealing`: can k be lowered during training at no cost? ([PKPO] fig. 3)."""

import pandas as pd

from pkpo_toy.plotting.curves import INTERVAL, over_steps
from pkpo_toy.plotting.figure import AxesArray, Figure, by, ravel
from pkpo_toy.plotting.parts import key, legend_below, letter
from pkpo_toy.plotting.style import label_look

COLUMNS = ("label", "step", "k_eval", "value", "low", "high")


def draw(frame: pd.DataFrame, axes: AxesArray) -> AxesArray:
    """pass@k_eval over the steps, one panel per k_eval, one curve per schedule of k."""
    panels = ravel(axes)
    for number, (panel, (k, part)) in enumerate(zip(panels, by(frame, "k_eval"), strict=True)):
        over_steps(panel, part, "value", interval=True)
        letter(panel, number, f"evaluated at $k$ = {k}")
        panel.set_ylabel(f"pass@{k}")
    handles = [key(label_look(label)) for label in frame["label"].unique()]
    legend_below(panels[0], handles, 4, INTERVAL)
    return axes


def fit(frame: pd.DataFrame) -> tuple[tuple[int, int], tuple[float, float]]:
    """One panel per k_eval."""
    count = frame["k_eval"].nunique()
    return (1, count), (max(3.5, 7.0 / 2 * min(count, 2) + 2.3 * max(count - 2, 0)), 3.0)


FIGURE = Figure(draw, COLUMNS, size=(7.0, 3.0), panels=(1, 2), fit=fit)
