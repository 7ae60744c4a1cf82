"""Figure of `learning_curves`, `lm` and `bandit`: training for k ([PKPO] figs. 6, 7)."""

from math import ceil

import pandas as pd
from matplotlib.lines import Line2D

from pkpo_toy.plotting.curves import INTERVAL, over_steps
from pkpo_toy.plotting.figure import AxesArray, Figure, by, ravel
from pkpo_toy.plotting.parts import key, legend_below, letter
from pkpo_toy.plotting.style import label_look

COLUMNS = (
    "label",
    "step",
    "k_eval",
    "value",
    "low",
    "high",
    "cumulative_solve_rate",
    "entropy",
)


def draw(frame: pd.DataFrame, axes: AxesArray) -> AxesArray:
    """pass@k_eval (or what `measure` says) per k_eval, the cumulative solve rate, the entropy."""
    shown = best_entropy_only(frame)
    panels = ravel(axes)
    groups = by(shown, "k_eval")
    measure = str(frame["measure"].iloc[0]) if "measure" in frame else "pass@k"
    for panel, (k, part) in zip(panels, groups, strict=False):
        over_steps(panel, part, "value", interval=True)
        panel.set_ylabel(measure.replace("@k", f"@{k}"))
    solved, entropy = panels[len(groups) : len(groups) + 2]
    over_steps(solved, groups[0][1], "cumulative_solve_rate")
    solved.set_ylabel("problems solved so far")
    over_steps(entropy, groups[0][1], "entropy")
    entropy.set_ylabel("policy entropy (nats)")
    used = panels[: len(groups) + 2]
    for number, panel in enumerate(used):
        letter(panel, number)
    for panel in panels[len(used) :]:
        panel.remove()
    legend_below(panels[0], _handles(frame, shown), 3, INTERVAL)
    return axes


def best_entropy_only(frame: pd.DataFrame) -> pd.DataFrame:
    """Of the labels with an entropy bonus, only the one that ends highest at the largest k_eval."""
    bonus = frame["label"].str.contains("entropy")
    if not bonus.any():
        return frame
    last = frame[bonus & (frame["k_eval"] == frame["k_eval"].max())]
    last = last[last["step"] == last.groupby("label")["step"].transform("max")]
    best = last.loc[last["value"].idxmax(), "label"]
    kept: pd.DataFrame = frame[~bonus | (frame["label"] == best)]
    return kept


def _handles(frame: pd.DataFrame, shown: pd.DataFrame) -> list[Line2D]:
    """A legend entry per label; the best entropy bonus says of how many it is the best."""
    tried = frame.loc[frame["label"].str.contains("entropy"), "label"].nunique()
    handles = []
    for label in shown["label"].unique():
        look = label_look(label)
        chosen = tried > 1 and "entropy" in label
        handles.append(key(look, label=f"{look.label} (best of {tried})" if chosen else look.label))
    return handles


def fit(frame: pd.DataFrame) -> tuple[tuple[int, int], tuple[float, float]]:
    """Two rows: a panel per k_eval and two more."""
    columns = ceil((frame["k_eval"].nunique() + 2) / 2)
    return (2, columns), (2.4 * columns, 4.6)


FIGURE = Figure(draw, COLUMNS, size=(7.2, 4.6), panels=(2, 3), fit=fit)
