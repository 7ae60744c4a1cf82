"""A figure over training steps, uncovered from left to right as a GIF that loops."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from pkpo_toy.plotting.curves import STEPS_LABEL
from pkpo_toy.plotting.gif import gif, picture
from pkpo_toy.plotting.render import draw
from pkpo_toy.plotting.style import styled

PICTURES = 48
HOLD = 25


def reveal(name: str, frame: pd.DataFrame, *, milliseconds: int = 80, **options: Any) -> bytes:
    """The figure of a training study, drawn whole and uncovered up to one step after the other.

    name: a figure whose panels run `over_steps`; options: those of `draw`.

    Raises InputError for a frame without its columns or rows.
    """
    with styled():
        canvas = draw(name, frame, **options)
        panels = [panel for panel in canvas.axes if panel.get_xlabel() == STEPS_LABEL]
        canvas.draw_without_rendering()
        canvas.set_layout_engine("none")
        for panel in panels:
            panel.autoscale(False)
        images = []
        for step in np.linspace(0.0, float(frame["step"].max()), PICTURES):
            for panel in panels:
                _uncover(panel, step)
            images.append(picture(canvas))
    return gif(images, [milliseconds] * (len(images) - 1) + [HOLD * milliseconds])


def _uncover(panel: Axes, step: float) -> None:
    """Show the panel's curves and bands from its left edge up to the step."""
    (left, right), (low, high) = panel.get_xlim(), panel.get_ylim()
    # The last one shows the markers at the end whole.
    edge = right if step >= panel.dataLim.x1 else step
    window = Rectangle((left, low), edge - left, high - low, transform=panel.transData)
    for artist in [*panel.lines, *panel.collections]:
        artist.set_clip_path(window)
