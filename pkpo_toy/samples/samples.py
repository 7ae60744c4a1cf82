"""Sampling results from a file: counts `problem,n,c` or samples `problem,sample,reward`.

CSV or JSON lines, "-" for standard input. Numbers are written with a point whatever the locale; a
reward may also be true or false. Further columns are allowed and left alone. Whatever does not fit
is refused with file and line.
"""

from __future__ import annotations

import math
import re
from pathlib import Path

import numpy as np
import pandas as pd

from pkpo_toy.samples.tables import Column, Kind, Table, read_table

MOST_SAMPLES = 10**9
"""Of one problem; a larger n is a mistake, and pass@k of it would need too much memory."""

_WHOLE = re.compile(r"\s*[+-]?[0-9]{1,18}\s*")
_NUMBER = re.compile(r"\s*[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?\s*")
_TRUTH = {"true": 1.0, "false": 0.0}


def _label(value: object) -> str | None:
    """A name: text that is not blank and can be written out again, or an integer."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if not isinstance(value, str) or not value.strip():
        return None
    lone_surrogate = not value.isascii() and any("\ud800" <= c <= "\udfff" for c in value)
    return None if lone_surrogate else value


def _whole(value: object) -> int | None:
    if isinstance(value, str):
        return int(value) if _WHOLE.fullmatch(value) else None
    if not isinstance(value, int) or isinstance(value, bool) or abs(value) >= 10**18:
        return None
    return value


def _number(value: object) -> float | None:
    if isinstance(value, str):
        if not _NUMBER.fullmatch(value):
            return _TRUTH.get(value.strip().lower())
    elif not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def _size(value: object) -> int | None:
    whole = _whole(value)
    return whole if whole is not None and 1 <= whole <= MOST_SAMPLES else None


def _count(value: object) -> int | None:
    whole = _whole(value)
    return whole if whole is not None and whole >= 0 else None


_PROBLEM = Column("problem", _label, "text that is not blank, or an integer", key=True)
_SAMPLE = Column("sample", _label, "text that is not blank, or an integer", key=True)
COUNTS: Kind = (
    _PROBLEM,
    Column("n", _size, f"an integer from 1 to {MOST_SAMPLES}"),
    Column("c", _count, "an integer >= 0"),
)
SAMPLES: Kind = (_PROBLEM, _SAMPLE, Column("reward", _number, "a finite number"))


def read_results(path: str | Path) -> pd.DataFrame:
    """Counts or samples, whichever the file holds: the frame has a column `c` or a column `reward`.

    Raises: InputError with file and line.
    """
    return _results(read_table(path, [COUNTS, SAMPLES]))


def read_counts(path: str | Path) -> pd.DataFrame:
    """One row per problem: problem (text), n >= 1 samples, 0 <= c <= n successes.

    Also from samples, if every reward is 0 or 1.

    Raises: InputError with file and line.
    """
    table = read_table(path, [COUNTS, SAMPLES])
    results = _results(table)
    if "c" in results:
        return results
    between = ~results["reward"].isin([0.0, 1.0]).to_numpy()
    if between.any():
        row = int(between.argmax())
        value = float(results["reward"].iloc[row])
        raise table.fault(row, f"counting successes needs rewards 0 or 1, got {value}")
    return count_successes(results)


def read_samples(path: str | Path) -> pd.DataFrame:
    """One row per sample in the file's order: problem (text), sample (text), reward (finite).

    Raises: InputError with file and line.
    """
    return frame_of(read_table(path, [SAMPLES]))


def is_binary(samples: pd.DataFrame) -> bool:
    """Whether every reward is 0 or 1."""
    return bool(samples["reward"].isin([0.0, 1.0]).all())


def count_successes(samples: pd.DataFrame) -> pd.DataFrame:
    """Samples with rewards 0 or 1 as counts, problems in order of appearance."""
    rewards = samples.groupby("problem", sort=False)["reward"]
    counts = rewards.agg(n="size", c="sum").reset_index()
    return counts.astype({"n": np.int64, "c": np.int64})


def _results(table: Table) -> pd.DataFrame:
    return _counts_of(table) if table.kind is COUNTS else frame_of(table)


def _counts_of(table: Table) -> pd.DataFrame:
    frame = frame_of(table)
    over = (frame["c"] > frame["n"]).to_numpy()
    if over.any():
        row = int(over.argmax())
        _, n, c = table.rows[row]
        raise table.fault(row, f"c must be at most n, got n = {n}, c = {c}")
    return frame


def frame_of(table: Table) -> pd.DataFrame:
    """The wanted columns of a table."""
    return pd.DataFrame(table.rows, columns=[column.name for column in table.kind])
