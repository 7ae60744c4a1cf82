"""One style for all figures: one colour, dash and marker per estimator, and one per k."""

import re
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from math import log2
from typing import Any

import numpy as np
import seaborn as sns
from matplotlib import style as matplotlib_style
from matplotlib.colors import to_hex

Dash = str | tuple[int, tuple[float, ...]]

SOLID: Dash = "-"
DASHED: Dash = (0, (4.5, 1.8))
DOTTED: Dash = (0, (1.2, 1.4))
DASH_DOT: Dash = (0, (5, 1.6, 1.2, 1.6))
SHORT: Dash = (0, (2.4, 1.2))
LONG: Dash = (0, (8, 2))
DASH_DOT_DOT: Dash = (0, (5, 1.4, 1.2, 1.4, 1.2, 1.4))

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


# Colours: Okabe and Ito's for the seven estimators that meet in one figure, Tol's muted set and
# darker or lighter neighbours for the rest. No two rows share a colour, nor dash and marker, so a
# print in grey still tells them apart.
ESTIMATOR_LOOKS: dict[str, Look] = {
    "pkpo": Look("PKPO", "#0072B2", SOLID, "o"),
    "pkpo_loo": Look("PKPO, LOO", "#009E73", DASHED, "s"),
    "pkpo_loo_minus_one": Look("PKPO, LOO$-$1", "#D55E00", SOLID, "D"),
    "partition": Look("partition", "#56B4E9", DOTTED, "^"),
    "partition_baselined": Look("partition, baselined", "#E69F00", SHORT, "v"),
    "partition_loo_minus_one": Look("partition, LOO$-$1", "#CC79A7", DASH_DOT, "P"),
    "centered_loo": Look("centered LOO", "#000000", LONG, "X"),
    "group_mean_centered": Look("group-mean centered", "#5C5C5C", LONG, "d"),
    "reinforce": Look("REINFORCE", "#7F7F7F", SOLID, "<"),
    "rloo": Look("RLOO", "#332288", SOLID, "*"),
    "dr_grpo": Look("Dr. GRPO", "#6A5ACD", DASHED, "<"),
    "grpo": Look("GRPO", "#882255", DASHED, "*"),
    "fail_only": Look("fail only", "#117733", SOLID, "h"),
    "passk_rloo": Look("pass@$k$ RLOO", "#44AA99", SOLID, "p"),
    "passk_plugin": Look("pass@$k$ plug-in", "#999933", DOTTED, "h"),
    "passk_loo_plugin": Look("pass@$k$ LOO plug-in", "#6B6B1F", DASH_DOT, "h"),
    "passk_grpo": Look("pass@$k$ GRPO", "#AA4499", DASHED, "p"),
    "passk_full": Look("pass@$k$, full sampling", "#7A2E6D", DOTTED, "p"),
    "passk_bootstrap": Look("pass@$k$, bootstrap", "#D98BCB", SHORT, "p"),
    "bon_mean": Look("best-of-$n$, mean", "#8C510A", DASHED, ">"),
    "bon_max_mean": Look("best-of-$n$, max $-$ mean", "#BF812D", DOTTED, ">"),
    "maxrl": Look("MaxRL", "#CC6677", SOLID, ">"),
    "maxrl_raw": Look("MaxRL, raw", "#E0949F", DASH_DOT, ">"),
    "tailrl": Look("TailRL", "#2166AC", DASHED, "H"),
    "tailrl_raw": Look("TailRL, raw", "#6FA8DC", DASH_DOT, "H"),
    "rs_grpo": Look("RS-GRPO", "#01665E", DASHED, "8"),
    "entropic_loo": Look("entropic LOO", "#35978F", DASH_DOT_DOT, "8"),
}

_SPARE_COLOURS = ("#B2182B", "#4D7C0F", "#1B3A57", "#C2410C", "#7C3AED", "#0F766E", "#A16207")
_SPARE_DASHES = (DASH_DOT_DOT, LONG, SHORT, DASH_DOT)
_SPARE_MARKERS = ("1", "2", "3", "4", "+", "x")

# From a mid orange to a near-black blue: lightness falls steadily, so the order survives in grey.
K_COLOURS = sns.blend_palette(
    ["#F2A03D", "#E8604C", "#B5367A", "#6A2C91", "#232A6B", "#0B0F2B"], as_cmap=True
)
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
    return [name for name in ESTIMATOR_LOOKS if name in found] + [
        name for name in found if name not in ESTIMATOR_LOOKS
    ]


def k_look(k: float) -> Look:
    """The look of a k: the greater, the darker; one step of colour per doubling up to 16."""
    octave = log2(max(float(k), 1.0))
    colour = to_hex(K_COLOURS(float(np.interp(octave, (0, 4, 10), (0.0, 0.8, 1.0)))))
    step = round(octave) % len(_K_MARKERS)
    return Look(f"$k$ = {k:g}", colour, _K_DASHES[step], _K_MARKERS[step])


def label_look(label: str) -> Look:
    """The look of a training run by its label: that of its k, set apart if it is more than a k."""
    if label in ESTIMATOR_LOOKS:
        return ESTIMATOR_LOOKS[label]
    text = re.sub(r"\b([kn])\b", r"$\1$", plain(label))
    if "entropy" in label:
        return Look(text, "#2A9D8F", DASH_DOT, "*")
    if re.search(r"then|anneal|→|->", label):
        return Look(text, "#1F77D0", LONG, "*")
    found = re.fullmatch(r"k\s*=\s*(n\s*=\s*)?(\d+)", label)
    if found is None:
        return replace(estimator_look(label), label=text)
    look = replace(k_look(int(found[2])), label=text)
    return replace(look, dash=DOTTED) if found[1] else look


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
    with matplotlib_style.context(("default", sns.axes_style("ticks") | _RC)):
        yield
