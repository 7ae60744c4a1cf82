"""The public way in: check everything once, compute in blocks that fit the cache, hand back."""

from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pkpo_toy.errors import InputError, unknown
from pkpo_toy.estimators.estimator import Estimator
from pkpo_toy.estimators.table import estimator_named
from pkpo_toy.estimators.validate import (
    Rewards,
    check_binary,
    check_nonnegative,
    check_rng,
    checked_beta,
    checked_k,
    checked_rewards,
)

Floats = NDArray[np.float64]

DEFAULT = "pkpo_loo_minus_one"
_BLOCK = 1 << 15  # rewards per block: with its temporaries a block stays in a core's cache
_HUGE = 2.0**1000
_TINY = 2.0**-900


def weights(
    rewards: ArrayLike,
    k: int,
    estimator: str = DEFAULT,
    *,
    scale: str = "sum",
    rng: np.random.Generator | None = None,
    **options: Any,
) -> NDArray[Any]:
    """Weights w of the policy gradient estimate g_hat = sum_i w_i grad log pi(x_i).

    rewards (..., n), each leading index a group of its own -> weights (..., n), float32 for
    float32 rewards and float64 otherwise, computed in float64. `estimator` is a key of ESTIMATORS.
    scale="sum" is for a loss summed over samples; "mean" multiplies by n, for a loss averaged over
    them. `rng` is for estimators that draw; `options` are those of the estimator's row (`beta`).

    Raises InputError (a ValueError) for rewards that are not finite numbers, k that is not an
    integer in 1..n, anything outside the estimator's domain, and weights no float can hold.
    """
    checked = checked_rewards(rewards)
    row = estimator_named(estimator)
    n = checked.values.shape[-1]
    k = checked_k(k, n)
    row.check(n, k)
    keywords = _keywords(row, rng, options)
    factor = _factor(scale)
    _check_values(row, checked.values)
    result = _evaluate(row, checked, k, keywords)
    return _finish(result, n if factor else 1, checked, row)


def _factor(scale: str) -> bool:
    if scale not in ("sum", "mean"):
        raise unknown("scale", scale, ("sum", "mean"))
    return scale == "mean"


def _keywords(
    row: Estimator, rng: np.random.Generator | None, options: dict[str, Any]
) -> dict[str, Any]:
    for name in options:
        if name not in row.options:
            known = f"its options are: {', '.join(row.options)}" if row.options else "it has none"
            raise InputError(f"unknown option {name!r} of {row.key}; {known}.")
    keywords = dict(options)
    if "beta" in keywords:
        keywords["beta"] = checked_beta(keywords["beta"])
    if row.random:
        check_rng(row.key, rng)
        keywords["rng"] = rng
    return keywords


def _check_values(row: Estimator, values: Floats) -> None:
    if row.binary:
        check_binary(row.key, values)
    if row.nonnegative:
        check_nonnegative(row.key, values)


