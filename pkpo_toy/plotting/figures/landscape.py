"""Figure of `landscape`: how k moves the optimal policy ([PKPO] fig. 1)."""

from dataclasses import replace

import pandas as pd

from pkpo_toy.plotting.figure import AxesArray, Figure, Legend, by, ravel
from pkpo_toy.plotting.parts import curve, key, letter
from pkpo_toy.plotting.series import with_looks
from pkpo_toy.plotting.style import INK, PALE, k_look

COLUMNS = ("k", "theta", "reward", "max_at_k", "gradient", "theta_star", "max_at_theta_star")
MARK = {"linestyle": "", "markersize": 6.5, "markeredgewidth": 0.9, "zorder": 5}


def draw(frame: pd.DataFrame, axes: AxesArray) -> AxesArray:
    """(a) g and max@k over theta, each maximum marked; (b) the gradient, zero at the same theta."""
    objective, gradient = ravel(axes)
    reward = frame[["theta", "reward"]].drop_duplicates().sort_values("theta")
    objective.fill_between(reward["theta"], reward["reward"], color=PALE, label="reward $g$")
    gradient.axhline(0.0, color=INK, linewidth=0.7)
    for k, part in by(frame.sort_values("theta"), "k"):
        look = k_look(k)
        star = part.iloc[0]
        for panel, column, height in (
            (objective, "max_at_k", star["max_at_theta_star"]),
            (gradient, "gradient", 0.0),
        ):
            curve(panel, part["theta"], part[column], look)
            optimum = replace(look, label=rf"$\theta^*_{{{k}}}$ = {star['theta_star']:.2f}")
            curve(panel, star["theta_star"], height, optimum, marker=look.marker, **MARK)
    return _finish(axes)


def _finish(axes: AxesArray) -> AxesArray:
    objective, gradient = ravel(axes)
    letter(objective, 0, "max@$k$ (grey: reward)")
    letter(gradient, 1, "its gradient")
    objective.set(xlabel=r"policy mean $\theta$", ylabel="max@$k$", ylim=(0.0, None))
    gradient.set(xlabel=r"policy mean $\theta$", ylabel=r"$\nabla_\theta$ max@$k$")
    for panel in (objective, gradient):
        panel.margins(x=0)
    marks = [line for line in gradient.get_lines() if line.get_marker() != "None"]
    gradient.legend(handles=marks, loc="lower left", title="optimum", alignment="left")
    return axes


def _legend(frame: pd.DataFrame) -> Legend:
    return Legend([key(k_look(k)) for k in sorted(frame["k"].unique())], 8)


def reached(frame: pd.DataFrame) -> pd.DataFrame:
    """The optimum of each k, and max@k there."""
    best = frame.drop(columns=["theta", "reward", "max_at_k", "gradient"]).drop_duplicates()
    parts = [
        best.assign(panel=title, value=best[column], low=best[column], high=best[column])
        for title, column in (
            (r"best policy mean $\theta^*$", "theta_star"),
            (r"max@$k$ at $\theta^*$", "max_at_theta_star"),
        )
    ]
    found = pd.concat(parts, ignore_index=True)
    return with_looks(found, [k_look(k) for k in found["k"]])


FIGURE = Figure(
    draw,
    COLUMNS,
    size=(7.0, 3.1),
    panels=(1, 2),
    legend=_legend,
    shows=("k",),
    end=reached,
    about=r"policy N($\theta$, sd$^2$), reward $x^2$ on [0, 1]",
    says=("sd",),
)
