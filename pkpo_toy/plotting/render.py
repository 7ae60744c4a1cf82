"""From a frame to the bytes of a picture; the same frame gives the same bytes."""

from io import BytesIO

import matplotlib.figure
import pandas as pd

from pkpo_toy.errors import unknown
from pkpo_toy.plotting.style import styled
from pkpo_toy.plotting.table import FIGURES

# Neither date nor version goes into the file, so that bytes differ only where the picture does.
METADATA: dict[str, dict[str, str | None]] = {
    "png": {"Software": None},
    "svg": {"Date": None, "Creator": None},
}
DOTS_PER_INCH = 200


def draw(name: str, frame: pd.DataFrame, *, title: str | None = None) -> matplotlib.figure.Figure:
    """The figure of a study drawn from its frame.

    Raises InputError for a name without a figure and for a frame without its columns or rows.
    """
    if name not in FIGURES:
        raise unknown("figure", name, FIGURES)
    figure = FIGURES[name]
    figure.check(name, frame)
    (rows, columns), size = figure.layout(frame)
    with styled():
        canvas = matplotlib.figure.Figure(figsize=size, layout="constrained")
        figure.draw(frame, canvas.subplots(rows, columns, squeeze=False))
        if title:
            canvas.suptitle(title)
    return canvas


def render(
    name: str, frame: pd.DataFrame, *, title: str | None = None, source: str | None = None
) -> dict[str, bytes]:
    """The figure as {"png": bytes, "svg": bytes}; raises what `draw` raises.

    source: what it was drawn from, said in the files' metadata.
    """
    with styled():
        canvas = draw(name, frame, title=title)
        return {kind: _saved(canvas, kind, source) for kind in METADATA}


def _saved(canvas: matplotlib.figure.Figure, kind: str, source: str | None) -> bytes:
    buffer = BytesIO()
    metadata = METADATA[kind] | ({"Source": source} if source else {})
    canvas.savefig(buffer, format=kind, dpi=DOTS_PER_INCH, metadata=metadata)
    return buffer.getvalue()
