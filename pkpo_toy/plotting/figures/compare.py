"""Figure of `compare`: pass@k before and after over k, with bands, and where the two cross."""

from math import log2

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from pkpo_toy.plotting.figure import AxesArray, Figure, Legend, by, ravel
from pkpo_toy.plotting.parts import band, curve, key, log_ticks
from pkpo_toy.plotting.style import DASHED, FAINT, INK, SOLID, Look, plain

COLUMNS = ("k", "before", "before_low", "before_high", "after", "after_low", "after_high")
COLOURS = ("#D55E00", "#0072B2", "#009E73", "#882255", "#E69F00", "#56B4E9")
"""Of the models after BEFORE, which is black."""


def draw(frame: pd.DataFrame, axes: AxesArray) -> AxesArray:
    """Both curves with their 95% intervals; a line at the crossing, grey over its interval."""
    (panel,) = ravel(axes)
    before, *looks = _looks(frame)
    for number, (look, (_, part)) in enumerate(zip(looks, _models(frame), strict=True)):
        if not number:
            _curve(panel, part, "before", before)
        _curve(panel, part, "after", look)
        _mark(panel, part, look)
    log_ticks(panel, "x")
    panel.set_xlim(frame["k"].min(), frame["k"].max() * 1.02)
    measure = str(frame["measure"].iloc[0]) if "measure" in frame else "pass@k"
    panel.set(xlabel="$k$", ylabel=measure.replace("@k", "@$k$").replace("^k", "^$k$"))
    return axes


def _models(frame: pd.DataFrame) -> list[tuple[str, pd.DataFrame]]:
    return by(frame.assign(after_name=frame.get("after_name", "after")), "after_name")


def _looks(frame: pd.DataFrame) -> list[Look]:
    """That of BEFORE, then those of the models after it."""
    named = str(frame["before_name"].iloc[0]) if "before_name" in frame else "before"
    return [
        Look(plain(named), INK, DASHED, ""),
        *(
            Look(plain(name), COLOURS[number % len(COLOURS)], SOLID, "")
            for number, (name, _) in enumerate(_models(frame))
        ),
    ]


def _legend(frame: pd.DataFrame) -> Legend:
    looks = _looks(frame)
    crossed = "crossing" in frame and frame["crossing"].notna().any()
    note = "bands: 95% interval over problems" + "; grey: of the crossing" * bool(crossed)
    columns = 2 if max(len(look.label) for look in looks) < 16 else 1
    return Legend([key(look, marker="") for look in looks], columns, note)


def _curve(panel: Axes, part: pd.DataFrame, model: str, look: Look) -> None:
    part = part.sort_values("k")
    band(panel, part["k"], part[f"{model}_low"], part[f"{model}_high"], look)
    curve(panel, part["k"], part[model], look, marker="")


def _mark(panel: Axes, part: pd.DataFrame, look: Look) -> None:
    """The crossing, where there is one; its interval ends with the axis where it is open."""
    if "crossing" not in part or part["crossing"].isna().all():
        return
    at = part["crossing"].iloc[0]
    low, high = part["crossing_low"].iloc[0], part["crossing_high"].iloc[0]
    high = high if np.isfinite(high) else part["k"].max()
    panel.axvspan(low, high, color=FAINT, alpha=0.15, linewidth=0, zorder=0)
    panel.axvline(at, color=look.colour, linewidth=0.9, zorder=1)
    left = log2(at) > log2(part["k"].max()) / 2
    panel.annotate(
        f"cross at $k$ = {at:g}",
        (at, 0.02),
        xycoords=("data", "axes fraction"),
        xytext=(-3 if left else 3, 0),
        textcoords="offset points",
        ha="right" if left else "left",
        color=look.colour,
        size=7,
    )


FIGURE = Figure(draw, COLUMNS, size=(3.6, 3.2), legend=_legend)