def _evaluate(row: Estimator, rewards: Rewards, k: int, keywords: dict[str, Any]) -> Floats:
    """The estimator over blocks of groups; groups are independent, so blocks change no bit."""
    n = rewards.values.shape[-1]
    groups = rewards.values.reshape(-1, n)
    size = max(1, _BLOCK // n)
    if len(groups) <= size:
        return _block(row, groups, k, keywords).reshape(rewards.values.shape)
    result = np.empty_like(groups)
    for start in range(0, len(groups), size):
        result[start : start + size] = _block(row, groups[start : start + size], k, keywords)
    return result.reshape(rewards.values.shape)


def _block(row: Estimator, groups: Floats, k: int, keywords: dict[str, Any]) -> Floats:
    """The estimator on groups (m, n), those near the ends of the float range scaled meanwhile."""
    if row.degree is None and "beta" not in row.options:
        result: Floats = row.function(groups, k, **keywords)
        return result
    size = np.abs(groups)
    if row.degree is not None and size.max(initial=0.0) < _HUGE and not _any_tiny(size):
        result = row.function(groups, k, **keywords)
        return result
    power = _power(size.max(axis=1, keepdims=True))
    with np.errstate(over="ignore", invalid="ignore"):
        if row.degree is None:
            result = row.function(groups, k, **keywords)
            return result
        result = row.function(np.ldexp(groups, -power), k, **keywords)
        return np.ldexp(result, power * row.degree)


def _any_tiny(size: Floats) -> bool:
    return bool(np.count_nonzero(size < _TINY) > np.count_nonzero(size == 0))


def _power(largest: Floats) -> NDArray[np.int32]:
    """Per group, the power of two to divide by: nonzero only for groups of huge or tiny rewards."""
    power = np.frexp(largest)[1]
    extreme = (largest >= _HUGE) | ((largest < _TINY) & (largest > 0))
    return np.where(extreme, np.where(largest >= _HUGE, 4, power), 0)


def _finish(result: Floats, factor: int, rewards: Rewards, row: Estimator) -> NDArray[Any]:
    with np.errstate(over="ignore", under="ignore"):
        if factor != 1:
            result = result * factor
        final = result.astype(rewards.dtype, copy=False)
    if not np.isfinite(final).all():
        raise InputError(
            f"{row.key}: some weights of these rewards are too large for a {final.dtype}."
        )
    return final


def grouped_weights(
    rewards: ArrayLike,
    groups: Sequence[Hashable] | NDArray[Any],
    k: int,
    estimator: str = DEFAULT,
    *,
    scale: str = "sum",
    rng: np.random.Generator | None = None,
    **options: Any,
) -> NDArray[Any]:
    """`weights` for a flat batch: rewards (N,) with a group id each, groups of any sizes, any order.

    A group's samples keep their order; n is the size of the sample's own group, also in
    scale="mean". Ids are hashable values. Raises InputError as `weights`, naming the group.
    """
    checked = checked_rewards(rewards)
    values = checked.values
    if values.ndim != 1:
        raise InputError(f"rewards must be one-dimensional, got shape {values.shape}.")
    codes, names = _codes(groups, values.size)
    row = estimator_named(estimator)
    keywords = _keywords(row, rng, options)
    factor = _factor(scale)
    _check_values(row, values)
    order = np.argsort(codes, kind="stable")
    counts = np.bincount(codes)
    starts = np.cumsum(counts) - counts
    result = np.empty_like(values)
    for n in np.unique(counts).tolist():
        same = np.flatnonzero(counts == n)
        try:
            row.check(n, k)
        except InputError as error:
            raise InputError(f"group {names[same[0]]!r}: {error}") from None
        members = order[starts[same][:, None] + np.arange(n)]
        part = Rewards(values[members], checked.dtype, checked.largest)
        result[members] = _evaluate(row, part, int(k), keywords) * (n if factor else 1)
    return _finish(result, 1, checked, row)


def _codes(groups: Any, size: int) -> tuple[NDArray[np.intp], Any]:
    """Number the group ids 0, 1, ...; arrays of numbers or text by sorting, the rest by hashing."""
    if isinstance(groups, np.ndarray) and groups.dtype.kind in "biuSUM":
        names, codes = np.unique(groups, return_inverse=True)
        shape = groups.shape
    else:
        numbers: dict[Hashable, int] = {}
        try:
            codes = np.array([numbers.setdefault(name, len(numbers)) for name in groups], np.intp)
        except TypeError as error:
            raise InputError(f"groups must be a sequence of hashable ids: {error}.") from None
        names, shape = list(numbers), codes.shape
    if shape != (size,):
        raise InputError(
            f"groups must hold one id for each of the {size} rewards, got shape {shape}."
        )
    if any(name != name for name in names):  # noqa: PLR0124
        raise InputError("groups must not contain NaN: a missing id belongs to no group.")
    return codes, names
