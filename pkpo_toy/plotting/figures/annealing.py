"""Figure of `annealing`: can k be lowered during training at no cost? ([PKPO] fig. 3)."""

from functools import partial

import pandas as pd

from pkpo_toy.plotting.curves import INTERVAL, SAYS, over_steps
from pkpo_toy.plotting.figure import AxesArray, Figure, Layout, by, ravel
from pkpo_toy.plotting.figures.learning_curves import SHOWS, reached
from pkpo_toy.plotting.parts import letter
from pkpo_toy.plotting.series import IDENTITY, legend

COLUMNS = (*IDENTITY, "step", "k_eval", "value", "low", "high")


def draw(frame: pd.DataFrame, axes: AxesArray) -> AxesArray:
    """pass@k_eval over the steps, one panel per k_eval, one curve per schedule of k."""
    panels, groups = ravel(axes), by(frame, "k_eval")
    for number, (panel, (k, part)) in enumerate(zip(panels, groups, strict=False)):
        over_steps(panel, part, "value")
        letter(panel, number, f"evaluated at $k$ = {k}")
        panel.set_ylabel(f"pass@{k}")
    for panel in panels[len(groups) :]:
        panel.remove()
    return axes


def fit(frame: pd.DataFrame) -> Layout:
    """One panel per k_eval."""
    count = frame["k_eval"].nunique()
    return (1, count), (max(3.5, 7.0 / 2 * min(count, 2) + 2.3 * max(count - 2, 0)), 3.0)


FIGURE = Figure(
    draw,
    COLUMNS,
    size=(7.0, 3.0),
    panels=(1, 2),
    fit=fit,
    legend=partial(legend, columns=4, note=INTERVAL),
    shows=SHOWS,
    curves=True,
    end=reached,
    says=SAYS,
    over_steps=True,
)
