"""`maxk_rloo` for samples whose scores differ in size, as those of language models do. No state.

The baseline is what the weight would be, had the sample's reward been that of another one; the
others count by their sizes, which stand for |grad log pi(x_j)|^2: -log pi(x_j) will do.
"""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pkpo_toy.errors import InputError
from pkpo_toy.estimators.learnt_baseline import stand_in
from pkpo_toy.estimators.order_statistics import mu, sort_groups, unsort
from pkpo_toy.estimators.pkpo import pkpo, pkpo_loo_minus_one
from pkpo_toy.estimators.validate import checked_k, checked_rewards
from pkpo_toy.typing import Array

SHARE = 0.5
_LEAST = 1e-9  # of the largest size: a group whose other sizes are 0 still has a mean


def size_weighted_rloo(
    rewards: ArrayLike, k: int, sizes: ArrayLike, share: float = SHARE
) -> NDArray[Any]:
    """Weights of the max@k gradient with a baseline weighted by the sizes of the other samples.

        w_i = pkpo_i - (k/n) sum_{j != i} sizes_j U_i(g_j) / sum_{j != i} sizes_j

    U_i(y) is the mean of max(y, max_J) over the (k-1)-subsets J of the others. For k >= 2 only
    `share` of it is taken, the rest is `pkpo_loo_minus_one`. Unbiased, as sizes of the others do
    not depend on sample i; with equal sizes and share = 1 it is `maxk_rloo`. O(n log n) a group.

    rewards, sizes (..., n), sizes >= 0, n >= 2; share in 0..1. Returns (..., n).

    Raises InputError for anything outside these.
    """
    values, dtype = checked_rewards(rewards)
    n = values.shape[-1]
    k = checked_k(k, n)
    if n < 2:
        raise InputError(f"size_weighted_rloo needs n >= 2, got k = {k} with n = {n}.")
    if isinstance(share, bool) or not 0 <= share <= 1:
        raise InputError(f"share must be a number in 0..1, got {share!r}.")
    v = stand_in("sizes", sizes, values.shape, 0)
    if (v < 0).any():
        raise InputError(f"sizes must be >= 0, got {v.min()}.")
    lowest = values.min(axis=-1, keepdims=True)
    raised = values - lowest
    weighted = pkpo(raised, k) - _baseline(raised, v, k)
    if k == 1:
        return weighted.astype(dtype)
    return ((1 - share) * pkpo_loo_minus_one(raised, k) + share * weighted).astype(dtype)


def _baseline(rewards: Array, sizes: Array, k: int) -> Array:
    n = rewards.shape[-1]
    g, places = sort_groups(rewards)
    largest = sizes.max(axis=-1, keepdims=True)
    v = np.where(largest > 0, sizes + _LEAST * largest, 1.0).reshape(-1).take(places)
    # P(the l-th of the n-1 others is the largest of k-1 of them), and that it is among the first r.
    pick = np.concatenate([mu(n - 1, k - 1) if k > 1 else np.zeros(n - 1), [0.0]])
    at_most = np.concatenate([[0.0], np.cumsum(pick)]) if k > 1 else np.ones(n + 1)
    above = _after(np.concatenate([[0.0], pick[:-1]]) * g)
    below = _before(pick * g)
    # U_i(g_j) = at_most g_j + what the larger others add; j ranks one lower where i is below it.
    from_below = v * (g * at_most[:-1] + above)
    from_above = v * (g * at_most[1:] - (below + pick * g))
    total = _after(from_below) + _before(from_above) + _before(v) * (below + above)
    total *= (k / n) / (_before(v) + _after(v))
    return unsort(total, places, rewards.shape, out=g)


def _before(values: Array) -> Array:
    """Sums over the entries before each, along the last axis."""
    sums = np.zeros_like(values)
    np.cumsum(values[:, :-1], axis=-1, out=sums[:, 1:])
    return sums


def _after(values: Array) -> Array:
    """Sums over the entries after each."""
    return _before(values[:, ::-1])[:, ::-1]
