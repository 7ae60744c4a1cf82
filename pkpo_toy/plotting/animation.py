"""A small looping picture of policies that move step by step, for slides."""

from collections.abc import Callable
from io import BytesIO

import matplotlib.figure
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.colors import Normalize
from matplotlib.ticker import MaxNLocator
from PIL import Image

from pkpo_toy.plotting.figure import AxesArray, Figure, by, ravel
from pkpo_toy.plotting.style import label_look, styled

COLUMNS = ("label", "step", "arm", "probability", "reward", "pass_at_k")
DOTS_PER_INCH = 110
COLOURS = 96
NEARLY_WHITE = 246
# The last frame stays on the slide for this many times the length of the others.
HOLD = 20


def draw(frame: pd.DataFrame, axes: AxesArray) -> AxesArray:
    """The policies at one step side by side: a bar per arm, the darker the better its reward."""
    shade = Normalize(min(0.0, frame["reward"].min()), frame["reward"].max())
    for panel, (label, part) in zip(ravel(axes), by(frame, "label"), strict=True):
        look = label_look(label)
        colours = sns.light_palette(look.colour, as_cmap=True)(shade(part["reward"].to_numpy()))
        panel.bar(part["arm"], part["probability"], color=colours, width=0.9)
        panel.set_title(f"{look.label}:  pass@$k$ = {part['pass_at_k'].iloc[0]:.3f}", loc="left")
        panel.set_xlabel("arm (darker: higher reward)")
        panel.xaxis.set_major_locator(MaxNLocator(8, integer=True))
    first = ravel(axes)[0]
    first.set_ylabel(r"$\pi$(arm)")
    first.figure.suptitle(f"step {frame['step'].iloc[0]}", x=0.99, ha="right")
    return axes


def animate(
    frame: pd.DataFrame,
    draw_frame: Callable[[pd.DataFrame, AxesArray], AxesArray] = draw,
    *,
    milliseconds: int = 80,
) -> bytes:
    """The steps of a frame as a GIF that loops; one panel per label, all on one scale.

    `frame` has the columns label, step, arm, probability, reward, pass_at_k; `draw_frame` draws the
    rows of one step on the axes of its panels.

    Raises: InputError for a frame without its columns or rows.
    """
    Figure(draw_frame, COLUMNS).check("animation", frame)
    with styled():
        images = [_picture(frame, part, draw_frame) for _, part in by(frame, "step")]
    buffer = BytesIO()
    first, *rest = _with_one_palette(images)
    durations = [milliseconds] * len(rest) + [HOLD * milliseconds]
    first.save(buffer, format="GIF", save_all=True, append_images=rest, duration=durations, loop=0)
    return buffer.getvalue()


def _picture(
    frame: pd.DataFrame,
    part: pd.DataFrame,
    draw_frame: Callable[[pd.DataFrame, AxesArray], AxesArray],
) -> Image.Image:
    count = frame["label"].nunique()
    canvas = matplotlib.figure.Figure(figsize=(3.2 * count, 2.6), layout="constrained")
    axes = canvas.subplots(1, count, squeeze=False, sharey=True)
    draw_frame(part, axes)
    axes[0, 0].set_ylim(0.0, 1.05 * frame["probability"].max())
    buffer = BytesIO()
    canvas.savefig(buffer, format="png", dpi=DOTS_PER_INCH)
    with Image.open(buffer) as image:
        return image.convert("RGB")


def _with_one_palette(images: list[Image.Image]) -> list[Image.Image]:
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
