"""One style for all figures: one colour, dash and marker per estimator, and one per k."""

import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from math import log2
from typing import Any

import numpy as np
from matplotlib import style as matplotlib_style
from matplotlib.colors import LinearSegmentedColormap, to_hex, to_rgb

from pkpo_toy.estimators import ESTIMATORS

Dash = str | tuple[int, tuple[float, ...]]

SOLID: Dash = "-"
DASHED: Dash = (0, (4.5, 1.8))
DOTTED: Dash = (0, (1.2, 1.4))
DASH_DOT: Dash = (0, (5, 1.6, 1.2, 1.6))
SHORT: Dash = (0, (2.4, 1.2))
LONG: Dash = (0, (8, 2))
DASH_DOT_DOT: Dash = (0, (5, 1.4, 1.2, 1.4, 1.2, 1.4))
DASHES = {
    "solid": SOLID,
    "dashed": DASHED,
    "dotted": DOTTED,
    "dash_dot": DASH_DOT,
    "short": SHORT,
    "long": LONG,
    "dash_dot_dot": DASH_DOT_DOT,
}
"""The dashes by the names that rows of ESTIMATORS use."""

INK = "#262626"
FAINT = "#8C8C8C"
PALE = "#E6E6E6"


@dataclass(frozen=True)
class Look:
    """How one estimator, k or label is drawn, and what a legend calls it."""

    label: str
    colour: str
    dash: Dash
    marker: str


ESTIMATOR_LOOKS: dict[str, Look] = {
    row.key: Look(row.look.label, row.look.color, DASHES[row.look.dash], row.look.marker)
    for row in ESTIMATORS.values()
    if row.look is not None
}

_SPARE_COLOURS = ("#B2182B", "#4D7C0F", "#1B3A57", "#C2410C", "#7C3AED", "#0F766E", "#A16207")
_SPARE_DASHES = (DASH_DOT_DOT, LONG, SHORT, DASH_DOT)
_SPARE_MARKERS = ("1", "2", "3", "4", "+", "x")

# From a mid orange to a near-black blue: lightness falls steadily, so the order survives in grey.
K_COLOURS = LinearSegmentedColormap.from_list(
    "k", ["#F2A03D", "#E8604C", "#B5367A", "#6A2C91", "#232A6B", "#0B0F2B"]
)
_NUMBER_COLOURS = LinearSegmentedColormap.from_list("number", ["#7CC7B2", "#1B8A8F", "#0B3954"])
_K_DASHES = (SOLID, DASHED, DASH_DOT, SHORT, LONG, DASH_DOT_DOT, DOTTED)
_K_MARKERS = ("o", "s", "D", "^", "v", "P", "X")


def estimator_look(name: str) -> Look:
    """The look of an estimator; a name that is not in the table gets one from its letters."""
    if name in ESTIMATOR_LOOKS:
        return ESTIMATOR_LOOKS[name]
    number = zlib.crc32(name.encode())
    return Look(
        plain(name.rsplit("/", 1)[-1]),
        _SPARE_COLOURS[number % len(_SPARE_COLOURS)],
        _SPARE_DASHES[number // 7 % len(_SPARE_DASHES)],
        _SPARE_MARKERS[number // 28 % len(_SPARE_MARKERS)],
    )


def ordered(names: Iterable[str]) -> list[str]:
    """Estimators without repeats: those of the table in its order, then the user's own."""
    found = dict.fromkeys(names)
    own = [name for name in found if name not in ESTIMATOR_LOOKS]
    return [*(name for name in ESTIMATOR_LOOKS if name in found), *own]


def k_look(k: float) -> Look:
    """The look of a k: the greater, the darker; one step of colour per doubling up to 16."""
    octave = log2(max(float(k), 1.0))
    colour = to_hex(K_COLOURS(float(np.interp(octave, (0, 4, 10), (0.0, 0.8, 1.0)))))
    step = round(octave) % len(_K_MARKERS)
    return Look(f"$k$ = {k:g}", colour, _K_DASHES[step], _K_MARKERS[step])


def spare_look(turn: int) -> Look:
    """A look that no estimator and no k has; neighbours differ in colour, dash and marker."""
    return Look(
        "",
        _SPARE_COLOURS[turn % len(_SPARE_COLOURS)],
        _SPARE_DASHES[turn % len(_SPARE_DASHES)],
        ("*", "P", "X", "v", "^", "D")[turn % 6],
    )


def number_look(place: int, count: int) -> Look:
    """The look of the place-th of so many values of a number: the greater, the darker."""
    colour = to_hex(_NUMBER_COLOURS(0.15 + 0.8 * place / max(count - 1, 1)))
    return Look("", colour, _K_DASHES[place % len(_K_DASHES)], _K_MARKERS[place % len(_K_MARKERS)])


def training_look(k_opt: object, n: int, entropy_bonus: float) -> Look:
    """The look of a training run: that of its k, set apart if it is more than a constant k.

    k_opt: a whole number, "n" or a schedule (see `Settings` of the simulator).
    """
    text = str(k_opt).strip()
    if entropy_bonus > 0:
        return Look("", "#2A9D8F", DASH_DOT, "*")
    if text == "n":
        return replace(k_look(n), dash=DOTTED)
    return k_look(int(text)) if text.isdecimal() else Look("", "#1F77D0", LONG, "*")


def contrast(one: Any, other: Any) -> float:
    """Contrast of two colours, from 1 (none) to 21 (black on white), as WCAG 2.1 defines it."""
    high, low = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def _luminance(colour: Any) -> float:
    channels = np.array(to_rgb(colour))
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    return float(linear @ (0.2126, 0.7152, 0.0722))


def plain(name: object) -> str:
    """A name as text in a figure: a dollar sign of the user's starts no formula."""
    return str(name).replace("$", r"\$")


_RC: dict[str, Any] = {
    "font.family": ["DejaVu Sans"],
    "font.size": 8,
    "axes.titlesize": 8.5,
    "axes.labelsize": 8.5,
    "xtick.labelsize": 7.5,
    "ytick.labelsize": 7.5,
    "legend.fontsize": 7.5,
    "figure.titlesize": 9.5,
    "figure.titleweight": "bold",
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "axes.linewidth": 0.7,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.grid": True,
    "axes.grid.axis": "y",
    "grid.color": PALE,
    "grid.linewidth": 0.6,
    "xtick.major.width": 0.7,
    "ytick.major.width": 0.7,
    "xtick.major.size": 3,
    "ytick.major.size": 3,
    "xtick.minor.size": 1.6,
    "ytick.minor.size": 1.6,
    "xtick.minor.width": 0.5,
    "ytick.minor.width": 0.5,
    "lines.linewidth": 1.5,
    "lines.markersize": 4.2,
    "lines.markeredgewidth": 0.6,
    "lines.scale_dashes": True,
    "lines.solid_capstyle": "round",
    "patch.edgecolor": "white",
    "patch.force_edgecolor": True,
    "legend.frameon": False,
    "legend.handlelength": 3.4,
    "legend.handletextpad": 0.5,
    "legend.columnspacing": 1.4,
    "legend.labelspacing": 0.35,
    "figure.facecolor": "white",
    "savefig.facecolor": "white",
    "figure.constrained_layout.h_pad": 0.03,
    "figure.constrained_layout.w_pad": 0.04,
    "svg.hashsalt": "pkpo_toy",
    "svg.fonttype": "path",
}


@contextmanager
def styled() -> Iterator[None]:
    """Matplotlib's defaults and this style, whatever the user's own settings; undone on leaving."""
    with matplotlib_style.context(("default", _RC)):
        yield
