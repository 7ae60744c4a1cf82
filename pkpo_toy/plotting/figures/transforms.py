"""Figure of `transforms`: what happens to a reward on the way to a weight ([PKPO] fig. 5)."""

from typing import Any

import pandas as pd

from pkpo_toy.plotting.figure import AxesArray, Figure, Layout, Legend, by, ravel
from pkpo_toy.plotting.parts import Z, dots_with_bars, key, letter, spaced_markers
from pkpo_toy.plotting.style import FAINT, estimator_look, k_look, ordered

COLUMNS = ("estimator", "n", "k", "reward", "weight", "weight_se")


def draw(frame: pd.DataFrame, axes: AxesArray) -> AxesArray:
    """Mean weight over the reward, one curve per k, one panel per estimator."""
    panels = ravel(axes)
    for number, (panel, name) in enumerate(zip(panels, ordered(frame["estimator"]), strict=True)):
        part = frame[frame["estimator"] == name].sort_values("reward")
        panel.axhline(0.0, color=FAINT, linewidth=0.7, zorder=1)
        for turn, (k, bins) in enumerate(by(part, "k")):
            dots_with_bars(
                panel,
                bins["reward"],
                bins["weight"],
                Z * bins["weight_se"],
                k_look(k),
                markevery=spaced_markers(len(bins), turn),
                linewidth=1.2,
                capsize=1.2,
            )
        letter(panel, number, estimator_look(name).label)
        panel.set_xlabel("reward $g_i$")
    panels[0].set_ylabel("mean weight $w_i$")
    _scales(panels)
    return axes


def _scales(panels: list[Any]) -> None:
    """One y axis for the panels of similar size; one that would flatten the others has its own,
    and says by how much it is larger."""
    limits = [panel.get_ylim() for panel in panels]
    sizes = [high - low for low, high in limits]
    alike = [place for place, size in enumerate(sizes) if size <= 2.5 * min(sizes)]
    low, high = min(limits[at][0] for at in alike), max(limits[at][1] for at in alike)
    for place, panel in enumerate(panels):
        if place in alike:
            panel.set_ylim(low, high)
        else:
            ratio = sizes[place] / (high - low)
            panel.set_title(f"{panel.get_title('left')} (y axis {ratio:.1f} times as long)",
                            loc="left")  # fmt: skip


def _legend(frame: pd.DataFrame) -> Legend:
    handles = [key(k_look(k)) for k in sorted(frame["k"].unique())]
    return Legend(handles, 8, "bars: 95% interval ($\\pm$1.96 se)")


def fit(frame: pd.DataFrame) -> Layout:
    """One panel per estimator."""
    count = frame["estimator"].nunique()
    return (1, count), (2.4 * count, 2.9)


FIGURE = Figure(
    draw,
    COLUMNS,
    size=(7.2, 2.9),
    panels=(1, 3),
    fit=fit,
    legend=_legend,
    shows=("k", "estimators"),
    about=r"rewards uniform on [$-$1/2, 1/2]",
    says=("n", "groups"),
)
