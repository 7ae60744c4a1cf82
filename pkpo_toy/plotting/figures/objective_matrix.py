"""Figure of `objective_matrix`: is every k_eval best served by k_opt = k_eval?"""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from numpy.typing import NDArray

from pkpo_toy.plotting.figure import AxesArray, Figure, ravel
from pkpo_toy.plotting.style import INK, contrast
from pkpo_toy.typing import Array

COLUMNS = ("k_opt", "k_eval", "value", "se", "optimum")


def draw(frame: pd.DataFrame, axes: AxesArray) -> AxesArray:
    """Value over optimum in percent, with its standard error; the best of each column framed."""
    import seaborn as sns  # takes a while

    (panel,) = ravel(axes)
    share = 100 * frame["value"] / frame["optimum"]
    error = 100 * frame["se"] / frame["optimum"]
    table = frame.assign(share=share, error=error).pivot(index="k_opt", columns="k_eval")
    shares, errors = table["share"].to_numpy(), table["error"].to_numpy()
    sns.heatmap(
        table["share"],
        ax=panel,
        cmap=sns.light_palette("#0072B2", as_cmap=True),
        linewidths=1.0,
        cbar_kws={"label": "% of the best possible pass@$k$", "pad": 0.02, "aspect": 30},
    )
    _annotate(panel, shares, errors)
    for column, best in enumerate(shares.argmax(axis=0)):
        panel.add_patch(
            Rectangle(
                (column + 0.03, best + 0.03), 0.94, 0.94, fill=False, edgecolor=INK, linewidth=1.6
            )
        )
    panel.set(xlabel=r"evaluated at $k_{\mathrm{eval}}$", ylabel=r"trained for $k_{\mathrm{opt}}$")
    panel.set_title("frame: best of its column; $\\pm$1 standard error", loc="left", size=7.5)
    panel.tick_params(length=0)
    panel.set_yticklabels(panel.get_yticklabels(), rotation=0)
    return axes


def _annotate(panel: Axes, shares: Array, errors: Array) -> None:
    """Each cell's text, black or white, whichever stands out more from the cell's colour."""
    (mesh,) = panel.collections
    colours = mesh.to_rgba(shares.ravel())
    texts = _texts(shares, errors).ravel()
    for (row, column), colour, text in zip(np.ndindex(shares.shape), colours, texts, strict=True):
        ink = max(("white", "black"), key=lambda one: contrast(one, colour))
        panel.text(column + 0.5, row + 0.5, text, ha="center", va="center", color=ink, size=7.5,
                   linespacing=1.15)  # fmt: skip


def _texts(shares: Array, errors: Array) -> NDArray[np.object_]:
    """The value over its standard error, cell by cell."""
    digits = 1 if errors.min() >= 0.1 else 2
    pairs = zip(shares.ravel(), errors.ravel(), strict=True)
    texts = [f"{share:.{digits}f}\n{_margin(error, digits)}" for share, error in pairs]
    return np.array(texts, dtype=object).reshape(shares.shape)


def _margin(error: float, digits: int) -> str:
    """The standard error; one too small for the digits is said to be small, not to be zero."""
    smallest = 10.0**-digits
    if 0.0 < error < smallest / 2:
        return f"$\\pm$<{smallest:g}"
    return f"$\\pm${error:.{digits}f}"


FIGURE = Figure(
    draw,
    COLUMNS,
    size=(4.8, 3.9),
    shows=("k_opt",),
    about="problems that look alike, best possible policy known",
    says=("n", "optimiser", "step_size", "steps", "replicates"),
)
