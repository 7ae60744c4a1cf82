"""Estimators that split the n samples, in their order, into n/k disjoint groups of k.

Rewards (..., n) -> weights (..., n); k divides n. A group of consecutive samples is one k-subset.
"""

import numpy as np

from pkpo_toy.estimators.baselines import centered, z_scores
from pkpo_toy.typing import Array


def _split(rewards: Array, k: int) -> Array:
    return rewards.reshape(*rewards.shape[:-1], rewards.shape[-1] // k, k)


def _to_members(of_group: Array, k: int) -> Array:
    return np.repeat(of_group, k, axis=-1)


def partition(rewards: Array, k: int) -> Array:
    """Maximum of one's own group, / (n/k).

    rewards (..., n), k divides n; returns weights (..., n). [PKPO] figure 4.
    """
    best = _split(rewards, k).max(axis=-1)
    return _to_members(best / best.shape[-1] + 0.0, k)


def partition_baselined(rewards: Array, k: int) -> Array:
    """Maximum of one's own group less the mean of the other groups' maxima, / (n/k).

    With b groups that is (max - mean over all groups) / (b-1).
    rewards (..., n), k divides n, n >= 2k; returns weights (..., n). [PKPO] figure 4.
    """
    best = _split(rewards, k).max(axis=-1)
    return _to_members(centered(best) / (best.shape[-1] - 1), k)


def partition_loo_minus_one(rewards: Array, k: int) -> Array:
    """In one's own group: max less max without i, / (n/k).

    rewards (..., n), k >= 2 divides n; returns weights (..., n). [Tang], per group.
    """
    groups = _split(rewards, k)
    ordered = np.sort(groups, axis=-1)
    lead = (ordered[..., -1:] - ordered[..., -2:-1]) / groups.shape[-2]
    return np.where(groups == ordered[..., -1:], lead, 0.0).reshape(rewards.shape)


def passk_full(rewards: Array, k: int) -> Array:
    """Group maxima z-scored over the groups (ddof 0), copied to members, / n; 0 when all tie.

    rewards (..., n), k divides n, n >= 2k; returns weights (..., n). [Chen25] full sampling.
    """
    best = _split(rewards, k).max(axis=-1)
    return _to_members(z_scores(best, ddof=0) / rewards.shape[-1], k)


def passk_bootstrap(rewards: Array, k: int, *, rng: np.random.Generator) -> Array:
    """`passk_full` with n random k-subsets; a sample gets the mean score of its subsets, / n.

    Samples in no subset get 0. Draws n uniform k-subsets per problem from `rng`: n^2 numbers.
    rewards (..., n), 1 <= k <= n; returns weights (..., n). [Chen25] bootstrap sampling.
    """
    n: int = rewards.shape[-1]
    keys = rng.random((*rewards.shape, n))
    members = np.argpartition(keys, k - 1, axis=-1)[..., :k]
    best = np.take_along_axis(rewards[..., None, :], members, axis=-1).max(axis=-1)
    scores = z_scores(best, ddof=0)
    inside = np.zeros(keys.shape, dtype=bool)
    np.put_along_axis(inside, members, True, axis=-1)
    total: Array = np.where(inside, scores[..., None], 0.0).sum(axis=-2)
    drawn: Array = np.maximum(inside.sum(axis=-2), 1) * n
    return total / drawn
