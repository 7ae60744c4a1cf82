"""Cells that the last configuration of a study does not refer to: found and removed."""

from collections.abc import Collection
from pathlib import Path

from pkpo_toy.files import disk_errors
from pkpo_toy.runs.lock import Lock
from pkpo_toy.runs.ownership import ours
from pkpo_toy.runs.store import CELLS, read_sums, write_sums


def unreferenced(folder: Path, referenced: Collection[str]) -> list[Path]:
    """Stored cells under other keys, and damaged ones set aside. Raises DiskError."""
    names = {f"{key}.csv" for key in referenced}
    return [path for path in ours(folder, cells_only=True) if path.name not in names]


def clean(folder: Path, referenced: Collection[str]) -> list[Path]:
    """Remove the files that `unreferenced` lists, and their checksums. Raises Busy, DiskError."""
    with Lock(folder), disk_errors(folder):
        removed = unreferenced(folder, referenced)
        for path in removed:
            path.unlink()
        if removed:
            write_sums(folder / CELLS, read_sums(folder / CELLS))
    return removed
