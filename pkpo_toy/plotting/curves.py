"""What the figures of training runs share: one curve per label over the steps."""

import pandas as pd
from matplotlib.axes import Axes

from pkpo_toy.plotting.figure import by
from pkpo_toy.plotting.parts import band, curve, spaced_markers
from pkpo_toy.plotting.style import label_look

STEPS_LABEL = "training step"
INTERVAL = "bands: 95% interval over runs"


def over_steps(panel: Axes, frame: pd.DataFrame, column: str, interval: bool = False) -> None:
    """The column over the training steps, one curve per label, with its band where there is one."""
    for turn, (label, part) in enumerate(by(frame.sort_values("step", kind="stable"), "label")):
        look, marks = label_look(label), spaced_markers(len(part), turn)
        curve(panel, part["step"], part[column], look, marker=look.marker, markevery=marks)
        if interval:
            band(panel, part["step"], part["low"], part["high"], look)
    panel.set_xlabel(STEPS_LABEL)
    panel.margins(x=0.02)
