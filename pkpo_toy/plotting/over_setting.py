"""What is reached at the end over a setting that was swept through many values."""

from dataclasses import replace

import pandas as pd

from pkpo_toy.plotting.figure import AxesArray, Figure, Layout, Legend, by, ravel
from pkpo_toy.plotting.parts import dots_with_bars, letter, log_ticks
from pkpo_toy.plotting.series import curves
from pkpo_toy.plotting.series import legend as series_legend
from pkpo_toy.plotting.words import setting_name

INTERVAL = "bars: 95% interval"


def figure(original: Figure, along: str) -> Figure:
    """The figure with that setting as the x axis: a panel for each value of `panel`.

    Its frame has the columns panel, value, low, high, look and the setting's.
    """

    def draw(frame: pd.DataFrame, axes: AxesArray) -> AxesArray:
        panels = zip(ravel(axes), by(frame, "panel"), strict=False)
        for number, (panel, (title, part)) in enumerate(panels):
            for look, rows in curves(part.sort_values(along)):
                half = [rows["value"] - rows["low"], rows["high"] - rows["value"]]
                dots_with_bars(panel, rows[along], rows["value"], half, look)
            values = part[along]
            if values.min() > 0 and values.max() >= 20 * values.min():
                log_ticks(panel, "x")
            letter(panel, number, title)
            panel.set_xlabel(setting_name(along))
        return axes

    return replace(original, draw=draw, fit=_fit, legend=_legend, panels=(1, 1), widths=None)


def _fit(frame: pd.DataFrame) -> Layout:
    count = frame["panel"].nunique()
    return (1, count), (max(3.5, 2.5 * count), 3.0)


def _legend(frame: pd.DataFrame) -> Legend:
    exact = (frame["low"] == frame["high"]).all()
    return series_legend(frame, 5, "" if exact else INTERVAL)
