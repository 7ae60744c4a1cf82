"""Figure of `element_weights`: which sorted sample counts for the estimate ([PKPO] fig. 2)."""

import pandas as pd
from matplotlib.ticker import MaxNLocator

from pkpo_toy.plotting.figure import AxesArray, Figure, Layout, Legend, by, ravel
from pkpo_toy.plotting.parts import key, letter
from pkpo_toy.plotting.style import k_look

COLUMNS = ("n", "k", "rank", "weight")
BARS = 16  # ranks, up to which each has a bar for each k
WIDTH = 0.8


def draw(frame: pd.DataFrame, axes: AxesArray) -> AxesArray:
    """mu_i at each rank i, side by side for the k, one panel per n; ranks are not joined."""
    groups = by(frame.sort_values("rank"), "n")
    for number, (panel, (n, part)) in enumerate(zip(ravel(axes), groups, strict=True)):
        weights = by(part, "k")
        width = WIDTH / len(weights)
        for turn, (k, one) in enumerate(weights):
            look = k_look(k)
            if n <= BARS:
                place = one["rank"] + width * (turn - (len(weights) - 1) / 2)
                panel.bar(place, one["weight"], width, color=look.colour, label=look.label)
            else:
                panel.plot(
                    one["rank"],
                    one["weight"],
                    linestyle="",
                    marker=look.marker,
                    markersize=3,
                    color=look.colour,
                    label=look.label,
                )
        panel.set(xlabel=f"rank $i$ of the sample ({n} is the best)")
        panel.xaxis.set_major_locator(MaxNLocator(8, integer=True))
        if len(groups) > 1:
            letter(panel, number, f"$n$ = {n}")
        else:
            panel.set_title(f"$n$ = {n}", loc="left")
    ravel(axes)[0].set_ylabel(r"weight $\mu_i$ in the max@$k$ estimate")
    return axes


def _legend(frame: pd.DataFrame) -> Legend:
    looks = [k_look(k) for k in sorted(frame["k"].unique())]
    return Legend([key(look, linestyle="", marker="s", markersize=7) for look in looks], 8)


def fit(frame: pd.DataFrame) -> Layout:
    """One panel per n."""
    count = frame["n"].nunique()
    return (1, count), (max(3.5 * count, 4.6), 2.9)


FIGURE = Figure(
    draw,
    COLUMNS,
    size=(4.6, 2.9),
    fit=fit,
    legend=_legend,
    shows=("n", "k"),
    about=r"$\mu_i = C(i-1, k-1)\,/\,C(n, k)$ of the $i$-th smallest reward",
)
