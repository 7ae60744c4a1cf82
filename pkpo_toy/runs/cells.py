"""Cells: one specification each, a key that names its result, a generator of its own."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from pkpo_toy.errors import InputError

Spec = dict[str, Any]

SCHEMA = 1  # of the stored files; a new layout gives every cell a new key


@dataclass(frozen=True)
class Cell:
    """One unit of work: the specification it is computed from and the key it is stored under."""

    key: str
    spec: Spec


def canonical(value: object) -> str:
    """The one JSON text of a value: sorted keys, no spaces, ASCII.

    Raises InputError for what JSON cannot hold (NaN and infinities included).
    """
    try:
        return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)
    except (TypeError, ValueError) as error:
        raise InputError(f"a cell's specification must be JSON-able, got {error}") from error


def make_cell(spec: Spec, code: str) -> Cell:
    """The cell of a specification.

    key = first 20 hex digits of sha256(canonical [schema, code, spec]). A seed belongs in the
    specification; `code` is the fingerprint of the source that computes the cell.
    """
    text = canonical([SCHEMA, code, spec])
    return Cell(hashlib.sha256(text.encode()).hexdigest()[:20], spec)


def generator(seed: int, spec: Spec) -> np.random.Generator:
    """The cell's own random numbers, from (seed, specification) and nothing else."""
    digest = hashlib.sha256(canonical([seed, spec]).encode()).digest()
    return np.random.default_rng(np.frombuffer(digest, dtype="<u4"))


def fingerprint(paths: Iterable[Path]) -> str:
    """sha256 of source files, as hex: relative names and contents, in sorted order.

    A folder stands for all the *.py files below it. Names are relative to the parent of the path
    given, so that the same source at another place has the same fingerprint.
    """
    digest = hashlib.sha256()
    for name, file in sorted(_sources(paths)):
        content = hashlib.sha256(file.read_bytes()).hexdigest()
        digest.update(f"{name}\0{content}\n".encode())
    return digest.hexdigest()


def _sources(paths: Iterable[Path]) -> Iterable[tuple[str, Path]]:
    for path in paths:
        root = path.resolve()
        for file in [root] if root.is_file() else root.rglob("*.py"):
            yield file.relative_to(root.parent).as_posix(), file
