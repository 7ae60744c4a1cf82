"""The truth for a categorical policy, in closed form: max@k, its gradient, the entropic objective.

Sort the arms by reward, g_1 <= ... <= g_d, with gaps d_j = g_(j+1) - g_j. For one draw let
F_j = P(g <= g_j) and U_j = 1 - F_j. Then

    max@k                = g_1 + sum_j d_j (1 - F_j**k)
    d max@k / d logit_i  = k pi_i ( sum_{j<i} d_j F_j**k  -  sum_{j>=i} d_j F_j**(k-1) U_j )

For a statistic sum_j a_j g_(j) of the sorted draws, 1 - F_j**k becomes sum_r A_r P(r of k draws are
at or below g_j), A_r = sum_{j>r} a_j, and k F_j**(k-1) minus its derivative (`ranks.py`).

Every sum has terms of one sign, U_j is summed from the top and F_j from the bottom, so a problem
with success probability 1e-12 keeps all its digits. Ties have a gap of 0 and need no merging.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pkpo_toy.checks import check_counts, check_finite, check_positive, checked_logits
from pkpo_toy.errors import InputError
from pkpo_toy.simulator.exact.ranks import checked_ranks, mean_above, mean_density
from pkpo_toy.simulator.policies import log_softmax, softmax
from pkpo_toy.typing import Array, ArrayLike, Integers


def categorical_max_at_k(logits: ArrayLike, rewards: ArrayLike, k: int | Sequence[int]) -> Array:
    """max@k = E[max of k iid rewards] of a categorical policy.

    logits (..., d); rewards (d,) or any shape that broadcasts with logits; result (...) for one k,
    (..., K) for a sequence of K values, which share the sort.

    Raises InputError on bad logits, rewards not finite, or k < 1.
    """
    ks = check_counts("k", k)
    ranked = _rank(logits, rewards)
    values = [
        ranked.lowest - (ranked.gaps * np.expm1(one * ranked.log_below)).sum(axis=-1) for one in ks
    ]
    return values[0] if np.ndim(k) == 0 else np.stack(values, axis=-1)


def categorical_gradient(logits: ArrayLike, rewards: ArrayLike, k: int | Sequence[int]) -> Array:
    """Gradient of max@k in the logits.

    logits (..., d); rewards broadcast with them; result (..., d), or (..., d, K) for K values of k.

    Raises InputError on bad logits, rewards not finite, or k < 1.
    """
    ks = check_counts("k", k)
    ranked = _rank(logits, rewards)
    back = np.argsort(ranked.order, axis=-1, kind="stable")
    slopes = [_in_order(_slope(ranked, one, np.exp((one - 1) * ranked.log_below)), back)
              for one in ks]  # fmt: skip
    return slopes[0] if np.ndim(k) == 0 else np.stack(slopes, axis=-1)


def categorical_statistic(logits: ArrayLike, rewards: ArrayLike, rank_weights: ArrayLike) -> Array:
    """E[sum_j a_j g_(j)] over the sorted rewards of k iid draws, a = rank_weights (k,).

    logits (..., d), rewards broadcast with them; result (...). For a = (0, ..., 0, 1) it is max@k.

    Raises InputError as `categorical_max_at_k`, and for rank weights that are none.
    """
    a, ranked = checked_ranks(rank_weights), _rank(logits, rewards)
    above = mean_above(ranked.log_below, a)
    value: Array = ranked.lowest * a.sum() + (ranked.gaps * above).sum(axis=-1)
    return value


def categorical_statistic_gradient(
    logits: ArrayLike, rewards: ArrayLike, rank_weights: ArrayLike
) -> Array:
    """Gradient of `categorical_statistic` in the logits.

    logits (..., d), rewards broadcast with them, rank_weights (k,); result (..., d). Same errors.
    """
    a, ranked = checked_ranks(rank_weights), _rank(logits, rewards)
    back = np.argsort(ranked.order, axis=-1, kind="stable")
    return _in_order(_slope(ranked, len(a), mean_density(ranked.log_below, a)), back)


def entropic_value(logits: ArrayLike, rewards: ArrayLike, beta: float) -> Array:
    """Entropic objective of a categorical policy.

    (1/beta) log E[exp(beta g)]; logits (..., d), rewards broadcast with them, result (...).

    Raises InputError on bad logits, rewards not finite, or beta <= 0.
    """
    log_policy, g, scale = _entropic_inputs(logits, rewards, beta)
    lowest = g.min(axis=-1, keepdims=True)
    tilt = scale * (g - lowest)
    # From the lowest reward up every term is >= 0; beyond the range of exp the logarithm is large
    # and the ordinary log-sum-exp is as exact.
    small = np.exp(log_policy) * np.expm1(np.minimum(tilt, 600.0))
    top = (log_policy + tilt).max(axis=-1)
    large = top + np.log(np.exp(log_policy + tilt - top[..., None]).sum(axis=-1))
    within = tilt.max(axis=-1) <= 600.0
    value: Array = np.where(within, np.log1p(small.sum(axis=-1)), large) / scale + lowest[..., 0]
    return value


def entropic_gradient(logits: ArrayLike, rewards: ArrayLike, beta: float) -> Array:
    """Gradient of the entropic objective V in the logits.

    pi_a (exp(beta (g_a - V)) - 1) / beta; shapes as in `entropic_value`, result (..., d).

    Raises InputError on bad logits, rewards not finite, or beta <= 0.
    """
    log_policy, g, scale = _entropic_inputs(logits, rewards, beta)
    tilt = scale * (g - entropic_value(logits, rewards, beta)[..., None])
    near = np.exp(log_policy) * np.expm1(np.minimum(tilt, 1.0))
    far = np.exp(np.minimum(log_policy + tilt, 0.0)) - np.exp(log_policy)
    gradient: Array = np.where(tilt < 1.0, near, far) / scale
    return gradient


@dataclass(frozen=True)
class _Ranked:
    """A policy in ascending order of reward, reduced to the J gaps that are not 0 everywhere."""

    order: Integers  # arms by reward, in the shape of the rewards
    policy: Array  # (..., d) probabilities in that order
    lowest: Array  # g_1
    columns: Integers  # (J,) the j of the gaps kept
    gaps: Array  # (..., J) d_j
    log_below: Array  # (..., J) log F_j, at least log(5e-324)
    above: Array  # (..., J) U_j


def _rank(logits: ArrayLike, rewards: ArrayLike) -> _Ranked:
    array, g = checked_logits(logits)[0], check_finite("rewards", rewards)
    _check_arms(array, g)
    order = np.argsort(g, axis=-1, kind="stable")
    ascending = np.take_along_axis(g, order, axis=-1)
    gaps = np.diff(ascending, axis=-1)
    columns = np.flatnonzero(gaps.any(axis=tuple(range(gaps.ndim - 1))))
    policy = _in_order(softmax(array), order)
    above = np.cumsum(policy[..., :0:-1], axis=-1)[..., ::-1][..., columns]
    below = np.cumsum(policy[..., :-1], axis=-1)[..., columns]
    # The smaller tail carries the digits; the floor under log F keeps 0 * log 0 at 0.
    log_below = np.where(
        above < 0.5, np.log1p(-np.minimum(above, 0.5)), np.log(np.maximum(below, 5e-324))
    )
    return _Ranked(order, policy, ascending[..., 0], columns, gaps[..., columns], log_below, above)


def _slope(ranked: _Ranked, k: int, density: Array) -> Array:
    """The gradient formula of this module, arms in ascending order of reward.

    density: F_j**(k-1), or what stands in its place for another statistic, (..., J).
    """
    shared = ranked.gaps * density
    gained = _pad_front(np.cumsum(shared * np.exp(ranked.log_below), axis=-1))
    lost = _pad_front(np.cumsum((shared * ranked.above)[..., ::-1], axis=-1))[..., ::-1]
    # Position i has passed the gaps with j < i and has the others ahead.
    passed = np.searchsorted(ranked.columns, np.arange(ranked.policy.shape[-1]))
    slope: Array = k * ranked.policy * (gained[..., passed] - lost[..., passed])
    return slope


def _pad_front(sums: Array) -> Array:
    """Running sums with the empty sum 0 in front: (..., J) -> (..., J + 1)."""
    return np.concatenate([np.zeros((*sums.shape[:-1], 1)), sums], axis=-1)


def _in_order(values: Array, order: Integers) -> Array:
    """values[..., order], where the leading axes of either may broadcast."""
    if order.ndim == 1:
        return values[..., order]
    shape = np.broadcast_shapes(values.shape, order.shape)
    return np.take_along_axis(
        np.broadcast_to(values, shape), np.broadcast_to(order, shape), axis=-1
    )


def _check_arms(logits: Array, g: Array) -> None:
    try:
        fits = g.ndim > 0 and g.shape[-1] == logits.shape[-1]
        np.broadcast_shapes(logits.shape, g.shape)
    except ValueError:
        fits = False
    if not fits:
        raise InputError(
            f"rewards must have shape (..., d) like the logits, got rewards {g.shape} and logits"
            f" {logits.shape}."
        )


def _entropic_inputs(
    logits: ArrayLike, rewards: ArrayLike, beta: float
) -> tuple[Array, Array, float]:
    g = check_finite("rewards", rewards)
    log_policy = log_softmax(logits)
    _check_arms(log_policy, g)
    return log_policy, g, check_positive("beta", beta)
