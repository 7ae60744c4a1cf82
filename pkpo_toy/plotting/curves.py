"""What the figures of training runs share: one curve per run of a cell over the steps."""

import pandas as pd
from matplotlib.axes import Axes

from pkpo_toy.plotting.parts import band, curve, spaced_markers
from pkpo_toy.plotting.series import curves

STEPS_LABEL = "training step"
INTERVAL = "bands: 95% interval over runs"
SAYS = (
    *("bandit", "options", "problems", "arms", "n", "k_opt"),
    *("optimiser", "step_size", "replicates"),
)
"""Settings of a training study that its subtitle names."""


def over_steps(panel: Axes, frame: pd.DataFrame, column: str) -> None:
    """The column over the training steps, one curve per look, with its band where there is one."""
    low, high = ("low", "high") if column == "value" else (f"{column}_low", f"{column}_high")
    for turn, (look, part) in enumerate(curves(frame.sort_values("step", kind="stable"))):
        marks = spaced_markers(len(part), turn)
        curve(panel, part["step"], part[column], look, marker=look.marker, markevery=marks)
        if low in part and high in part:
            band(panel, part["step"], part[low], part[high], look)
    panel.set_xlabel(STEPS_LABEL)
    panel.margins(x=0.02)


def ended(frame: pd.DataFrame) -> pd.DataFrame:
    """The rows at the last step of each cell."""
    last = frame.groupby([name for name in frame if name in _CELL])["step"].transform("max")
    return frame[frame["step"] == last]


_CELL = ("label", "k_opt", "n", "entropy_bonus", "estimator", "steps")
