"""What a figure is: a function that draws a frame on axes, its size, its panels and its columns."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pkpo_toy.errors import InputError

AxesArray = NDArray[Any]


@dataclass(frozen=True)
class Figure:
    """How a study's frame becomes a picture.

    `panels` is (rows, columns) and `size` (width, height) in inches; `fit` gives both for a frame
    where they depend on what is in it.
    """

    draw: Callable[[pd.DataFrame, AxesArray], AxesArray]
    columns: tuple[str, ...]
    size: tuple[float, float] = (7.0, 3.0)
    panels: tuple[int, int] = (1, 1)
    fit: Callable[[pd.DataFrame], tuple[tuple[int, int], tuple[float, float]]] | None = None

    def layout(self, frame: pd.DataFrame) -> tuple[tuple[int, int], tuple[float, float]]:
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
