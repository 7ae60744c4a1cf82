"""A figure drawn for a test, and what can be read off its axes."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import matplotlib
import numpy as np
import pandas as pd
from matplotlib import pyplot
from matplotlib.collections import LineCollection, PolyCollection
from matplotlib.figure import Figure

from pkpo_toy.plotting.render import draw
from tests.plotting.frames import FRAMES


@contextmanager
def left_alone(frame: pd.DataFrame) -> Iterator[pd.DataFrame]:
    """What drawing must leave as it is."""
    before, settings = frame.copy(), dict(matplotlib.rcParams)
    yield frame
    assert pyplot.get_fignums() == []
    assert settings == dict(matplotlib.rcParams)
    assert frame.equals(before)


@cache
def usual_figure(name: str) -> Figure:
    """The figure of `name`, drawn from its hand-made frame; drawn and laid out once."""
    with left_alone(FRAMES[name]()) as frame:
        canvas = draw(name, frame)
        canvas.draw_without_rendering()
    canvas.set_layout_engine("none")
    return canvas


def usual_panels_of(name: str) -> list:
    """The axes of that figure."""
    return panels_in(usual_figure(name))


def panels_of(name: str, frame: pd.DataFrame, **options: Any) -> list:
    """The axes of the figure of `name`, drawn from `frame`."""
    canvas = draw(name, frame, **options)
    canvas.get_layout_engine().execute(canvas)
    return panels_in(canvas)


def panels_in(canvas: Figure) -> list:
    """The axes of a figure: a colour bar is no panel."""
    return [panel for panel in canvas.axes if panel.get_label() != "<colorbar>"]


def lines(panel, label: str) -> np.ndarray:
    """Points (m, 2) of the one line that carries this label, or whose error bars carry it."""
    found = [line for line in panel.get_lines() if line.get_label() == label]
    bars = [bar.lines[0] for bar in panel.containers if bar.get_label() == label]
    (line,) = [*found, *bars]
    return np.column_stack([line.get_xdata(), line.get_ydata()]).astype(float)


def bar_ends(panel, label: str) -> np.ndarray:
    """(m, 2): lower and upper end of each vertical error bar of this label."""
    (bar,) = [bar for bar in panel.containers if bar.get_label() == label]
    (segments,) = [part for part in bar.lines[2] if isinstance(part, LineCollection)]
    return np.array([segment[:, 1] for segment in segments.get_segments()], dtype=float)


def bands(panel) -> list[tuple[float, float]]:
    """Lowest and highest y of each shaded band."""
    found = [one for one in panel.collections if isinstance(one, PolyCollection)]
    paths = [one.get_paths()[0].vertices[:, 1] for one in found]
    return [(float(path.min()), float(path.max())) for path in paths]


def legend_of(panel) -> list[str]:
    """Entries of the figure's legend, its heading first."""
    (legend,) = panel.get_figure(root=True).legends
    return [legend.get_title().get_text(), *(text.get_text() for text in legend.get_texts())]
