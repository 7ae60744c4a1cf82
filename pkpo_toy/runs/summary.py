"""summary.csv: the summaries of the cells one after another, one cell in memory at a time."""

import hashlib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from pkpo_toy.files import read_file, replacing_file, sync_folder
from pkpo_toy.runs.cells import Cell, Spec
from pkpo_toy.runs.compute import Failure, failure
from pkpo_toy.runs.errors import Corrupt
from pkpo_toy.runs.manifest import read_manifest
from pkpo_toy.runs.store import Store, read_cell
from pkpo_toy.runs.tables import csv_bytes, read_csv

if TYPE_CHECKING:
    import pandas as pd

SUMMARY = "summary.csv"

Summarize = Callable[[Spec, "pd.DataFrame"], "pd.DataFrame"]


def write_summary(store: Store, cells: Iterable[Cell], summarize: Summarize) -> list[Failure]:
    """Summarise stored cells in order into summary.csv; returns the failures, which are left out.

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
        rows = summarize(cell.spec, frame)
        if columns is not None and list(rows.columns) != columns:
            raise ValueError(f"summary columns {list(rows.columns)} differ from {columns} before")
    except Exception as error:
        return failure(cell, 1, error)
    return rows


def summary_state(store: Store, cells: Iterable[Cell]) -> dict[str, str]:
    """Checksums of the cells and of summary.csv itself, which tell whether the file is current."""
    inputs = hashlib.sha256()
    for cell in cells:
        inputs.update(f"{cell.key} {store.digest(cell.key)}\n".encode())
    data = read_file(store.folder / SUMMARY) or b""
    return {"inputs": inputs.hexdigest(), "sha256": hashlib.sha256(data).hexdigest()}


def read_summary(folder: Path) -> "pd.DataFrame":
    """The summary of a results folder, empty where no cell succeeded.

    Raises Corrupt where it is not the one that the manifest tells of, and DiskError.
    """
    import pandas as pd

    path = folder / SUMMARY
    told = (read_manifest(folder) or {}).get("summary")
    if told is None:
        raise Corrupt(f"the run in {folder} has not come to its summary; run it again to go on.")
    data = read_file(path)
    if data is None or hashlib.sha256(data).hexdigest() != told["sha256"]:
        raise Corrupt(f"{path} is absent or fails its checksum; run the study again.")
    return read_csv(data) if data else pd.DataFrame()
