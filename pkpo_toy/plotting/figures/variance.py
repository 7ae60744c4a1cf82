"""Figure of `variance`: how noisy each gradient estimate is ([PKPO] fig. 4)."""

import numpy as np
import pandas as pd

from pkpo_toy.plotting.figure import AxesArray, Figure, Layout, Legend, by
from pkpo_toy.plotting.parts import Z, dots_with_bars, key, letter, log_ticks, powers
from pkpo_toy.plotting.series import with_looks
from pkpo_toy.plotting.style import FAINT, SOLID, Look, estimator_look, ordered

COLUMNS = (
    "estimator",
    "n",
    "k",
    "variance",
    "variance_se",
    "true_gradient",
    "snr",
    "snr_se",
)

# The same condition in all three panels: the noise is as large as the signal.
TRUTH = Look(r"noise = signal: Var = $(\nabla$max@$k)^2$", FAINT, SOLID, "")


def draw(frame: pd.DataFrame, axes: AxesArray) -> AxesArray:
    """Variance, variance times n and signal-to-noise ratio over n; one row of panels per k."""
    rows = np.atleast_2d(axes)
    groups = by(frame.sort_values("n"), "k")
    for row, (k, part) in zip(rows, groups, strict=True):
        for name in ordered(part["estimator"]):
            _draw_estimator(row, name, part[part["estimator"] == name])
        _label(row, part, f", $k$ = {k}" if len(groups) > 1 else "")
    return axes


def _draw_estimator(row: AxesArray, name: str, part: pd.DataFrame) -> None:
    look, n = estimator_look(name), part["n"]
    dots_with_bars(row[0], n, part["variance"], Z * part["variance_se"], look)
    dots_with_bars(row[1], n, n * part["variance"], Z * n * part["variance_se"], look)
    dots_with_bars(row[2], n, part["snr"], Z * part["snr_se"], look)


def _label(row: AxesArray, part: pd.DataFrame, suffix: str) -> None:
    squared = float(part["true_gradient"].iloc[0]) ** 2
    n = np.array([part["n"].min(), part["n"].max()])
    for panel, truth in zip(row, (0 * n + squared, n * squared, 0 * n + 1), strict=True):
        panel.plot(n, truth, color=TRUTH.colour, linestyle=TRUTH.dash, linewidth=1.0, zorder=1)
        powers(panel, part["n"])
        log_ticks(panel, "y")
        panel.set_xlabel("samples $n$")
    letter(row[0], 0, "variance" + suffix)
    letter(row[1], 1, "variance at equal cost")
    letter(row[2], 2, "signal to noise")
    row[0].set_ylabel(r"Var[$\hat g$]")
    row[1].set_ylabel(r"$n$ Var[$\hat g$]")
    row[2].set_ylabel(r"$|\nabla$max@$k|$ / sd[$\hat g$]")


def _legend(frame: pd.DataFrame) -> Legend:
    handles = [key(estimator_look(name)) for name in ordered(frame["estimator"])]
    handles.append(key(TRUTH, marker=""))
    return Legend(handles, 4, "bars: 95% interval ($\\pm$1.96 se)")


def reached(frame: pd.DataFrame) -> pd.DataFrame:
    """Variance and signal to noise."""
    parts = [
        frame.assign(
            panel=title,
            value=frame[column],
            low=frame[column] - Z * frame[f"{column}_se"],
            high=frame[column] + Z * frame[f"{column}_se"],
        )
        for title, column in ((r"variance Var[$\hat g$]", "variance"), ("signal to noise", "snr"))
    ]
    found = pd.concat(parts, ignore_index=True)
    return with_looks(found, [estimator_look(name) for name in found["estimator"]])


def fit(frame: pd.DataFrame) -> Layout:
    """Three panels per k."""
    count = frame["k"].nunique()
    return (count, 3), (7.2, 0.9 + 2.5 * count)


FIGURE = Figure(
    draw,
    COLUMNS,
    size=(7.2, 3.4),
    panels=(1, 3),
    fit=fit,
    legend=_legend,
    shows=("n", "k", "estimators"),
    x="n",
    end=reached,
    about=r"policy N($\theta$, sd$^2$), reward $x^2$ on [0, 1]",
    says=("k", "theta", "sd", "estimates"),
)
