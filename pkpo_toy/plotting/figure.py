"""What a figure is: a function that draws a frame on axes, its size, its panels and its columns."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from pkpo_toy.errors import InputError

AxesArray = NDArray[Any]
Layout = tuple[tuple[int, int], tuple[float, float]]


@dataclass(frozen=True)
class Legend:
    """Entries of the one legend below all panels, in how many columns, and what bars mean."""

    handles: Sequence[Line2D]
    columns: int
    note: str = ""


@dataclass(frozen=True)
class Figure:
    """How a study's frame becomes a picture.

    `panels` is (rows, columns) and `size` (width, height) in inches; `fit` gives both for a frame
    where they depend on what is in it; `widths` are the relative widths of the columns.
    `shows` are the settings that the figure tells apart by itself; what else was swept is shown
    by the rule of `sweeps`. `curves`: a further setting may be told apart by curves;
    `select` keeps the rows that become curves. `x`: the
    setting on the x axis, if it is one. `end`: the frame of what is reached, for a figure over a
    number of many values. `about`: the problem in words, and
    `says`: the settings that the subtitle names. `over_steps`: its panels
    run over training steps, so that it can be animated. `wide`: panels stay side by side.
    """

    draw: Callable[[pd.DataFrame, AxesArray], AxesArray]
    columns: tuple[str, ...]
    size: tuple[float, float] = (7.0, 3.0)
    panels: tuple[int, int] = (1, 1)
    fit: Callable[[pd.DataFrame], Layout] | None = None
    widths: tuple[float, ...] | None = None
    legend: Callable[[pd.DataFrame], Legend] | None = None
    shows: tuple[str, ...] = ()
    curves: bool = False
    select: Callable[[pd.DataFrame], pd.DataFrame] | None = None
    x: str = ""
    end: Callable[[pd.DataFrame], pd.DataFrame] | None = None
    about: str = ""
    says: tuple[str, ...] = ()
    heading: Callable[[Mapping[str, Any]], str] | None = None
    over_steps: bool = False
    wide: bool = False

    def layout(self, frame: pd.DataFrame) -> Layout:
        """Panels and size for this frame."""
        return self.fit(frame) if self.fit else (self.panels, self.size)

    def check(self, name: str, frame: pd.DataFrame) -> None:
        """Raises InputError naming the columns the frame lacks, or that it has no rows."""
        missing = [column for column in self.columns if column not in frame.columns]
        if missing:
            raise InputError(
                f"the figure {name!r} needs the columns {', '.join(self.columns)}; "
                f"missing: {', '.join(missing)}."
            )
        if frame.empty:
            raise InputError(f"the figure {name!r} needs at least one row, got none.")


def by(frame: pd.DataFrame, column: str) -> list[tuple[Any, pd.DataFrame]]:
    """The rows of each value of a column: numbers ascending, names in order of appearance."""
    ascending = pd.api.types.is_numeric_dtype(frame[column])
    return list(frame.groupby(column, sort=ascending))


def ravel(axes: AxesArray) -> list[Any]:
    """The axes of the panels in reading order."""
    return list(np.ravel(axes))
