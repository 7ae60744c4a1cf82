"""failures.jsonl: the cells that could not be computed, one JSON object a line."""

import json
from pathlib import Path
from typing import Any

from pkpo_toy.files import read_file
from pkpo_toy.runs.errors import check_stored

FAILURES = "failures.jsonl"


def read_failures(folder: Path) -> list[dict[str, Any]]:
    """The cells that failed in the last run of the folder, in order. Raises Corrupt, DiskError."""
    path = folder / FAILURES
    lines = (read_file(path) or b"").splitlines()
    for line in lines:
        check_stored(path, line, "StoredFailure")
    return [json.loads(line) for line in lines]
