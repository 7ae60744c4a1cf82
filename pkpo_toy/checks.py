"""Checks of single arguments: integers, positive and finite numbers, logits; each once."""

import sys
from collections.abc import Sequence

import numpy as np

from pkpo_toy.errors import InputError
from pkpo_toy.typing import Array, ArrayLike

SHORT_ROW = 32
"""Up to so many entries, rows are worked on column by column."""


def is_integer(value: object) -> bool:
    """Whether it is an integer of Python or numpy; True and 2.0 are none."""
    return isinstance(value, int | np.integer) and not isinstance(value, bool)


def check_count(name: str, value: object, least: int = 1) -> int:
    """An integer of at least `least`; True and 2.0 are not integers. Raises InputError."""
    if not isinstance(value, int | np.integer) or isinstance(value, bool) or value < least:
        raise InputError(f"{name} must be an integer >= {least}, got {value!r}.")
    return int(value)


def check_counts(name: str, value: int | Sequence[int]) -> list[int]:
    """One count or a sequence of counts, as a list. Raises InputError."""
    if isinstance(value, Sequence | np.ndarray) and np.ndim(value) == 1 and len(value):
        return [check_count(name, entry) for entry in value]
    return [check_count(name, value)]


def check_positive(name: str, value: object) -> float:
    """A finite number above 0; True is no number. Raises InputError."""
    if (
        not isinstance(value, int | float | np.integer | np.floating)
        or isinstance(value, bool)
        or not 0 < value <= sys.float_info.max
    ):
        raise InputError(f"{name} must be a finite number > 0, got {value!r}.")
    return float(value)


def check_finite(name: str, value: ArrayLike) -> Array:
    """An array of finite float64 numbers. Raises InputError that counts the others."""
    try:
        array = np.asarray(value, dtype=np.float64)
    except (TypeError, ValueError, OverflowError) as error:
        raise InputError(f"{name} must be numbers, got {value!r}.") from error
    good = np.isfinite(array)
    if not good.all():
        first = tuple(int(i) for i in np.argwhere(~good)[0])
        raise InputError(
            f"{name} must be finite, got {int((~good).sum())} NaN or infinite, first at {first}."
        )
    return array


def checked_logits(logits: ArrayLike) -> tuple[Array, Array]:
    """Logits (..., d), d >= 1, and the largest of each policy (..., 1).

    -inf bars an arm, but one arm must be finite. Raises InputError.
    """
    array = np.asarray(logits, dtype=np.float64)
    if array.ndim == 0 or array.shape[-1] == 0:
        raise InputError(f"logits must have shape (..., d) with d >= 1, got shape {array.shape}.")
    largest = row_max(array)
    # The maximum is NaN where any entry is, so a check of (..., 1) covers (..., d).
    if not np.isfinite(largest).all():
        raise InputError(
            "logits must be finite or -inf with at least one finite arm, got NaN, +inf or no arm."
        )
    return array, largest


def row_max(array: Array) -> Array:
    """The largest of the last axis, (..., d) -> (..., 1), NaN where there is one.

    Short rows are turned over first: maxima of two long columns are several times faster than one
    of each short row.
    """
    width = array.shape[-1]
    if width > SHORT_ROW or array.size <= width:
        largest: Array = array.max(axis=-1, keepdims=True)
        return largest
    columns = np.ascontiguousarray(array.reshape(-1, width).T)
    largest = np.maximum.reduce(columns, axis=0)
    return largest.reshape(*array.shape[:-1], 1)
