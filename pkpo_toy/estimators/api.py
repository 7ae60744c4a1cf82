"""The public way in: check everything once, compute in blocks that fit the cache, hand back."""

from collections.abc import Hashable, Iterable
from math import isfinite
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from pkpo_toy.checks import check_positive
from pkpo_toy.errors import InputError, unknown
from pkpo_toy.estimators.estimator import Estimator
from pkpo_toy.estimators.groups import by_size, group_codes, k_of_group
from pkpo_toy.estimators.resolving import resolve
from pkpo_toy.estimators.scaling import scaled_weights
from pkpo_toy.estimators.validate import (
    check_binary,
    check_nonnegative,
    check_rng,
    checked_k,
    checked_rewards,
)
from pkpo_toy.typing import Array, ArrayLike, WeightFunction

EstimatorLike = str | WeightFunction | Estimator

DEFAULT = "pkpo_loo_minus_one"
_BLOCK = 1 << 15  # rewards per block: with its temporaries a block stays in a core's cache


def weights(
    rewards: ArrayLike,
    k: int,
    estimator: EstimatorLike = DEFAULT,
    *,
    scale: str = "sum",
    rng: np.random.Generator | None = None,
    **options: Any,
) -> NDArray[Any]:
    """Weights w of the policy gradient estimate g_hat = sum_i w_i grad log pi(x_i).

    rewards (..., n), each leading index a group of its own -> weights (..., n), float32 for
    float32 rewards and float64 otherwise, computed in float64. `estimator` is a key of ESTIMATORS,
    KEY(OPTION=VALUE), FILE.py:FUNCTION, or a function of your own that takes rewards in float64, in
    their shape here, and k. scale="sum" is for a loss summed over samples; "mean" multiplies by n,
    for a loss averaged over them. `rng` is for estimators that draw; `options` are those of the
    estimator's row (`beta`; `top`, `quantile`, `cvar` or `lower_cvar`, and `centered`).

    Raises InputError (a ValueError) for rewards that are not finite numbers, k that is not an
    integer in 1..n, anything outside the estimator's domain, weights no float can hold, and an own
    function that does not return finite real numbers in the shape of its rewards.
    """
    values, dtype = checked_rewards(rewards)
    k = checked_k(k, values.shape[-1])
    run = _prepared(estimator, values, scale, rng, options)
    return _as_dtype(run(values, k), dtype)


def grouped_weights(
    rewards: ArrayLike,
    groups: Iterable[Hashable],
    k: int,
    estimator: EstimatorLike = DEFAULT,
    *,
    scale: str = "sum",
    when_short: str = "error",
    rng: np.random.Generator | None = None,
    **options: Any,
) -> NDArray[Any]:
    """`weights` of a flat batch: rewards (N,) and as many group ids; any sizes, in any order.

    A group's samples keep their order; n is the size of a sample's own group, in scale="mean" too.
    Ids are hashable values. A function of your own sees all groups of one size at once, (m, n).
    `when_short` says what happens with a group that is too small for k:

        "error"   InputError, naming the group
        "clamp"   its k is min(k, n), or the largest below that for which the estimator is defined
                  (n - 1 for `centered_loo`): the group trains for that max@k instead. 0 where
                  there is none, as for a single sample under a leave-one-out baseline
        "zero"    its weights are 0: problems count by how often their groups are large enough

    Raises InputError as `weights` does, naming the group.
    """
    values, dtype = checked_rewards(rewards)
    if values.ndim != 1:
        raise InputError(f"rewards must be one-dimensional, got shape {values.shape}.")
    codes, names = group_codes(groups, values.size)
    row = resolve(estimator)
    run = _prepared(row, values, scale, rng, options)
    result = np.empty_like(values)
    for members in by_size(codes):
        try:
            own_k = k_of_group(row, members.shape[1], k, when_short)
            result[members] = 0.0 if own_k is None else run(values[members], own_k)
        except InputError as error:
            raise InputError(f"group {names[codes[members[0, 0]]]!r}: {error}") from None
    return _as_dtype(result, dtype)


def _prepared(
    estimator: EstimatorLike,
    values: Array,
    scale: str,
    rng: np.random.Generator | None,
    options: dict[str, Any],
) -> WeightFunction:
    """Everything checked that does not depend on n and k; the rest as a function of (groups, k)."""
    row = resolve(estimator)
    keywords = _keywords(row, rng, options)
    if scale not in ("sum", "mean"):
        raise unknown("scale", scale, ("sum", "mean"))
    if row.binary:
        check_binary(row.key, values)
    if row.nonnegative:
        check_nonnegative(row.key, values)

    def run(rewards: Array, k: int) -> Array:
        n = rewards.shape[-1]
        row.check(n, k)
        if row.degree is None:
            result = row.weight_function(rng)(rewards, k)
        else:
            result = _in_blocks(row, rewards.reshape(-1, n), k, keywords)
        if scale == "mean":
            with np.errstate(over="ignore"):
                result = result * n
        return result.reshape(rewards.shape)

    return run


def _keywords(
    row: Estimator, rng: np.random.Generator | None, options: dict[str, Any]
) -> dict[str, Any]:
    for name in options:
        row.check_option(name)
    keywords: dict[str, Any] = dict(row.given) | options
    if "beta" in keywords:
        keywords["beta"] = check_positive("beta", keywords["beta"])
    if row.random:
        check_rng(row.key, rng)
        keywords["rng"] = rng
    return keywords


def _in_blocks(row: Estimator, groups: Array, k: int, keywords: dict[str, Any]) -> Array:
    size = max(1, _BLOCK // groups.shape[1])
    if len(groups) <= size:
        return scaled_weights(row, groups, k, keywords)
    result = np.empty_like(groups)
    for start in range(0, len(groups), size):
        block = groups[start : start + size]
        result[start : start + size] = scaled_weights(row, block, k, keywords)
    return result


def _as_dtype(result: Array, dtype: DTypeLike) -> NDArray[Any]:
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        final = result.astype(dtype, copy=False)
        total = float(final.sum())
    # One sum is the quickest look at all weights; it alone may overflow, so it is not the last.
    if not isfinite(total) and not np.isfinite(final).all():
        count = np.count_nonzero(~np.isfinite(final))
        raise InputError(
            f"rewards must give weights that fit {final.dtype}; {count} of {final.size} do not."
        )
    return final
