"""Pictures as a GIF that loops, and a figure as one of the pictures."""

from collections.abc import Sequence
from io import BytesIO

import matplotlib.figure
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from PIL import Image

DOTS_PER_INCH = 150
WIDTH = 6.4  # inches
COLOURS = 96
NEARLY_WHITE = 246


def picture(figure: matplotlib.figure.Figure) -> Image.Image:
    """The figure as it stands, in the width that all GIFs have."""
    figure.set_dpi(DOTS_PER_INCH * WIDTH / figure.get_figwidth())
    canvas = FigureCanvasAgg(figure)
    canvas.draw()  # type: ignore[no-untyped-call]
    pixels = np.asarray(canvas.buffer_rgba())  # type: ignore[no-untyped-call]
    return Image.fromarray(pixels).convert("RGB")


def gif(images: Sequence[Image.Image], milliseconds: Sequence[int]) -> bytes:
    """The pictures, each shown for so long, in an endless loop; the same input, the same bytes."""
    buffer = BytesIO()
    first, *rest = _with_one_palette(images)
    first.save(
        buffer,
        format="GIF",
        save_all=True,
        append_images=rest,
        duration=list(milliseconds),
        loop=0,
    )
    return buffer.getvalue()


def _with_one_palette(images: Sequence[Image.Image]) -> list[Image.Image]:
    """The colours of the first and the last picture for all, so that no shade flickers."""
    width, height = images[0].size
    ends = Image.new("RGB", (width, 2 * height))
    ends.paste(images[0], (0, 0))
    ends.paste(images[-1], (0, height))
    palette = ends.quantize(COLOURS)
    colours = np.array(palette.getpalette()).reshape(-1, 3)
    # The paper shares a palette entry with shades beside it, which leaves it a little grey.
    colours[colours.min(axis=1) >= NEARLY_WHITE] = 255
    palette.putpalette(colours.ravel().tolist())
    return [image.quantize(palette=palette, dither=Image.Dither.NONE) for image in images]
