"""failures.jsonl: the cells that could not be computed, one JSON object a line."""

import json
from pathlib import Path
from typing import Any

from pkpo_toy.files import disk_errors

FAILURES = "failures.jsonl"


def read_failures(folder: Path) -> list[dict[str, Any]]:
    """The cells that failed when the folder was last run, oldest first. Raises DiskError."""
    path = folder / FAILURES
    with disk_errors(path):
        lines = path.read_text("utf-8").splitlines() if path.exists() else []
    return [json.loads(line) for line in lines]
