"""How frames are printed: rich tables for people, JSON for scripts."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd
    from rich.table import Table

FOLDED = 18  # longer texts are folded into lines


def json_rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows as plain JSON data; a number that is not there is null."""
    columns = {name: [_plain(value) for value in frame[name].tolist()] for name in frame.columns}
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def _plain(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value


def print_json(value: Any) -> None:
    """One JSON document on stdout, in ASCII so that every terminal and pipe can carry it."""
    print(json.dumps(value, indent=2, allow_nan=False))


def print_table(frame: pd.DataFrame, title: str, *, limit: int | None = None) -> None:
    """A table on stdout, never narrower than its numbers: a value with its standard error in one
    column, what is the same in every row said once above, the first `limit` rows.
    """
    from rich import box
    from rich.console import Console
    from rich.table import Table

    console = Console(markup=False, highlight=False)
    same, rest = _shared(frame)
    fancy = console.encoding.startswith("utf")
    cells = columns_of(rest.head(limit or len(rest)), " ± " if fancy else " +- ")
    style = box.SIMPLE_HEAD if fancy else box.ASCII2
    table = Table(title=title, box=style, caption=same, pad_edge=False, collapse_padding=True)
    table.title_justify, table.title_style, table.caption_justify = "left", "bold", "left"
    for name, (texts, numeric) in cells.items():
        longest = max(map(len, texts), default=0)
        word = max(map(len, " ".join([name, *texts]).split()), default=0)
        # A terminal too narrow wraps the line; a column cut short would show a wrong number.
        least = max(longest, word) if numeric or longest <= FOLDED else word
        table.add_column(name, justify="right" if numeric else "left", min_width=least)
    for row in zip(*(texts for texts, _ in cells.values()), strict=True):
        table.add_row(*row)
    console.print(table, width=max(console.width, _least_width(table)), crop=False)
    if limit is not None and len(frame) > limit:
        console.print(f"... and {len(frame) - limit} more rows")


def _least_width(table: Table) -> int:
    from rich.console import Console

    wide = Console(width=10_000)
    return wide.measure(table).minimum


def _shared(frame: pd.DataFrame) -> tuple[str, pd.DataFrame]:
    """What every row has in common, as text, and the frame without it (first column kept)."""
    if len(frame) < 2:
        return "", frame
    names = [name for name in frame.columns[1:] if frame[name].nunique(dropna=False) == 1]
    said = [name for name in names if _cell(frame[name].iloc[0])]
    text = ", ".join(f"{name.replace('_', ' ')} {_cell(frame[name].iloc[0])}" for name in said)
    return text, frame.drop(columns=names)


def columns_of(frame: pd.DataFrame, pm: str) -> dict[str, tuple[list[str], bool]]:
    """Header -> texts and whether they are numbers; `x` and `x_se` share a column."""
    columns = {}
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
        columns[header] = (texts, frame[name].dtype.kind in "iuf")
    return columns


def _cell(value: Any, digits: int = 4) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return "" if math.isnan(value) else f"{value:.{digits}g}"
    return str(value)
