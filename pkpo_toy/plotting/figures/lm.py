"""Figure of `lm`: training for k in a language model, and the difference it makes run by run."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from pkpo_toy.plotting.curves import ended
from pkpo_toy.plotting.figure import AxesArray, Layout, Legend, ravel
from pkpo_toy.plotting.figures import learning_curves
from pkpo_toy.plotting.parts import dots_with_bars, letter, powers
from pkpo_toy.plotting.series import curves
from pkpo_toy.plotting.style import INK
from pkpo_toy.plotting.words import EVALUATED

# Student's t at 97.5% for 1, 2, ... degrees of freedom, then the normal distribution's.
STUDENT = (12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228)
NORMAL = 1.960
DODGE = 1.12
NOTE = (
    "bands: 95% interval over prompts and runs (what is solved, the entropy: over runs)\n"
    "difference: pairs of runs with the same warm start and prompts, 95% t interval"
)


def draw(frame: pd.DataFrame, axes: AxesArray) -> AxesArray:
    """The panels of `learning_curves`, and the difference to the first curve over k_eval."""
    panels = ravel(axes)
    others = _others(frame)
    used = frame["k_eval"].nunique() + len(learning_curves.further(frame))
    if others:
        _draw_differences(panels[used], frame)
        letter(panels[used], used, "difference, run by run")
    rest = np.array([panel for place, panel in enumerate(panels) if not others or place != used])
    learning_curves.draw(frame, rest)
    return axes


def _others(frame: pd.DataFrame) -> list[Any]:
    """The curves that can be compared with the first, run by run."""
    found = curves(frame)
    runs = [_runs(part).shape[1] for _, part in found]
    return found[1:] if "per_run" in frame and len(set(runs)) == 1 and runs[0] > 1 else []


def _runs(frame: pd.DataFrame) -> Any:
    """The value of each run, (k_eval, runs)."""
    texts = frame.get("per_run", pd.Series("", index=frame.index)).astype(str)
    return np.array([[float(word) for word in text.split()] for text in texts])


def _draw_differences(panel: Axes, frame: pd.DataFrame) -> None:
    """Mean over runs of the difference to the first curve, with its Student interval."""
    last = ended(frame).sort_values("k_eval")
    (first, base), *others = curves(last)
    for turn, (look, part) in enumerate(others):
        apart = _runs(part) - _runs(base)
        count = apart.shape[1]
        factor = STUDENT[count - 2] if count - 2 < len(STUDENT) else NORMAL
        half = factor * apart.std(axis=1, ddof=1) / np.sqrt(count)
        # Side by side on the log axis, so that no bar hides another.
        place = part["k_eval"] * DODGE ** (turn - (len(others) - 1) / 2)
        dots_with_bars(panel, place, apart.mean(axis=1), half, look)
        powers(panel, part["k_eval"])
    panel.axhline(0.0, color=INK, linewidth=0.8, zorder=1)
    panel.set(xlabel=r"evaluated at $k$", ylabel=f"pass@$k$ minus that of {first.label}")


def fit(frame: pd.DataFrame) -> Layout:
    """Two rows: the panels of `learning_curves`, and one for the differences."""
    count = frame["k_eval"].nunique() + len(learning_curves.further(frame))
    return learning_curves.in_rows(count + bool(_others(frame)))


def heading(settings: Mapping[str, Any]) -> str:
    """On which prompts the model was evaluated."""
    return EVALUATED.get(str(settings.get("evaluate")), "")


def _legend(frame: pd.DataFrame) -> Legend:
    return replace(learning_curves.legend_of(frame), note=NOTE)


FIGURE = replace(
    learning_curves.FIGURE,
    draw=draw,
    legend=_legend,
    fit=fit,
    heading=heading,
    says=("task", "level", "prompts", "n", "step_size", "replicates"),
)
