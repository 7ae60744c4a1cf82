"""Figure of `less_variance`: steps to 90% of the way, and what is left, for each estimator."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from pkpo_toy.plotting.figure import AxesArray, Figure, Legend
from pkpo_toy.plotting.style import DASHED, SOLID, Look, estimator_look, plain

COLUMNS = (
    *("problem", "n", "k", "optimiser", "estimator"),
    *("to_near", "to_near_low", "to_near_high", "reached"),
    *("mean_distance", "mean_distance_low", "mean_distance_high"),
)
LOOKS = {
    "default": Look("default", "#D55E00", SOLID, "D"),
    "learnt": Look("learnt", "#0072B2", SOLID, "o"),
    "size_weighted_rloo": Look("size-weighted RLOO", "#E69F00", SOLID, "p"),
    "adaptive_loo_sizes": Look("learnt from sizes", "#009E73", SOLID, "s"),
    "adaptive_loo": Look("learnt from a sketch", "#009E73", SOLID, "P"),
    "oracle": Look("oracle", "#56B4E9", DASHED, "^"),
}
IN_ORDER = (
    *("default", "reinforce", "pkpo", "centered_loo", "maxk_rloo", "size_weighted_rloo"),
    *("learnt", "adaptive_loo_sizes", "adaptive_loo", "oracle"),
)
ROWS = (("to_near", "steps to 90%"), ("mean_distance", "mean distance"))
SPREAD = 0.6
SETUP = ["problem", "n", "optimiser"]


def draw(frame: pd.DataFrame, axes: AxesArray) -> AxesArray:
    """A column for each problem; in it, for each k, a dot with its interval for each estimator."""
    grid = np.atleast_2d(axes)
    for column, ((name, n, optimiser), part) in enumerate(frame.groupby(SETUP, sort=False)):
        title = f"{plain(name).replace('_', ' ')}\n$n$ = {n}, {optimiser}"
        grid[0, column].set_title(title, size=7.5)
        for row, (value, label) in enumerate(ROWS):
            _dots(grid[row, column], part, value)
            if column == 0:
                grid[row, column].set_ylabel(label)
    return axes


def _legend(frame: pd.DataFrame) -> Legend:
    handles = [
        Line2D([], [], linestyle="", marker=look.marker, color=look.colour, label=look.label)
        for look in map(_look, _in_order(frame))
    ]
    return Legend(handles, 5 if len(handles) <= 5 else 3, "means of the runs; bars: 95% interval")


def _look(name: str) -> Look:
    return LOOKS[name] if name in LOOKS else estimator_look(name)


def _in_order(frame: pd.DataFrame) -> list[str]:
    """From what is usual to what knows most; names that are not known here last."""
    found = frame["estimator"].drop_duplicates()
    known = [name for name in IN_ORDER if name in set(found)]
    return known + sorted(set(found) - set(known))


def _dots(panel: Axes, part: pd.DataFrame, value: str) -> None:
    ks = sorted(part["k"].unique())
    names = _in_order(part)
    for turn, name in enumerate(names):
        own = part[part["estimator"] == name]
        x = own["k"].map(ks.index) + SPREAD * ((turn + 0.5) / len(names) - 0.5)
        look = _look(name)
        bars = [own[value] - own[f"{value}_low"], own[f"{value}_high"] - own[value]]
        panel.errorbar(x, own[value], yerr=bars, fmt=look.marker, color=look.colour, markersize=3.6)
    panel.set_xticks(range(len(ks)), [f"$k$ = {k}" for k in ks])
    panel.set_xlim(-0.5, len(ks) - 0.5)
    panel.set_ylim(bottom=0)
    panel.tick_params(axis="x", length=0)


def fit(frame: pd.DataFrame) -> tuple[tuple[int, int], tuple[float, float]]:
    """As wide as there are problems, and estimators of each."""
    problems = len(frame.drop_duplicates(SETUP))
    wide = 1.4 * max(1.0, frame["estimator"].nunique() / 5)
    return (len(ROWS), problems), (max(3.4, 0.5 + wide * problems), 4.2)


FIGURE = Figure(
    draw,
    COLUMNS,
    size=(7.4, 4.2),
    panels=(2, 5),
    fit=fit,
    legend=_legend,
    shows=("problem", "options", "n", "k", "optimiser", "estimator", "steps", "step_sizes"),
    wide=True,
)
