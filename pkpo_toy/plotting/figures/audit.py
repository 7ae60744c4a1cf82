"""Figure of `audit`: bias, noise and silence of each estimator on each instance, as a dot plot."""

import json
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, MaxNLocator

from pkpo_toy.plotting.figure import AxesArray, Figure, Layout, Legend, by, ravel
from pkpo_toy.plotting.parts import Z, log_ticks, plain_number
from pkpo_toy.plotting.style import FAINT, INK, PALE, estimator_look, ordered, plain
from pkpo_toy.plotting.words import shown

COLUMNS = (
    "estimator",
    "instance",
    "n",
    "k",
    "scale",
    "cosine",
    "relative_variance",
    "zero_signal",
    "scale_se",
    "claim",
    "over_best",
)
PANELS = (
    ("scale", "length (scale)", 1.0),
    ("cosine", "direction\n(cosine)", None),
    ("relative_variance", "variance over\nsquared gradient", None),
    ("over_best", "over the least", 1.0),
    ("zero_signal", "no signal", None),
)
WIDTHS = (3.0, 1.0, 3.2, 2.2, 1.8)
CLAIMS = {
    "unbiased": "unbiased",
    "direction": "direction only",
    "biased": "biased",
    "bound": "least possible",
}

# Lightness alternates from one instance to the next, and no two share a marker.
INSTANCE_COLOURS = (
    *("#0072B2", "#E69F00", "#000000", "#56B4E9", "#D55E00"),
    *("#009E73", "#CC79A7", "#6A3D9A", "#8C510A", "#7F7F7F"),
)
INSTANCE_MARKERS = ("o", "s", "D", "^", "v", "P", "X", "<", ">", "*")
SPREAD = 0.62


def draw(frame: pd.DataFrame, axes: AxesArray) -> AxesArray:
    """One row per estimator, grouped by its claim; one dot per instance in each panel."""
    rows = _rows(frame)
    places = _positions(rows)
    instances = by(frame, "instance")
    panels = ravel(axes)
    for number, (panel, (column, title, expected)) in enumerate(zip(panels, PANELS, strict=True)):
        _stripes(panel, rows)
        if expected is not None:
            panel.axvline(expected, color=INK, linewidth=0.8, zorder=1)
        panel.set_title(title, loc="center")
        panel.tick_params(left=False, labelleft=number == 0)
        if column == "cosine":
            _write_directions(panel, frame, places)
            continue
        for turn, (_, part) in enumerate(instances):
            # Each instance a little below the one before, so that equal values stay visible.
            offset = SPREAD * ((turn + 0.5) / len(instances) - 0.5)
            _draw_instance(panel, column, part, turn, part["estimator"].map(places) + offset)
        _axis(panel, column, frame[column])
    _names(panels[0], rows)
    return axes


def _write_directions(panel: Axes, frame: pd.DataFrame, places: dict[str, int]) -> None:
    """The cosine in numbers: it is 1 almost everywhere, and the exceptions are what counts."""
    for name, values in frame.groupby("estimator")["cosine"]:
        low, high = values.min(), values.max()
        exact = low > 1 - 1e-9 or np.isnan(low)
        ends = dict.fromkeys(f"{value:.3g}" for value in (low, high))
        text = "1" if exact else " to ".join(ends)
        panel.text(
            0.5,
            places[str(name)],
            text,
            ha="center",
            va="center",
            size=7.5,
            color=FAINT if exact else INK,
            transform=panel.get_yaxis_transform(),
        )
    panel.set_xticks([])
    panel.spines["bottom"].set_visible(False)


def _rows(frame: pd.DataFrame) -> dict[str, list[str]]:
    """Estimators per claim, both in table order; a claim without estimators has no rows."""
    claims = frame.drop_duplicates("estimator").set_index("estimator")["claim"]
    grouped = {
        claim: ordered(claims.index[claims == claim]) for claim in ordered_claims(claims.unique())
    }
    return {claim: names for claim, names in grouped.items() if names}


def ordered_claims(found: Any) -> list[str]:
    """The claims of the table first, then any other, so that no estimator is left out."""
    return [*CLAIMS, *sorted(set(found) - set(CLAIMS))]


def _positions(rows: dict[str, list[str]]) -> dict[str, int]:
    """Row of each estimator, from the top down; each group leaves a row for its heading."""
    places: dict[str, int] = {}
    for group, names in enumerate(rows.values()):
        places |= {name: len(places) + row + group + 1 for row, name in enumerate(names)}
    return places


