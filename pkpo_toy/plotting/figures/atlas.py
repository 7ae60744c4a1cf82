"""Figure of `atlas`: each estimator's variance over that of the best known one, and who is best."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import QuadMesh
from matplotlib.colors import ListedColormap, LogNorm
from matplotlib.patches import Patch

from pkpo_toy.plotting.figure import AxesArray, Figure, ravel
from pkpo_toy.plotting.parts import plain_number
from pkpo_toy.plotting.style import ESTIMATOR_LOOKS, estimator_look, ordered, plain

COLUMNS = ("family", "setting", "n", "k", "estimator", "over_known", "over_least")
POINT, COLUMN = ["family", "setting"], ["n", "k"]
WIDE = 2
AT_ONE = {"pkpo_loo_minus_one": "rloo"}  # who stands in where an estimator needs k >= 2
MAPS = (
    ("pkpo_loo_minus_one", "PKPO, LOO$-$1 (RLOO at $k$ = 1)"),
    ("centered_loo", "centred LOO"),
    ("maxk_rloo", "max@$k$ RLOO"),
    ("learnt from 64", "learnt from 64 groups"),
    ("learnt from 256", "learnt from 256 groups"),
    ("best coefficients", "best coefficients"),
)
FURTHEST = 2.0
APART = "two outcomes"


def draw(frame: pd.DataFrame, axes: AxesArray) -> AxesArray:
    """A map for each estimator, one of the least possible, and one of who is best."""
    panels = ravel(axes)
    for number, (name, title) in enumerate(MAPS):
        stand_in = (frame["estimator"] == AT_ONE.get(name)) & (frame["k"] == 1)
        rows = frame[(frame["estimator"] == name) | stand_in]
        _map(panels[number], _table(frame, rows, "over_known"), title)
    known = frame[frame["estimator"].isin(ESTIMATOR_LOOKS)]  # neither learnt nor told of sizes
    best = known.loc[known.groupby([*POINT, *COLUMN], sort=False)["over_known"].idxmin()]
    least = best.assign(over_known=best["over_known"] / best["over_least"])
    least_table = _table(frame, least, "over_known")
    # No worst case: where the rare groups were not sampled, the best known is too low.
    mesh = _map(panels[6], least_table, "least possible, or its floor", middle=False)
    _winners(panels[7], _table(frame, best, "estimator"))
    for number, panel in enumerate(panels):
        _ticks(panel, frame, leftmost=number % WIDE == 0)
    _scale(panels[6], mesh)
    return axes


def _table(frame: pd.DataFrame, part: pd.DataFrame, values: str) -> pd.DataFrame:
    """Points as rows, (n, k) as columns."""
    rows = frame.drop_duplicates(POINT).set_index(POINT).index
    columns = frame.drop_duplicates(COLUMN).set_index(COLUMN).index.sort_values()
    table = part.set_index([*POINT, *COLUMN])[values].unstack(COLUMN)
    return table.reindex(index=rows, columns=columns)


def _middle(table: pd.DataFrame) -> str:
    """Geometric mean and worst case, without the points whose least variance is 0."""
    values = table[table.index.get_level_values("family") != APART].to_numpy(dtype=float)
    values = values[np.isfinite(values) & (values > 0)]
    if not len(values):
        return ""
    return f": {np.exp(np.log(values).mean()):.2f}, worst {plain_number(round(values.max(), 2))}"


def _map(panel: Axes, table: pd.DataFrame, title: str, *, middle: bool = True) -> QuadMesh:
    """Light where the variance is below that of the best known, dark where it is above.

    Without colour too, as the lightness goes one way and is in the middle at 1.
    """
    shown = np.clip(table.to_numpy(dtype=float), 1 / FURTHEST, FURTHEST)
    panel.set_title(title + (_middle(table) if middle else ""), loc="left", size=7)
    return panel.pcolormesh(
        np.ma.masked_invalid(shown), cmap="cividis_r", norm=LogNorm(1 / FURTHEST, FURTHEST)
    )


def _winners(panel: Axes, table: pd.DataFrame) -> None:
    """The estimator of the table of least variance at each point."""
    entries = table.to_numpy(dtype=object)
    names = ordered(name for name in entries.ravel() if isinstance(name, str))
    codes = np.full(entries.shape, np.nan)
    for place, name in enumerate(names):
        codes[entries == name] = place
    looks = [estimator_look(name) for name in names]
    panel.pcolormesh(
        np.ma.masked_invalid(codes),
        cmap=ListedColormap([look.colour for look in looks]),
        vmin=-0.5,
        vmax=len(names) - 0.5,
    )
    panel.set_title("who is best without learning", loc="left", size=7)
    handles = [Patch(color=look.colour, label=look.label) for look in looks]
    panel.legend(
        handles=handles,
        loc="upper center",
        bbox_to_anchor=(0.5, -0.14),
        ncols=4,
        fontsize=6,
        handlelength=1.0,
        columnspacing=0.8,
    )


def _ticks(panel: Axes, frame: pd.DataFrame, *, leftmost: bool) -> None:
    """Each n where its columns begin, k growing from left to right within it; points by name."""
    columns = frame.drop_duplicates(COLUMN).sort_values(COLUMN)
    sizes = columns.groupby("n").size()
    edges = np.concatenate([[0], np.cumsum(sizes)])
    panel.set_xticks((edges[:-1] + edges[1:]) / 2, [f"$n$ = {n}" for n in sizes.index], size=6)
    panel.tick_params(length=0)
    for edge in edges[1:-1]:
        panel.axvline(edge, color="white", linewidth=1.2)
    points = frame.drop_duplicates(POINT)
    families = points["family"].to_numpy()
    for row in np.flatnonzero(families[1:] != families[:-1]) + 1:
        panel.axhline(float(row), color="white", linewidth=1.2)
    names = [f"{plain(f)} {s:g}" for f, s in zip(families, points["setting"], strict=True)]
    panel.set_yticks(np.arange(len(names)) + 0.5, names if leftmost else [], size=6)
    panel.invert_yaxis()
    panel.grid(visible=False)


def _scale(panel: Axes, mesh: QuadMesh) -> None:
    figure = panel.get_figure()
    assert figure is not None
    bar = figure.colorbar(
        mesh, ax=panel, location="bottom", label="variance over the best known", aspect=30, pad=0.02
    )
    bar.set_ticks([0.5, 0.7, 1.0, 1.4, 2.0], labels=["\u2264 0.5", "0.7", "1", "1.4", "\u2265 2"])
    bar.minorticks_off()
    bar.ax.tick_params(labelsize=6)


def fit(frame: pd.DataFrame) -> tuple[tuple[int, int], tuple[float, float]]:
    """As tall as there are points."""
    points = len(frame.drop_duplicates(POINT))
    return (4, WIDE), (7.4, 1.6 + 4 * (0.35 + 0.075 * max(points, 6)))


FIGURE = Figure(
    draw,
    COLUMNS,
    size=(7.4, 9.5),
    panels=(4, WIDE),
    fit=fit,
    shows=("family", "setting", "n", "k", "estimator"),
    wide=True,
)
