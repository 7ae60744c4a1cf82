"""The two best-of-n baselines of [Bagirov], arXiv 2510.23393."""

import numpy as np

from pkpo_toy.estimators.baselines import z_scores
from pkpo_toy.estimators.order_statistics import (
    mu_parts,
    running_sums,
    sort_groups,
    term_buffer,
    unsort,
)
from pkpo_toy.typing import Array

_LOWEST = -(2**30)


def bon_mean(rewards: Array, k: int) -> Array:
    """z-score of the `pkpo` weights over the group, / n.

    The deviation has ddof 1, as in `grpo`; 0 when the `pkpo` weights all tie.
    rewards (..., n), n >= 2, 1 <= k <= n; returns weights (..., n). [Bagirov].
    """
    n: int = rewards.shape[-1]
    ordered, places = sort_groups(rewards)
    fraction, power = mu_parts(n, k)
    terms = term_buffer(len(ordered), n)
    gaps, lift = np.frexp(np.diff(ordered, axis=1, prepend=ordered[:, :1]))
    gaps[:, 1:] *= fraction[:-1]
    lift[:, 1:] += power[:-1]
    # A z-score forgets the scale, and the sums may all be tiny: bring the largest term near 1.
    top = np.where(gaps > 0, lift, _LOWEST).max(axis=1, keepdims=True)
    terms[:, :n] = np.ldexp(gaps, lift - top)
    scores = z_scores(np.ascontiguousarray(running_sums(terms, n)), ddof=1)
    return unsort(scores / n, places, rewards.shape, out=ordered)


def bon_max_mean(rewards: Array, k: int) -> Array:
    """The best sample alone: (g_max - mean) / n, shared equally by ties; k is ignored.

    rewards (..., n); returns weights (..., n). [Bagirov].
    """
    n: int = rewards.shape[-1]
    best = rewards.max(axis=-1, keepdims=True)
    shortfall = best - rewards
    lead = np.sort(shortfall, axis=-1).mean(axis=-1, keepdims=True) / n
    winners = shortfall == 0
    return np.where(winners, lead / winners.sum(axis=-1, keepdims=True), 0.0)
