"""summary.csv: the summaries of the cells one after another, one cell in memory at a time."""

import hashlib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from pkpo_toy.files import disk_errors, replacing_file, sync_folder
from pkpo_toy.runs.cells import Cell
from pkpo_toy.runs.compute import Failure, failure
from pkpo_toy.runs.store import Store, read_cell
from pkpo_toy.runs.tables import csv_bytes, read_csv

if TYPE_CHECKING:
    import pandas as pd

SUMMARY = "summary.csv"

Summarize = Callable[["pd.DataFrame"], "pd.DataFrame"]


def write_summary(store: Store, cells: Iterable[Cell], summarize: Summarize) -> list[Failure]:
    """Summarise stored cells in order into summary.csv; the failures are left out and returned.

    Every summary is made from the stored CSV, never from a frame still in memory, so that a cell
    just computed and a cell found on disk give the same bytes. All must have the same columns.
    """
    failures: list[Failure] = []
    columns: list[str] | None = None
    with replacing_file(store.folder / SUMMARY) as file:
        for cell in cells:
            rows = _summarize(store, cell, summarize, columns)
            if isinstance(rows, Failure):
                failures.append(rows)
                continue
            file.write(csv_bytes(rows, header=columns is None))
            columns = list(rows.columns)
    sync_folder(store.folder)
    return failures


def _summarize(
    store: Store, cell: Cell, summarize: Summarize, columns: list[str] | None
) -> "pd.DataFrame | Failure":
    frame = read_cell(store.folder, cell.key, bytes.fromhex(store.digest(cell.key)))
    try:
        rows = summarize(frame)
        if columns is not None and list(rows.columns) != columns:
            raise ValueError(f"summary columns {list(rows.columns)} differ from {columns} before")
    except Exception as error:
        return failure(cell, 1, error)
    return rows


def summary_state(store: Store, cells: Iterable[Cell]) -> dict[str, str]:
    """What tells whether summary.csv is current: checksums of its cells and of itself."""
    inputs = hashlib.sha256()
    for cell in cells:
        inputs.update(f"{cell.key} {store.digest(cell.key)}\n".encode())
    path = store.folder / SUMMARY
    with disk_errors(path):
        data = path.read_bytes() if path.exists() else b""
    return {"inputs": inputs.hexdigest(), "sha256": hashlib.sha256(data).hexdigest()}


def read_summary(folder: Path) -> "pd.DataFrame":
    """The summary of a results folder, empty where no cell succeeded.

    Raises DiskError where it cannot be read.
    """
    import pandas as pd

    with disk_errors(folder / SUMMARY):
        data = (folder / SUMMARY).read_bytes()
    return read_csv(data) if data else pd.DataFrame()
