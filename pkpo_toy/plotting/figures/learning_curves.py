"""Figure of `learning_curves` and `bandit`: training for k ([PKPO] figs. 6, 7)."""

from math import ceil
from typing import Any

import numpy as np
import pandas as pd

from pkpo_toy.plotting.curves import INTERVAL, SAYS, ended, over_steps
from pkpo_toy.plotting.figure import AxesArray, Figure, Layout, Legend, by, ravel
from pkpo_toy.plotting.parts import key, letter, log_ticks
from pkpo_toy.plotting.series import IDENTITY, curves

COLUMNS = (*IDENTITY, "step", "k_eval", "value", "low", "high", "cumulative_solve_rate", "entropy")
ROOM = 0.04  # of a shared axis, beyond the outermost curves
SHOWS = ("label", "k_opt", "entropy_bonus")
"""Settings that the curves of every training figure tell apart."""


def draw(frame: pd.DataFrame, axes: AxesArray) -> AxesArray:
    """pass@k_eval (or what `measure` says) per k_eval, what is not solved yet, the entropy."""
    panels = ravel(axes)
    groups = by(frame, "k_eval")
    for number, (panel, (k, part)) in enumerate(zip(panels, groups, strict=False)):
        over_steps(panel, part, "value")
        letter(panel, number, measure_of(frame, k))
    share_scale(panels[: len(groups)])
    used = len(groups)
    for column in further(frame):
        PANELS[column](panels[used], groups[0][1])
        letter(panels[used], used, TITLES[column])
        used += 1
    for panel in panels[used:]:
        panel.remove()
    return axes


def measure_of(frame: pd.DataFrame, k: int) -> str:
    """pass@k or max@k, with its k."""
    measure = str(frame["measure"].iloc[0]) if "measure" in frame else "pass@k"
    return measure.replace("@k", f"@{k}")


def share_scale(panels: list[Any]) -> None:
    """The same y axis for panels of the same measure."""
    lows, highs = zip(*(panel.get_ylim() for panel in panels), strict=True)
    room = ROOM * (max(highs) - min(lows))
    for panel in panels:
        panel.set_ylim(min(lows) - room, max(highs) + room)


def _unsolved(panel: Any, frame: pd.DataFrame) -> None:
    # The share that is left, on a log axis: near 1 all methods lie on top of each other.
    # A band that ends at 0 is drawn to the least share there is.
    solved = "cumulative_solve_rate"
    left = (1 - frame[solved]).where(lambda share: share > 0, np.nan)
    ends = {}
    if f"{solved}_low" in frame:
        ends = {
            "left_low": (1 - frame[f"{solved}_high"]).clip(lower=left.min()),
            "left_high": 1 - frame[f"{solved}_low"],
        }
    over_steps(panel, frame.assign(left=left, **ends), "left")
    log_ticks(panel, "y")
    panel.set_ylabel("share of problems")


def _entropy(panel: Any, frame: pd.DataFrame) -> None:
    over_steps(panel, frame, "entropy")
    panel.set_ylabel("nats")


PANELS = {"cumulative_solve_rate": _unsolved, "entropy": _entropy}
TITLES = {"cumulative_solve_rate": "never solved so far", "entropy": "entropy of the policy"}


def further(frame: pd.DataFrame) -> list[str]:
    """The columns of the panels behind those of the objective: those that change in training.

    Where rewards are not 0 or 1 (max@k), no problem is solved or unsolved.
    """
    later = frame[frame["step"] > frame["step"].min()]
    graded = "measure" in frame and (frame["measure"] == "max@k").all()
    return [
        name
        for name in PANELS
        if later[name].round(9).nunique() > 1 and not (graded and name == "cumulative_solve_rate")
    ]


def best_bonus_only(frame: pd.DataFrame) -> pd.DataFrame:
    """Of several entropy bonuses, only the one that ends highest at the largest k_eval.

    A column `tried` says of how many it is the best.
    """
    bonus = frame["entropy_bonus"] > 0
    tried = frame.loc[bonus, "entropy_bonus"].nunique()
    if tried < 2:
        return frame.assign(tried=1)
    last = frame[bonus & (frame["k_eval"] == frame["k_eval"].max())]
    last = last[last["step"] == last["step"].max()]
    best = last.loc[last["value"].idxmax(), "entropy_bonus"]
    kept: pd.DataFrame = frame[~bonus | (frame["entropy_bonus"] == best)].copy()
    kept["tried"] = np.where(kept["entropy_bonus"] > 0, tried, 1)
    return kept


def legend_of(frame: pd.DataFrame) -> Legend:
    """An entry per curve; the best entropy bonus says of how many it is the best."""
    handles = []
    for look, part in curves(frame):
        tried = part["tried"].iloc[0]
        text = f"{look.label} (best of {tried})" if tried > 1 else look.label
        handles.append(key(look, label=text))
    return Legend(handles, 3, INTERVAL)


def reached(frame: pd.DataFrame) -> pd.DataFrame:
    """What is reached at the end, a panel for each k_eval."""
    last = ended(frame)
    titles = {k: f"{measure_of(frame, k)} at the end" for k in last["k_eval"].unique()}
    return last.sort_values("k_eval", kind="stable").assign(panel=last["k_eval"].map(titles))


def fit(frame: pd.DataFrame) -> Layout:
    """A panel per k_eval and those of `further`."""
    return in_rows(frame["k_eval"].nunique() + len(further(frame)))


def in_rows(count: int) -> Layout:
    """So many panels in one row, or in two if they are more than three."""
    if count <= 3:
        return (1, count), (2.5 * max(count, 2), 2.9)
    columns = ceil(count / 2)
    return (2, columns), (2.4 * columns, 4.6)


FIGURE = Figure(
    draw,
    COLUMNS,
    size=(7.2, 4.6),
    panels=(2, 3),
    fit=fit,
    legend=legend_of,
    shows=SHOWS,
    curves=True,
    end=reached,
    says=SAYS,
    over_steps=True,
    select=best_bonus_only,
)
