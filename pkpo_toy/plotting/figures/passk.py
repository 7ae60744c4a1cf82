"""Figure of `passk`: pass@k (or what `measure` says) over k, from real sampling results."""

import pandas as pd

from pkpo_toy.plotting.figure import AxesArray, Figure, ravel
from pkpo_toy.plotting.parts import band, curve, log_ticks, note, powers
from pkpo_toy.plotting.style import ESTIMATOR_LOOKS

COLUMNS = ("k", "value", "low", "high", "problems")
FEW = 12
"""Points, at most, that are marked one by one."""


def draw(frame: pd.DataFrame, axes: AxesArray) -> AxesArray:
    """The mean over problems with its 95% interval, where there is more than one problem."""
    (panel,) = ravel(axes)
    part, look = frame.sort_values("k"), ESTIMATOR_LOOKS["pkpo"]
    few = len(part) <= FEW
    curve(panel, part["k"], part["value"], look, marker="o" if few else "")
    band(panel, part["k"], part["low"], part["high"], look)
    powers(panel, part["k"]) if few else log_ticks(panel, "x")
    problems = int(part["problems"].max())
    interval = "; band: 95% interval" if part["low"].notna().any() else ""
    note(panel, f"{problems} problem{'s' if problems > 1 else ''}{interval}")
    measure = str(part["measure"].iloc[0]) if "measure" in part else "pass@k"
    panel.set(xlabel="$k$", ylabel=measure.replace("@k", "@$k$"))
    return axes


FIGURE = Figure(draw, COLUMNS, size=(3.5, 2.8))