def _stripes(panel: Axes, rows: dict[str, list[str]]) -> None:
    places = _positions(rows)
    for names in rows.values():
        panel.axhline(places[names[0]] - 0.5, color=FAINT, linewidth=0.6)
        for name in names[::2]:
            panel.axhspan(places[name] - 0.5, places[name] + 0.5, color="#F5F5F5", zorder=0)
    panel.set_ylim(max(places.values()) + 0.5, -0.5)
    panel.grid(axis="y", visible=False)
    panel.grid(axis="x", visible=True, color=PALE)
    panel.spines["left"].set_visible(False)


def _draw_instance(
    panel: Axes, column: str, part: pd.DataFrame, turn: int, heights: pd.Series
) -> None:
    """The dots of one instance at the heights of their estimators."""
    colour, marker = _instance_look(turn)
    panel.errorbar(
        part[column],
        heights,
        xerr=Z * part["scale_se"].fillna(0.0) if column == "scale" else None,
        fmt=marker,
        color=colour,
        markersize=4.4,
        markeredgewidth=0.3,
        markeredgecolor="white",
        elinewidth=0.8,
    )


def _instance_look(turn: int) -> tuple[str, str]:
    return (
        INSTANCE_COLOURS[turn % len(INSTANCE_COLOURS)],
        INSTANCE_MARKERS[turn % len(INSTANCE_MARKERS)],
    )


def _axis(panel: Axes, column: str, values: pd.Series) -> None:
    """Log where a factor is meant; a value that a log cannot show turns the axis linear near 0."""
    finite = values[np.isfinite(values)]
    if column in ("cosine", "zero_signal") or not len(finite):
        panel.xaxis.set_major_locator(MaxNLocator(3, steps=[1, 2, 5, 10]))
    elif finite.min() > 0:
        log_ticks(panel, "x")
    else:
        panel.set_xscale("symlog", linthresh=0.1)
        panel.xaxis.set_major_formatter(FuncFormatter(lambda value, _: plain_number(value)))
    if column == "zero_signal":
        panel.set_xlim(left=min(0.0, panel.get_xlim()[0]))


def _names(panel: Axes, rows: dict[str, list[str]]) -> None:
    """The estimators beside their rows, and above each group what they claim."""
    places = _positions(rows)
    panel.set_yticks(list(places.values()), [estimator_look(name).label for name in places])
    for claim, names in rows.items():
        panel.annotate(
            CLAIMS.get(claim, plain(claim)),
            (0.0, places[names[0]] - 1.0),
            xycoords=panel.get_yaxis_transform(),
            xytext=(-4, 0),
            textcoords="offset points",
            ha="right",
            va="center",
            weight="bold",
        )


def _instance_handles(frame: pd.DataFrame) -> list[Line2D]:
    handles = []
    for turn, (_, one) in enumerate(by(frame, "instance")):
        colour, marker = _instance_look(turn)
        handles.append(
            Line2D(
                [],
                [],
                color=colour,
                marker=marker,
                linestyle="",
                label=_described(one),
            )
        )
    return handles


def _described(one: pd.DataFrame) -> str:
    """An instance by its name, its rewards where the frame has them, n and k."""
    first = one.iloc[0]
    parts = [plain(first["instance"]).replace("_", " ")]
    if "rewards" in one:
        parts.append(f"rewards {shown(json.loads(first['rewards']))}")
    sizes = [f"${name}$ = {shown(sorted(one[name].unique().tolist()))}" for name in ("n", "k")]
    return "; ".join([*parts, ", ".join(sizes)])


def _legend(frame: pd.DataFrame) -> Legend:
    return Legend(_instance_handles(frame), 2, _note(frame))


def _note(frame: pd.DataFrame) -> str:
    text = (
        "Each mark: one policy over a few arms, every outcome of $n$ samples enumerated. "
        "Length 1, direction 1:\nthe gradient that the estimator claims to estimate"
    )
    return text if frame["scale_se"].isna().all() else text + "; bars: 95% interval"


def fit(frame: pd.DataFrame) -> Layout:
    """As tall as there are estimators."""
    return (1, len(PANELS)), (
        7.4,
        1.0
        + 0.2 * (frame["estimator"].nunique() + frame["claim"].nunique())
        + 0.09 * frame["instance"].nunique(),
    )


FIGURE = Figure(
    draw,
    COLUMNS,
    size=(7.4, 6.6),
    panels=(1, len(PANELS)),
    fit=fit,
    widths=WIDTHS,
    legend=_legend,
    shows=("instance", "estimators"),
    wide=True,
)
