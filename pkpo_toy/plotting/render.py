"""From a frame to a figure, and to the bytes of a picture; the same frame gives the same bytes."""

from collections.abc import Mapping, Sequence
from io import BytesIO
from typing import Any

import matplotlib.figure
import numpy as np
import pandas as pd
from matplotlib.figure import FigureBase, SubFigure

from pkpo_toy.errors import unknown
from pkpo_toy.plotting import over_setting
from pkpo_toy.plotting.figure import AxesArray, Figure, Layout, by, ravel
from pkpo_toy.plotting.figures import FIGURES
from pkpo_toy.plotting.parts import legend_below
from pkpo_toy.plotting.series import IDENTITY, with_series
from pkpo_toy.plotting.style import FAINT, styled
from pkpo_toy.plotting.sweeps import SEED, Arrangement, arrange
from pkpo_toy.plotting.words import in_lines, setting, shown, subtitle

# Neither date nor version goes into the file, so that bytes differ only where the picture does.
METADATA: dict[str, dict[str, str | None]] = {
    "png": {"Software": None},
    "svg": {"Date": None, "Creator": None},
    "pdf": {"CreationDate": None, "Creator": None, "Producer": None},
}
KINDS = ("png", "svg")
"""Of picture; a PDF comes on demand."""
SOURCE = {"png": "Source", "svg": "Source", "pdf": "Subject"}
"""What the metadata call that from which a figure was drawn."""
DOTS_PER_INCH = 200
BLOCK_WIDTH, BLOCK_HEIGHT = 2.6, 1.75  # of a panel, where panels stand in a column
LINE = 0.2  # inches of height for each line of title and subtitle
LETTERS, TITLE_LETTERS = 15, 12  # of a subtitle and of a title in an inch of width


def draw(
    name: str,
    frame: pd.DataFrame,
    *,
    title: str = "",
    settings: Mapping[str, Any] | None = None,
    swept: Sequence[str] = (),
) -> matplotlib.figure.Figure:
    """The figure of that name drawn from its frame.

    title: its heading. settings: name -> value of all settings, for the subtitle. swept: the
    settings that differ between the cells, each a column of the frame.

    Raises InputError for a name without a figure and for a frame without its columns or rows.
    """
    if name not in FIGURES:
        raise unknown("figure", name, FIGURES)
    figure = FIGURES[name]
    figure.check(name, frame)
    if figure.heading and settings:
        about = figure.heading(settings)
        title = f"{title} ({about})" if title else about[:1].upper() + about[1:]
    plan = arrange(figure, figure.select(frame) if figure.select else frame, swept)
    rows = plan.frame
    if set(IDENTITY) <= set(rows):
        rows = with_series(rows, plan.curves, apart=(plan.across, plan.down))
    if plan.along:
        assert figure.end is not None
        rows = figure.end(rows)
        figure = over_setting.figure(figure, plan.along)
    below = ", ".join(filter(None, (figure.about, subtitle(settings or {}, figure.says, swept))))
    with styled():
        canvas = _blocks(figure, plan, rows, title, below)
        if figure.legend:
            notes = [*pooled_seeds(settings or {}, swept), *plan.notes]
            legend_below(canvas, figure.legend(rows), "; ".join(notes))
    return canvas


def pooled_seeds(settings: Mapping[str, Any], swept: Sequence[str]) -> list[str]:
    """A note that seeds were swept: their runs are drawn as those of one cell."""
    if SEED not in swept:
        return []
    return [f"seeds {shown(settings[SEED])} pooled" if SEED in settings else "seeds pooled"]


def _blocks(
    figure: Figure, plan: Arrangement, frame: pd.DataFrame, title: str, below: str
) -> matplotlib.figure.Figure:
    """The figure once for each value of the settings across and down, on common scales."""
    grid = [
        [(across, down, part) for across, part in _split(row, plan.across)]
        for down, row in _split(frame, plan.down)
    ]
    if figure.wide or (plan.across and not plan.down and len(grid[0]) > 4):
        grid = _wrapped(grid, 1 if figure.wide else 3)
    count = sum(map(len, grid))
    shape, size = _layout(figure, frame, count, len(grid), len(grid[0]))
    canvas, inner = _headed(size, title, below)
    places: Any = [[inner]]
    if count > 1:
        places = inner.subfigures(len(grid), len(grid[0]), squeeze=False)
    drawn = []
    for place_row, part_row in zip(places, grid, strict=True):
        for place, (across, down, part) in zip(place_row, part_row, strict=False):
            axes = _axes(figure, place, *shape, stacked=count > 1 and not figure.wide)
            figure.draw(part, axes)
            drawn.append([panel for panel in ravel(axes) if panel.figure is not None])
            said = [setting(*one) for one in ((plan.across, across), (plan.down, down)) if one[0]]
            if said:
                place.suptitle(", ".join(said), fontsize=9)
    if count > 1:
        if not figure.wide:
            _label_once(drawn)
        _common_scales(drawn)
    return canvas


