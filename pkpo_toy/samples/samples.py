"""The two tables of our own: counts `problem,n,c`, and samples `problem,sample,reward`.

Numbers are written with a point whatever the locale; a reward may also be true or false. Further
columns are allowed and left alone. Whatever does not fit is refused with file and line.
"""

from __future__ import annotations

import math
import re

from pkpo_toy.samples.tables import Column, Kind

MOST_SAMPLES = 10**9
"""Of one problem; a larger n is a mistake, and pass@k of it would need too much memory."""

_WHOLE = re.compile(r"\s*[+-]?[0-9]{1,18}\s*")
_NUMBER = re.compile(r"\s*[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?\s*")
_TRUTH = {"true": 1.0, "false": 0.0}


def label(value: str | int) -> str | None:
    """A name: text that is not blank and can be written out again, or an integer."""
    text = str(value)
    lone_surrogate = not text.isascii() and any("\ud800" <= c <= "\udfff" for c in text)
    return None if lone_surrogate or not text.strip() else text


def _whole(value: str | int) -> int | None:
    if isinstance(value, str):
        return int(value) if _WHOLE.fullmatch(value) else None
    return value if abs(value) < 10**18 else None


def _number(value: str | float) -> float | None:
    if isinstance(value, str) and not _NUMBER.fullmatch(value):
        return _TRUTH.get(value.strip().lower())
    try:
        number = float(value)
    except OverflowError:
        return None
    return number + 0.0 if math.isfinite(number) else None  # of two zeros the positive one


def _size(value: str | int) -> int | None:
    whole = _whole(value)
    return whole if whole is not None and 1 <= whole <= MOST_SAMPLES else None


def _count(value: str | int) -> int | None:
    whole = _whole(value)
    return whole if whole is not None and whole >= 0 else None


_NAME = frozenset({str, int})
_NAMED = "text that is not blank, or an integer"
_PROBLEM = Column("problem", label, _NAMED, key=True, types=_NAME)
COUNTS: Kind = (
    _PROBLEM,
    Column("n", _size, f"an integer from 1 to {MOST_SAMPLES}", types=frozenset({int})),
    Column("c", _count, "an integer >= 0", types=frozenset({int})),
)
SAMPLES: Kind = (
    _PROBLEM,
    Column("sample", label, _NAMED, key=True, types=_NAME),
    Column("reward", _number, "a finite number", types=frozenset({int, float, bool})),
)
