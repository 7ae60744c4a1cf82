"""The pieces figures share: lines with intervals, panel letters, labels and legends."""

from collections.abc import Iterable
from math import log2, log10
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import FigureBase
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, FuncFormatter, LogLocator, NullFormatter, NullLocator
from numpy.typing import ArrayLike

from pkpo_toy.plotting.figure import Legend
from pkpo_toy.plotting.style import FAINT, Look

# Half width of a 95% interval in standard errors.
Z = 1.96


def _settings(look: Look) -> dict[str, Any]:
    """Line and marker in the given look; thin markers are drawn larger, hatched ones in colour."""
    return {
        "color": look.colour,
        "linestyle": look.dash,
        "label": look.label,
        "markersize": 5.4 if look.marker in "PX*" else 4.2,
        "markeredgecolor": look.colour if look.marker in "1234+x" else "white",
        "markeredgewidth": 1.0 if look.marker in "1234+x" else 0.4,
    }


def curve(axes: Axes, x: ArrayLike, y: ArrayLike, look: Look, **options: Any) -> Line2D:
    """A line in the given look; `options` override single settings."""
    (line,) = axes.plot(x, y, **(_settings(look) | options))
    return line


def band(axes: Axes, x: ArrayLike, low: ArrayLike, high: ArrayLike, look: Look) -> None:
    """A shaded interval around a curve."""
    axes.fill_between(x, low, high, color=look.colour, alpha=0.18, linewidth=0)


def dots_with_bars(
    axes: Axes, x: ArrayLike, y: ArrayLike, half_width: ArrayLike, look: Look, **options: Any
) -> None:
    """Markers joined by a line, each with an error bar of `half_width` to either side."""
    bars = {"marker": look.marker, "elinewidth": 1.0, "capsize": 1.8, "capthick": 0.8}
    axes.errorbar(x, y, yerr=half_width, **(_settings(look) | bars | options))


def key(look: Look, **options: Any) -> Line2D:
    """The legend's entry for a look: its line with its marker."""
    return Line2D([], [], **(_settings(look) | {"marker": look.marker} | options))


def spaced_markers(points: int, turn: int, wanted: int = 6) -> list[int]:
    """Indices of about `wanted` markers along a curve, shifted by `turn` so that curves do not
    put theirs on top of each other."""
    gap = max(1, points // wanted)
    return list(range(turn * 2 * gap // 5 % gap, points, gap))


def letter(axes: Axes, number: int, title: str = "") -> None:
    """The panel's letter, and what it shows, flush with its left edge."""
    axes.set_title(f"({'abcdefghijklmnopqrstuvwxyz'[number % 26]})  {title}".rstrip(), loc="left")


def powers(axes: Axes, values: Iterable[float], axis: str = "x") -> None:
    """A base-2 log axis with ticks at these values, or at the powers of 2 if they are many."""
    ticks = sorted({float(value) for value in values})
    if len(ticks) > 9:
        ticks = [tick for tick in ticks if log2(tick).is_integer()]
    getattr(axes, f"set_{axis}scale")("log", base=2)
    one = getattr(axes, f"{axis}axis")
    one.set_major_locator(FixedLocator(ticks))
    one.set_minor_locator(NullLocator())
    one.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))


def log_ticks(axes: Axes, axis: str) -> None:
    """A log axis whose ticks are plain numbers: 0.1, 1, 10; also 2 and 5 where it is short."""
    getattr(axes, f"set_{axis}scale")("log")
    low, high = getattr(axes, f"get_{axis}lim")()
    one = getattr(axes, f"{axis}axis")
    one.set_major_locator(LogLocator(subs=(1, 2, 5) if high < 60 * low else (1,)))
    one.set_major_formatter(FuncFormatter(lambda value, _: plain_number(value)))
    one.set_minor_formatter(NullFormatter())


def plain_number(value: float) -> str:
    """0.01 to 9999 written out, anything else as a power of ten."""
    if value == 0 or 1e-2 <= abs(value) < 1e4:
        return f"{value:g}"
    return f"$10^{{{round(log10(abs(value)))}}}$"


def legend_below(canvas: FigureBase, legend: Legend, more: str = "") -> None:
    """One legend for the whole figure under its panels, with what the bars or bands mean."""
    note = "; ".join(filter(None, (legend.note, more)))
    drawn = canvas.legend(
        handles=list(legend.handles),
        loc="outside lower center",
        ncols=legend.columns,
        title=note or None,
    )
    drawn.get_title().set(color=FAINT, fontsize=7)


def note(axes: Axes, text: str, x: float = 0.98, y: float = 0.03) -> None:
    """A short remark in a corner of the panel, in grey."""
    axes.text(
        x,
        y,
        text,
        transform=axes.transAxes,
        ha="right" if x > 0.5 else "left",
        va="bottom" if y < 0.5 else "top",
        color=FAINT,
        size=7,
    )
