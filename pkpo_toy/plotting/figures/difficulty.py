"""Figure of `difficulty`: what training for each k solves, over how hard the problems were."""

from functools import partial

import pandas as pd
from matplotlib.axes import Axes

from pkpo_toy.plotting.figure import AxesArray, Figure, Layout, by, ravel
from pkpo_toy.plotting.figures.learning_curves import SHOWS
from pkpo_toy.plotting.parts import dots_with_bars, letter, log_ticks
from pkpo_toy.plotting.series import IDENTITY, curves, legend

COLUMNS = (
    *(*IDENTITY, "features", "success_rate", "k_eval", "value", "low", "high"),
    *("solved", "solved_low", "solved_high"),
)
DODGE = 1.07  # so that no bar hides another
ENDS = {"value": ("low", "high"), "solved": ("solved_low", "solved_high")}


def draw(frame: pd.DataFrame, axes: AxesArray) -> AxesArray:
    """A row of panels for each number of shared features: ever solved, then pass@k_eval."""
    panels = iter(enumerate(ravel(axes)))
    for features, row in by(frame, "features"):
        groups = by(row, "k_eval")
        titles = ["solved at least once", *(f"pass@{k} at the end" for k, _ in groups)]
        shown = [("solved", groups[0][1]), *(("value", part) for _, part in groups)]
        for title, (column, part) in zip(titles, shown, strict=True):
            number, panel = next(panels)
            _draw_panel(panel, part, column)
            letter(panel, number, title)
            if column == "solved":
                panel.set_ylabel(f"{features:g} features shared" if features else "own logits each")
    for _, panel in panels:
        panel.remove()
    return axes


def _draw_panel(panel: Axes, part: pd.DataFrame, column: str) -> None:
    groups = curves(part)
    low, high = ENDS[column]
    for turn, (look, unsorted) in enumerate(groups):
        rows = unsorted.sort_values("success_rate")
        place = rows["success_rate"] * DODGE ** (turn - (len(groups) - 1) / 2)
        bars = [rows[column] - rows[low], rows[high] - rows[column]]
        dots_with_bars(panel, place, rows[column], bars, look)
    log_ticks(panel, "x")
    panel.set(ylim=(-0.03, 1.03), xlabel="success rate before training")


def fit(frame: pd.DataFrame) -> Layout:
    """A row for each number of features, a column for what is solved and for each k_eval."""
    rows, columns = frame["features"].nunique(), 1 + frame["k_eval"].nunique()
    return (rows, columns), (2.5 * columns, 0.7 + 2.1 * rows)


FIGURE = Figure(
    draw,
    COLUMNS,
    size=(7.5, 4.9),
    panels=(2, 3),
    fit=fit,
    legend=partial(legend, columns=4, note="bars: 95% interval over problem sets"),
    shows=(*SHOWS, "features", "rates"),
    about="the hard half of each problem set",
    says=("sets", "problems", "replicates", "steps", "n", "optimiser"),
)
