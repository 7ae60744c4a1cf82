"""A frame as a table that the page's script sorts, and as a CSV file inside the page."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any
from urllib.parse import quote
from xml.etree.ElementTree import Element

from pkpo_toy.report.elements import tag

if TYPE_CHECKING:
    import pandas as pd

SHOWN = 40  # rows without the script, and before all are asked for
WHOLE = 1e6  # whole numbers below this have all their digits
MOST = 1_500_000  # characters of a link that browsers take


def table(frame: pd.DataFrame, name: str, caption: str) -> Element:
    """The first rows, and a link that holds all of them: the script sorts and shows what is there.

    name: of the CSV file to save.
    """
    kinds = ["number" if frame[column].dtype.kind in "iuf" else None for column in frame.columns]
    head = [
        tag("th", str(column).replace("_", " "), scope="col", class_=kind)
        for column, kind in zip(frame.columns, kinds, strict=True)
    ]
    rows = [
        tag("tr", *(tag("td", cell(v), class_=kind) for v, kind in zip(row, kinds, strict=True)))
        for row in frame.head(SHOWN).itertuples(index=False, name=None)
    ]
    body = tag("table", tag("thead", tag("tr", *head)), tag("tbody", *rows))
    scroll = tag("div", body, class_="scroll", tabindex="0", role="region", aria_label=caption)
    return tag("div", scroll, _below(frame, name), class_="table")


def _below(frame: pd.DataFrame, name: str) -> Element:
    """How many rows there are, and all of them to be saved."""
    count = f"{len(frame)} row{'s' * (len(frame) != 1)}"
    said = count if len(frame) <= SHOWN else f"The first {SHOWN} of {count}."
    text = frame.to_csv(index=False, lineterminator="\n")
    data = "data:text/csv;charset=utf-8," + quote(text, safe=",.-+ ':;()=@")
    if len(data) > MOST:
        return tag("p", f"{said} `pkpo-toy export` writes all.", class_="below")
    link = tag("a", "Download CSV", class_="csv", download=f"{name}.csv", href=data)
    return tag("p", tag("span", said, class_="count"), " ", link, class_="below")


def cell(value: Any) -> str:
    """A value as the table shows it: four significant digits; the script does the same."""
    if not isinstance(value, float):
        return str(value)
    if math.isnan(value):
        return ""
    whole = value.is_integer() and abs(value) < WHOLE
    return f"{value:.0f}" if whole else f"{value:.4g}"
