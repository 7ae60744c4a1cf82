"""Cells: one specification each, a key that names its result, a generator of its own."""

import hashlib
import json
from dataclasses import dataclass
from typing import Any

import numpy as np

from pkpo_toy.errors import InputError

Spec = dict[str, Any]

LAYOUT = 1  # of the stored files; a new one gives every cell a new key


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

    key = first 20 hex digits of sha256(canonical [layout, code, spec]). A seed belongs in the
    specification; `code` is the fingerprint of the source that computes the cell.
    """
    text = canonical([LAYOUT, code, spec])
    return Cell(hashlib.sha256(text.encode()).hexdigest()[:20], spec)


def generator(seed: int, spec: Spec) -> np.random.Generator:
    """The cell's own random numbers, from (seed, specification) and nothing else."""
    digest = hashlib.sha256(canonical([seed, spec]).encode()).digest()
    return np.random.default_rng(np.frombuffer(digest, dtype="<u4"))
