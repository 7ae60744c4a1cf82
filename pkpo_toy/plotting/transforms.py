"""Figure of `transforms`: what happens to a reward on the way to a weight ([PKPO] fig. 5)."""

import pandas as pd

from pkpo_toy.plotting.figure import AxesArray, Figure, by, ravel
from pkpo_toy.plotting.parts import Z, dots_with_bars, key, legend_below, letter, spaced_markers
from pkpo_toy.plotting.style import FAINT, estimator_look, k_look, ordered

COLUMNS = ("estimator", "n", "k", "reward", "weight", "weight_se")


def draw(frame: pd.DataFrame, axes: AxesArray) -> AxesArray:
    """Mean weight over the reward, one curve per k, one panel per estimator."""
    for number, (panel, name) in enumerate(
        zip(ravel(axes), ordered(frame["estimator"]), strict=True)
    ):
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
    first = ravel(axes)[0]
    first.set_ylabel("mean weight $w_i$")
    sizes = ", ".join(f"{n}" for n in sorted(frame["n"].unique()))
    handles = [key(k_look(k)) for k in sorted(frame["k"].unique())]
    legend_below(first, handles, 8, f"$n$ = {sizes}; bars: 95% interval ($\\pm$1.96 se)")
    return axes


def fit(frame: pd.DataFrame) -> tuple[tuple[int, int], tuple[float, float]]:
    """One panel per estimator."""
    count = frame["estimator"].nunique()
    return (1, count), (2.4 * count, 2.9)


FIGURE = Figure(draw, COLUMNS, size=(7.2, 2.9), panels=(1, 3), fit=fit)
