"""How frames are printed: rich tables for people, JSON for scripts."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd


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
    """A table on stdout: numbers to four digits, the first `limit` rows and how many are left."""
    from rich.console import Console
    from rich.table import Table

    console = Console(markup=False, highlight=False)
    table = Table(title=title, title_justify="left", title_style="bold", box=_box(console))
    for name in frame.columns:
        numeric = frame[name].dtype.kind in "iuf"
        table.add_column(name, justify="right" if numeric else "left", overflow="fold")
    for row in frame.head(limit or len(frame)).itertuples(index=False):
        table.add_row(*(_cell(value) for value in row))
    console.print(table)
    if limit is not None and len(frame) > limit:
        console.print(f"... and {len(frame) - limit} more rows")


def _box(console: Any) -> Any:
    from rich import box

    return box.SIMPLE_HEAD if console.encoding.startswith("utf") else box.ASCII2


def _cell(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return "" if math.isnan(value) else f"{value:.4g}"
    return str(value)
