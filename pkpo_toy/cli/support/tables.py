"""Frames as tables on a terminal: whole numbers and whole words, as wide as the terminal is.

What does not fit is first set closer together, then what stands in front (the settings that many
rows share) becomes headings between the rows, and at last the columns are parted.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from textwrap import wrap
from typing import TYPE_CHECKING, Any

from pkpo_toy.cli.support.printing import json_rows, print_json

if TYPE_CHECKING:
    import pandas as pd

FOLDED = 18  # longer texts are folded into lines
LONE = 2  # rows that a heading needs on average to be worth a line


@dataclass(frozen=True)
class Column:
    """Its heading and texts; `least`: the width that keeps numbers and words whole."""

    name: str
    texts: list[str]
    numeric: bool

    @cached_property
    def longest(self) -> int:
        return max(map(_wide, self.texts), default=0)

    @cached_property
    def least(self) -> int:
        head = max(map(_wide, self.name.split()), default=0)
        if self.numeric or self.longest <= FOLDED:
            return max(head, self.longest)
        return max(head, *(_wide(word) for text in self.texts for word in text.split()))


def print_table(frame: pd.DataFrame, title: str, *, limit: int | None = None) -> None:
    """A table on stdout: a value with its standard error in one column, what is the same in every
    row said once below, the first `limit` rows.
    """
    from rich.console import Console

    console = Console(markup=False, highlight=False, soft_wrap=True)
    same, rest = _shared(frame)
    fancy = console.encoding.startswith("utf")
    columns = columns_of(rest.head(limit or len(rest)), " ± " if fancy else " +- ")
    heads, gap = _arranged(columns, console.width)
    for line in wrap(title, console.width):
        console.print(line, style="bold")
    for part in _parts(columns[heads:], console.width, gap):
        console.print(*_lines(columns[:heads], part, console.width, gap, fancy), "", sep="\n")
    for line in wrap(same, console.width):
        console.print(line, style="dim")
    if limit is not None and len(frame) > limit:
        console.print(f"... and {len(frame) - limit} more rows")


def print_rows(rows: pd.DataFrame, shown: pd.DataFrame, title: str, *, as_json: bool) -> None:
    """All rows as JSON {"rows": [...]} for scripts, or the table `shown` for people."""
    if as_json:
        print_json({"rows": json_rows(rows)})
    else:
        print_table(shown, title)


def _arranged(columns: list[Column], width: int) -> tuple[int, int]:
    """How many columns in front become headings, and the space between the others."""
    rows = len(columns[0].texts) if columns else 0
    heads = 0
    while heads < len(columns) - 1 and _blocks(columns[: heads + 1]) * LONE <= rows:
        heads += 1
    for used in range(heads + 1):
        for gap in (2, 1):
            if _width(columns[used:], gap) <= width:
                return used, gap
    return heads, 1


def _blocks(columns: list[Column]) -> int:
    return sum(1 for _ in groupby(zip(*(column.texts for column in columns), strict=True)))


def _width(columns: list[Column], gap: int) -> int:
    return 1 + sum(column.least + gap for column in columns) - gap


def _parts(columns: list[Column], width: int, gap: int) -> list[list[Column]]:
    """The columns in parts that fit, each beginning with the first column."""
    parts = [columns[:1]]
    for column in columns[1:]:
        if len(parts[-1]) > 1 and _width([*parts[-1], column], gap) > width:
            parts.append(columns[:1])
        parts[-1] = [*parts[-1], column]
    return parts


def _lines(
    heads: list[Column], columns: list[Column], width: int, gap: int, fancy: bool
) -> list[str]:
    """Heading, rule and rows, with a line where what the rows share changes."""
    widths = _widths(columns, width, gap)
    names = [wrap(column.name, size) for column, size in zip(columns, widths, strict=True)]
    height = max(map(len, names))
    lines = [
        "",
        *_row([[""] * (height - len(name)) + name for name in names], columns, widths, gap),
    ]
    lines.append(" " + ("─" if fancy else "-") * (sum(widths) + gap * (len(widths) - 1)))
    before = None
    for row in range(len(columns[0].texts)):
        shared = ", ".join(f"{head.name} {head.texts[row]}" for head in heads if head.texts[row])
        if shared != before:
            lines += ["", *wrap(shared, width - 2, initial_indent="  ")] if heads else []
            before = shared
        cells = [
            wrap(column.texts[row], size) or [""]
            for column, size in zip(columns, widths, strict=True)
        ]
        lines += _row(cells, columns, widths, gap)
    return lines


def _widths(columns: list[Column], width: int, gap: int) -> list[int]:
    """Texts that are folded share what the other columns leave."""
    room = max(width - _width(columns, gap), 0)
    lacking = [max(column.longest - column.least, 0) for column in columns]
    wanted = max(sum(lacking), 1)
    return [
        column.least + min(lack, room * lack // wanted)
        for column, lack in zip(columns, lacking, strict=True)
    ]


def _row(cells: list[list[str]], columns: list[Column], widths: list[int], gap: int) -> list[str]:
    height = max(map(len, cells))
    lines = []
    for at in range(height):
        texts = [
            _padded(cell[at] if at < len(cell) else "", size, right=column.numeric)
            for cell, column, size in zip(cells, columns, widths, strict=True)
        ]
        lines.append((" " + (" " * gap).join(texts)).rstrip())
    return lines


def _padded(text: str, size: int, *, right: bool) -> str:
    space = " " * (size - _wide(text))
    return space + text if right else text + space


def _wide(text: str) -> int:
    from rich.cells import cell_len

    return cell_len(text)


def _shared(frame: pd.DataFrame) -> tuple[str, pd.DataFrame]:
    """What every row has in common, as text, and the frame without it (first column kept)."""
    if len(frame) < 2:
        return "", frame
    names = [name for name in frame.columns[1:] if frame[name].nunique(dropna=False) == 1]
    said = [name for name in names if _cell(frame[name].iloc[0])]
    text = ", ".join(f"{name.replace('_', ' ')} {_cell(frame[name].iloc[0])}" for name in said)
    return text, frame.drop(columns=names)


def columns_of(frame: pd.DataFrame, pm: str) -> list[Column]:
    """The columns as texts; `x` and `x_se` share one."""
    columns = []
    for name in frame.columns:
        if (name.endswith("_se") and name.removesuffix("_se") in frame) or name == "se":
            continue
        texts = [_cell(value) for value in frame[name].tolist()]
        error = f"{name}_se" if f"{name}_se" in frame else "se" if name == "value" else None
        header = name.replace("_", " ")
        if error in frame:
            errors = [_cell(value, digits=2) for value in frame[error].tolist()]
            texts = [f"{t}{pm}{e}" if e else t for t, e in zip(texts, errors, strict=True)]
            header += f"{pm}se"
        columns.append(Column(header, texts, frame[name].dtype.kind in "iuf"))
    return columns


def _cell(value: Any, digits: int = 4) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return "" if math.isnan(value) else f"{value:.{digits}g}"
    return str(value)
