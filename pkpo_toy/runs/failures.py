"""What goes in and out beside the cells: files for the user, the failures of a run."""

import json
from pathlib import Path
from typing import Any

from pkpo_toy.runs.errors import disk_errors
from pkpo_toy.runs.files import sync_folder, write_file

FAILURES = "failures.jsonl"


def write_output(path: Path, data: bytes) -> None:
    """Write a whole file for the user, making its folder. Raises DiskError."""
    with disk_errors(path.parent):
        path.parent.mkdir(parents=True, exist_ok=True)
    write_file(path, data)
    sync_folder(path.parent)


def read_failures(folder: Path) -> list[dict[str, Any]]:
    """The cells that failed when the folder was last run, oldest first. Raises DiskError."""
    path = folder / FAILURES
    with disk_errors(path):
        lines = path.read_text("utf-8").splitlines() if path.exists() else []
    return [json.loads(line) for line in lines]
