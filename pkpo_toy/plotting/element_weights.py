"""Figure of `element_weights`: which sorted sample counts for the estimate ([PKPO] fig. 2)."""

import pandas as pd
from matplotlib.ticker import MaxNLocator

from pkpo_toy.plotting.figure import AxesArray, Figure, by, ravel
from pkpo_toy.plotting.parts import curve, letter
from pkpo_toy.plotting.style import k_look

COLUMNS = ("n", "k", "rank", "weight")


def draw(frame: pd.DataFrame, axes: AxesArray) -> AxesArray:
    """mu_i over the rank i, one curve per k, one panel per n."""
    groups = by(frame.sort_values("rank"), "n")
    for number, (panel, (n, part)) in enumerate(zip(ravel(axes), groups, strict=True)):
        for k, weights in by(part, "k"):
            look = k_look(k)
            curve(panel, weights["rank"], weights["weight"], look, marker=look.marker)
        panel.set(xlabel=f"rank $i$ of the sample ({n} is the best)")
        panel.xaxis.set_major_locator(MaxNLocator(8, integer=True))
        if len(groups) > 1:
            letter(panel, number, f"$n$ = {n}")
        else:
            panel.set_title(f"$n$ = {n}", loc="left")
    ravel(axes)[0].set_ylabel(r"weight $\mu_i$ in the max@$k$ estimate")
    ravel(axes)[0].legend(loc="upper left")
    return axes


def fit(frame: pd.DataFrame) -> tuple[tuple[int, int], tuple[float, float]]:
    """One panel per n."""
    count = frame["n"].nunique()
    return (1, count), (3.5 * count, 2.8)


FIGURE = Figure(draw, COLUMNS, size=(3.5, 2.8), fit=fit)
