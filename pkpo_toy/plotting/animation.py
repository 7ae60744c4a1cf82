"""A small looping picture of policies that move step by step, for slides."""

from collections.abc import Callable
from textwrap import fill

import matplotlib.figure
import numpy as np
import pandas as pd
from matplotlib.ticker import MaxNLocator
from PIL import Image

from pkpo_toy.plotting.figure import AxesArray, Figure, by, ravel
from pkpo_toy.plotting.gif import WIDTH, gif, picture
from pkpo_toy.plotting.style import PALE, k_look, plain, styled

COLUMNS = ("k", "step", "arm", "probability", "reward", "pass_at_1", "pass_at_16")
HEIGHT = 2.7
LINE = 96  # characters of a caption
TALLEST = 0.92  # of the panel's height, for the best reward
# The last frame stays on the slide for this many times the length of the others, a new caption
# long enough to be read.
HOLD, READ = 20, 38


def draw(frame: pd.DataFrame, axes: AxesArray) -> AxesArray:
    """The policies at one step side by side: a bar per arm, its reward as a grey shape behind it.

    A column `caption`, if there is one, is a sentence below them.
    """
    for panel, (k, part) in zip(ravel(axes), by(frame, "k"), strict=True):
        look = k_look(k)
        arms, rewards = part["arm"].to_numpy(float), part["reward"].to_numpy().clip(0)
        gap = np.diff(arms).min() if len(arms) > 1 else 1.0
        edges = np.append(arms - gap / 2, arms[-1] + gap / 2)
        height = TALLEST * rewards / (rewards.max() or 1.0)
        panel.stairs(height, edges, fill=True, color=PALE, transform=panel.get_xaxis_transform())
        panel.stairs(part["probability"], edges, fill=True, color=look.colour, gid="policy")
        first = part.iloc[0]
        single, many = first["pass_at_1"], first["pass_at_16"]
        panel.set_title(
            f"trained for {look.label}\npass@1 {single:.3f}   pass@16 {many:.3f}", loc="left"
        )
        panel.set_xlabel("what is tried (grey: its reward)")
        panel.xaxis.set_major_locator(MaxNLocator(6, integer=bool(gap >= 1)))
        panel.set_xlim(edges[0], edges[-1])
        panel.grid(False)
    first = ravel(axes)[0]
    first.set_ylabel("share of tries")
    figure = first.figure
    figure.suptitle(f"step {frame['step'].iloc[0]}", x=0.99, ha="right")
    if "caption" in frame:
        # No line ends inside "k = 1"; always two lines, so that the panels keep their size.
        said = plain(frame["caption"].iloc[0]).replace(
            " = ", "\N{NO-BREAK SPACE}=\N{NO-BREAK SPACE}"
        )
        text = fill(said, LINE) + "\n "
        lines = "\n".join(text.splitlines()[:2])
        figure.supxlabel(lines, fontsize=8.5, ha="left", x=0.01, linespacing=1.3)
    return axes


def animate(
    frame: pd.DataFrame,
    draw_frame: Callable[[pd.DataFrame, AxesArray], AxesArray] = draw,
    *,
    milliseconds: int = 80,
) -> bytes:
    """The steps of a frame as a GIF that loops; one panel per k, all on one scale.

    `frame` has the columns k, step, arm, probability, reward, pass_at_1, pass_at_16, and may have
    caption;
    `draw_frame` draws the rows of one step on the axes of its panels.

    Raises InputError for a frame without its columns or rows.
    """
    Figure(draw_frame, COLUMNS).check("animation", frame)
    steps = [part for _, part in by(frame, "step")]
    with styled():
        images = [_picture(frame, part, draw_frame) for part in steps]
    turns = _new_captions(steps)
    stays = [READ if turn else 1 for turn in turns]
    stays[-1] = HOLD + READ * turns[-1]
    return gif(images, [milliseconds * stay for stay in stays])


def _new_captions(steps: list[pd.DataFrame]) -> list[bool]:
    """Whether a step says something that the one before it did not."""
    if "caption" not in steps[0]:
        return [False] * len(steps)
    said = [str(part["caption"].iloc[0]) for part in steps]
    return [now not in ("", before) for before, now in zip(["", *said], said, strict=False)]


def _picture(
    frame: pd.DataFrame,
    part: pd.DataFrame,
    draw_frame: Callable[[pd.DataFrame, AxesArray], AxesArray],
) -> Image.Image:
    count = frame["k"].nunique()
    canvas = matplotlib.figure.Figure(figsize=(WIDTH, HEIGHT), layout="constrained")
    axes = canvas.subplots(1, count, squeeze=False, sharey=True)
    draw_frame(part, axes)
    axes[0, 0].set_ylim(0.0, 1.05 * frame["probability"].max())
    return picture(canvas)
