"""Figure of `pass_rates`: what training for each k gains, by how hard the problems were."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from pkpo_toy.plotting.figure import AxesArray, Figure, Layout, Legend, by, ravel
from pkpo_toy.plotting.figures.learning_curves import SHOWS
from pkpo_toy.plotting.parts import dots_with_bars, key, letter
from pkpo_toy.plotting.series import IDENTITY, curves
from pkpo_toy.plotting.style import INK, plain

COLUMNS = (*IDENTITY, "step", "k_eval", "difficulty", "value", "low", "high")
SPREAD = 0.6


def draw(frame: pd.DataFrame, axes: AxesArray) -> AxesArray:
    """pass@k_eval before and after training per bin of starting success rate and label."""
    panels, groups = ravel(axes), by(frame, "k_eval")
    for number, (panel, (k, part)) in enumerate(zip(panels, groups, strict=False)):
        _draw_panel(panel, part)
        letter(panel, number, f"pass@{k}")
        panel.set_ylabel(f"pass@{k}")
    for panel in panels[len(groups) :]:
        panel.remove()
    return axes


def _legend(frame: pd.DataFrame) -> Legend:
    handles = [key(look, linestyle="") for look, _ in curves(frame)]
    before = Line2D([], [], color=INK, marker="_", linestyle="", markersize=8, markeredgewidth=1.4)
    before.set_label("before training")
    return Legend([before, *handles], 5, "bars: 95% interval over runs")


def _draw_panel(panel: Axes, part: pd.DataFrame) -> None:
    """Per bin a stem from the value before to the value after, side by side for the labels."""
    bins = [value for value, _ in by(part, "difficulty")]
    groups = curves(part.sort_values("step", kind="stable"))
    for turn, (look, runs) in enumerate(groups):
        ends = runs.groupby("difficulty").agg(
            first=("value", "first"),
            last=("value", "last"),
            low=("low", "last"),
            high=("high", "last"),
        )
        ends = ends.reindex(bins)
        x = np.arange(len(bins)) + SPREAD * ((turn + 0.5) / len(groups) - 0.5)
        panel.vlines(x, ends["first"], ends["last"], color=look.colour, linewidth=1.0, alpha=0.5)
        panel.plot(x, ends["first"], color=INK, marker="_", linestyle="", markersize=6)
        bars = np.array([ends["last"] - ends["low"], ends["high"] - ends["last"]])
        dots_with_bars(panel, x, ends["last"], bars, look, linestyle="")
    panel.set_xticks(range(len(bins)), [plain(one) for one in bins])
    panel.set_xlabel("success rate before training")


def fit(frame: pd.DataFrame) -> Layout:
    """One panel per k_eval, at most two in a row."""
    count = frame["k_eval"].nunique()
    rows, columns = (count + 1) // 2, min(count, 2)
    return (rows, columns), (3.6 * columns, 0.8 + 2.2 * rows)


FIGURE = Figure(
    draw,
    COLUMNS,
    size=(7.2, 3.0),
    panels=(1, 2),
    fit=fit,
    legend=_legend,
    shows=SHOWS,
    curves=True,
    about="a softmax policy per problem",
    says=("n", "optimiser", "step_size", "steps", "replicates"),
)
