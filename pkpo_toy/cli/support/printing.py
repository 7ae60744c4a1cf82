"""JSON for scripts, and the names of what was written; `tables` prints for people."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd


def json_rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows as plain JSON data; a number that is not there is null."""
    columns = {
        name: [
            None if isinstance(value, float) and not math.isfinite(value) else value
            for value in frame[name].tolist()
        ]
        for name in frame.columns
    }
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def print_json(value: Any) -> None:
    """One JSON document on stdout, in ASCII so that every terminal and pipe can carry it."""
    print(json.dumps(value, indent=2, allow_nan=False))


def print_written(paths: Iterable[Path], *, as_json: bool) -> None:
    """The files that were written, one a line; as JSON {"written": [...]}."""
    names = [str(path) for path in paths]
    if as_json:
        print_json({"written": names})
    else:
        print("\n".join(names))
