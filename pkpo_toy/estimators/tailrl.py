"""Estimators for all j at once, sum_j max@j / j, for rewards >= 0. [TailRL], arXiv 2609.02987."""

from pkpo_toy.estimators.order_statistics import (
    running_sums,
    sort_groups,
    tail_terms,
    unsort,
)
from pkpo_toy.typing import Array


def tailrl_raw(rewards: Array, k: int) -> Array:
    """w_(i) = sum_{m<=i} (g_(m) - g_(m-1))/(n-m+1), g_(0) = 0; k is ignored.

    Equals sum_{j=1..n} pkpo_loo_minus_one(j)/j with j = 1 taken as g_i/n. Every term is >= 0.
    rewards (..., n), all >= 0; returns weights (..., n). [TailRL].
    """
    n: int = rewards.shape[-1]
    ordered, places = sort_groups(rewards)
    terms = tail_terms(ordered)
    terms[:, 0] = ordered[:, 0] / n + 0.0
    return unsort(running_sums(terms, n), places, rewards.shape, out=ordered)


def tailrl(rewards: Array, k: int) -> Array:
    """`tailrl_raw` less its mean g_(n)/n; exactly zero when all tie; k is ignored.

    rewards (..., n), all >= 0, n >= 2; returns weights (..., n). [TailRL].
    """
    n: int = rewards.shape[-1]
    ordered, places = sort_groups(rewards)
    sums = running_sums(tail_terms(ordered), n)
    sums -= (ordered[:, -1:] - ordered[:, :1]) / n
    return unsort(sums, places, rewards.shape, out=ordered)