def _headed(
    size: tuple[float, float], title: str, below: str
) -> tuple[matplotlib.figure.Figure, FigureBase]:
    """A figure with its title and subtitle, and the part of it that is to be drawn in."""
    width, height = size
    lines = in_lines(below, round(LETTERS * width))
    titles = in_lines(title, round(TITLE_LETTERS * width))
    height += LINE * (len(lines) + len(titles))
    canvas = matplotlib.figure.Figure(figsize=(width, height), layout="constrained")
    if title:
        canvas.suptitle("\n".join(titles), x=0.01, ha="left")
    if not below:
        return canvas, canvas
    (inner,) = canvas.subfigures(1, 1, squeeze=False)[0]
    looks: dict[str, Any] = {"fontsize": 8, "fontweight": "normal", "color": FAINT}
    inner.suptitle("\n".join(lines), x=0.01, ha="left", **looks)
    return canvas, inner


def _split(frame: pd.DataFrame, name: str) -> list[tuple[Any, pd.DataFrame]]:
    return by(frame, name) if name else [(None, frame)]


def _wrapped(grid: list[list[Any]], columns: int) -> list[list[Any]]:
    """All blocks in rows of so many."""
    every = [block for row in grid for block in row]
    return [every[start : start + columns] for start in range(0, len(every), columns)]


def _layout(figure: Figure, frame: pd.DataFrame, count: int, down: int, across: int) -> Layout:
    """Panels of a block, and the size of all blocks."""
    (rows, columns), (width, height) = figure.layout(frame)
    if count == 1:
        return (rows, columns), (width, height)
    if figure.wide:
        return (rows, columns), (width, (height + 0.2) * down)
    if rows * columns == 1:
        return (rows, columns), (width * across, height * down)
    size = BLOCK_WIDTH * across + 0.3, (BLOCK_HEIGHT * rows * columns + 0.25) * down + 0.6
    return (rows, columns), (max(size[0], 5.0), size[1])


def _axes(
    figure: Figure,
    place: matplotlib.figure.Figure | SubFigure,
    rows: int,
    columns: int,
    *,
    stacked: bool,
) -> AxesArray:
    """The panels of a block in reading order: as the figure has them, or below each other."""
    if stacked:
        column: AxesArray = np.asarray(place.subplots(rows * columns, 1, squeeze=False))
        return column.reshape(rows, columns)
    widths = figure.widths
    return np.asarray(place.subplots(rows, columns, squeeze=False, width_ratios=widths))


def _label_once(blocks: list[list[Any]]) -> None:
    """Of a block's panels below each other with the same x axis, only the last says what it is."""
    for panels in blocks:
        labels = {panel.get_xlabel() for panel in panels}
        for panel in panels[:-1] if len(labels) == 1 else []:
            panel.set_xlabel("")


def _common_scales(blocks: list[list[Any]]) -> None:
    """The same limits for panels at the same place, so that blocks can be compared at a glance."""
    for panels in zip(*blocks, strict=False):
        if any(panel.get_yscale() != panels[0].get_yscale() or panel.images for panel in panels):
            continue
        lows, highs = zip(*(panel.get_ylim() for panel in panels), strict=True)
        for panel in panels:
            if lows[0] < highs[0]:
                panel.set_ylim(min(lows), max(highs))


def render(
    name: str,
    frame: pd.DataFrame,
    *,
    title: str = "",
    settings: Mapping[str, Any] | None = None,
    swept: Sequence[str] = (),
    source: str | None = None,
    kinds: Sequence[str] = KINDS,
) -> dict[str, bytes]:
    """The figure as {"png": bytes, "svg": bytes}; takes and raises what `draw` does.

    source: what it was drawn from, said in the files' metadata. kinds: "pdf" may be among them.
    """
    with styled():
        canvas = draw(name, frame, title=title, settings=settings, swept=swept)
        return {kind: _saved(canvas, kind, source) for kind in kinds}


def _saved(canvas: matplotlib.figure.Figure, kind: str, source: str | None) -> bytes:
    buffer = BytesIO()
    metadata = METADATA[kind] | ({SOURCE[kind]: source} if source else {})
    canvas.savefig(buffer, format=kind, dpi=DOTS_PER_INCH, metadata=metadata)
    return buffer.getvalue()
