"""One rule for all figures: how the settings that were swept are told apart.

1. What a figure shows by itself keeps its place: its x axis, its colours (k, or the estimator),
   its panels. A setting that never differs where these agree needs no place.
2. Seeds are replicates: their runs were pooled before, and the note below the figure says so.
3. The next setting: curves of their own where the figure draws curves and k is the same in all;
   the x axis, over what is reached at the end, for a number of more than MOST values; else a block
   of panels for each value, side by side.
4. One more: blocks below each other, so that the two make a grid.
5. What is left is drawn at its first value, and the note says so and how to pick another.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import pandas as pd

from pkpo_toy.plotting.figure import Figure
from pkpo_toy.plotting.words import setting, setting_name

MOST = 6  # values that are told apart by curves or blocks
SEED = "seed"


@dataclass(frozen=True)
class Arrangement:
    """The rows to draw, and the place of each swept setting that the figure does not show."""

    frame: pd.DataFrame
    curves: tuple[str, ...] = ()
    along: str = ""
    across: str = ""
    down: str = ""
    notes: list[str] = field(default_factory=list)


def arrange(figure: Figure, frame: pd.DataFrame, swept: Sequence[str]) -> Arrangement:
    """Give every swept setting its place by the rule above.

    swept: the columns of the frame that hold settings which differ between its cells.
    """
    # A list of which a column holds one entry (k_eval) has a column of its own.
    swept = [f"{name}_setting" if f"{name}_setting" in frame else name for name in swept]
    own = [name for name in figure.shows if name in swept and name in frame]
    free: list[str] = []
    for name in swept:
        known = name not in frame or name in own or name == SEED
        if not known and not _determined(frame, name, [*own, *free]):
            free.append(name)
    notes: list[str] = []
    curves, along = "", ""
    if free and figure.end and figure.x not in swept and _many(frame, free):
        along = _many(frame, free)[0]
        free.remove(along)
    elif free and figure.curves and not own and frame[free[0]].nunique(dropna=False) <= MOST:
        curves = free.pop(0)
    across, down, *rest = [*free, "", ""]
    for name in filter(None, rest):
        first = frame[name].iloc[0]
        frame = frame[frame[name] == first]
        notes.append(f"only {setting(name, first)} is drawn (another: --set {name}=...)")
    for name in filter(None, (across, down)):
        frame, note = _thinned(frame, name)
        notes += note
    return Arrangement(frame, (curves,) if curves else (), along, across, down, notes)


def _determined(frame: pd.DataFrame, name: str, others: list[str]) -> bool:
    """Whether the setting is the same wherever the others are."""
    if not others:
        return frame[name].nunique(dropna=False) == 1
    counts = frame.groupby(others, dropna=False)[name].nunique(dropna=False)
    return bool((counts <= 1).all())


def _many(frame: pd.DataFrame, names: list[str]) -> list[str]:
    """The settings that are numbers of more than MOST values."""
    return [
        name
        for name in names
        if pd.api.types.is_numeric_dtype(frame[name]) and frame[name].nunique() > MOST
    ]


def _thinned(frame: pd.DataFrame, name: str) -> tuple[pd.DataFrame, list[str]]:
    """At most MOST values of the setting, evenly spread, and a note if some are left out."""
    values = list(frame[name].drop_duplicates())
    if len(values) <= MOST:
        return frame, []
    kept = [values[round(place * (len(values) - 1) / (MOST - 1))] for place in range(MOST)]
    text = f"{MOST} of {len(values)} values of {setting_name(name)} are drawn"
    return frame[frame[name].isin(kept)], [text]
