"""Sampling results from a file: counts `problem,n,c` or samples `problem,sample,reward`.

CSV or JSON lines, "-" for standard input. Numbers are written with a point whatever the locale; a
reward may also be true or false. Further columns are allowed and left alone. Whatever does not fit
is refused with file and line.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import numpy as np
import pandas as pd

from pkpo_toy.errors import InputError
from pkpo_toy.studies.rows import Kind, Table, read_table, shown

T = TypeVar("T")

COUNTS: Kind = ("problem", "n", "c")
SAMPLES: Kind = ("problem", "sample", "reward")

MOST_SAMPLES = 10**9
"""Of one problem: n beyond this is taken for a mistake."""

_LABEL = "text that is not blank, or an integer"
_WHOLE = re.compile(r"\s*[+-]?[0-9]{1,18}\s*")
_NUMBER = re.compile(r"\s*[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?\s*")
_TRUTH = {"true": 1.0, "false": 0.0}


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
    return samples_of(read_table(path, [SAMPLES]))


def samples_of(table: Table) -> pd.DataFrame:
    """The samples of a table that was read for the columns SAMPLES."""
    reward = _parsed(table, "reward", _number, "a finite number")
    frame = pd.DataFrame(
        {
            "problem": _parsed(table, "problem", _label, _LABEL),
            "sample": _parsed(table, "sample", _label, _LABEL),
            "reward": np.array(reward, dtype=np.float64),
        }
    )
    _refuse_repeated(table, frame, ["problem", "sample"])
    return frame


def is_binary(samples: pd.DataFrame) -> bool:
    """Whether every reward is 0 or 1."""
    return bool(samples["reward"].isin([0.0, 1.0]).all())


def count_successes(samples: pd.DataFrame) -> pd.DataFrame:
    """Samples with rewards 0 or 1 as counts, problems in order of appearance."""
    rewards = samples.groupby("problem", sort=False)["reward"]
    counts = rewards.agg(n="size", c="sum").reset_index()
    return counts.astype({"n": np.int64, "c": np.int64})


def _results(table: Table) -> pd.DataFrame:
    return _counts_of(table) if "c" in table.columns else samples_of(table)


def _counts_of(table: Table) -> pd.DataFrame:
    n = np.array(_parsed(table, "n", _whole, "an integer"), dtype=np.int64)
    c = np.array(_parsed(table, "c", _whole, "an integer"), dtype=np.int64)
    for name, bad, domain in (
        ("n", (n < 1) | (n > MOST_SAMPLES), f"from 1 to {MOST_SAMPLES}"),
        ("c", (c < 0) | (c > n), "from 0 to n"),
    ):
        if bad.any():
            row = int(bad.argmax())
            raise table.fault(row, f"{name} must be {domain}, got n = {n[row]}, c = {c[row]}")
    frame = pd.DataFrame({"problem": _parsed(table, "problem", _label, _LABEL), "n": n, "c": c})
    _refuse_repeated(table, frame, ["problem"])
    return frame


def _parsed(table: Table, name: str, parse: Callable[[object], T | None], domain: str) -> list[T]:
    """A column through `parse`, which answers None for a value out of its domain."""
    if not table.lines:
        raise InputError(f"{table.source} has a header but no rows.")
    column = table.columns[name]
    values: list[T] = []
    for value in column:
        parsed = parse(value)
        if parsed is None:
            raise table.fault(len(values), f"{name} must be {domain}, got {shown(value)}")
        values.append(parsed)
    return values


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


def _refuse_repeated(table: Table, frame: pd.DataFrame, key: list[str]) -> None:
    repeated = frame.duplicated(key).to_numpy()
    if not repeated.any():
        return
    row = int(repeated.argmax())
    again = frame.loc[row, key]
    first = int((frame[key] == again).all(axis=1).to_numpy().argmax())
    what = ", ".join(f"{name} {shown(value)}" for name, value in again.items())
    raise table.fault(row, f"{what} appears again, first on line {table.lines[first]}")
