"""What may be asked of an estimator: every check raises one sentence naming the value received."""

from math import isfinite
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pkpo_toy.checks import is_integer
from pkpo_toy.errors import InputError
from pkpo_toy.typing import Array


class Rewards(NamedTuple):
    """Checked rewards in float64, contiguous, and the dtype their weights come back in."""

    values: Array
    dtype: np.dtype[Any]


def checked_rewards(rewards: Any) -> Rewards:
    """Finite numbers (..., n), n >= 1, as float64; integers and bools are numbers too.

    Raises InputError for anything else.
    """
    array = _as_array(rewards)
    if array.dtype.kind not in "biuf":
        raise InputError(f"rewards must be real numbers, got {array.dtype} values.")
    if array.ndim == 0:
        raise InputError(f"rewards must have a last axis of n samples, got the scalar {rewards!r}.")
    if array.shape[-1] == 0:
        raise InputError(f"rewards must hold n >= 1 samples, got shape {array.shape}.")
    values = np.ascontiguousarray(array, dtype=np.float64)
    with np.errstate(over="ignore", invalid="ignore"):
        total = float(values.sum())  # the quickest look; it alone may overflow
    if not isfinite(total) and not np.isfinite(values).all():
        _refuse_non_finite(values)
    dtype = array.dtype if array.dtype == np.float32 else values.dtype
    return Rewards(values, dtype)


def _as_array(rewards: Any) -> NDArray[Any]:
    if isinstance(rewards, np.ma.MaskedArray):
        raise InputError(
            "rewards must be a plain array, got a masked one; leave out what is masked."
        )
    try:
        return np.asarray(rewards)
    except (ValueError, TypeError) as error:
        raise InputError(f"rewards must form one rectangular array of numbers: {error}.") from None


def _refuse_non_finite(values: Array) -> None:
    bad = ~np.isfinite(values)
    first = tuple(int(axis[0]) for axis in np.nonzero(bad))
    where = first[0] if len(first) == 1 else first
    raise InputError(
        f"rewards must be finite, got {np.count_nonzero(bad)} NaN or infinite of {values.size}, "
        f"the first ({values[first]}) at index {where}."
    )


def checked_k(k: Any, n: int) -> int:
    """k as an int. Raises InputError unless it is one, 1 <= k <= n; True and 2.0 are none."""
    if not is_integer(k):
        raise InputError(f"k must be an integer with 1 <= k <= n, got k = {k!r} with n = {n}.")
    if not 1 <= k <= n:
        raise InputError(f"k must satisfy 1 <= k <= n, got k = {k} with n = {n}.")
    return int(k)


def check_binary(key: str, values: Array) -> None:
    """Raises InputError unless all values (...) are 0 or 1."""
    other = (values != 0) & (values != 1)
    if other.any():
        raise InputError(
            f"{key} needs rewards in {{0, 1}}, got {values[other][0]} "
            f"({np.count_nonzero(other)} of {values.size} are neither)."
        )


def check_nonnegative(key: str, values: Array) -> None:
    """Raises InputError where one of the values (...) is below zero."""
    negative = values < 0
    if negative.any():
        raise InputError(
            f"{key} needs rewards >= 0, got {values[negative][0]} "
            f"({np.count_nonzero(negative)} of {values.size} are negative)."
        )


def check_rng(key: str, rng: Any) -> None:
    """Raises InputError unless rng is a numpy Generator."""
    if not isinstance(rng, np.random.Generator):
        raise InputError(
            f"{key} draws random subsets and needs rng, a numpy.random.Generator, got {rng!r}."
        )
