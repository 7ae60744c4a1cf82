"""Weights of 0/1 rewards by the number of successes: all that a group of them can tell.

Where the order of the samples does not matter, a group of n has n + 1 outcomes, and the weights of
a step of training are looked up instead of sorted for.
"""

from functools import lru_cache

import numpy as np

from pkpo_toy.typing import Array, WeightFunction

_ROWS = 256  # groups of the table that are weighed at once


def count_table(function: WeightFunction, n: int, k: int) -> Array:
    """(2, n + 1): what a failure and what a success weighs in a group of n with c = 0..n successes.

    0 where there is none to be weighed: a failure at c = n, a success at c = 0.
    """
    table = np.zeros((2, n + 1))
    for start in range(0, n + 1, _ROWS):
        counts = np.arange(start, min(start + _ROWS, n + 1))
        patterns = (np.arange(n) < counts[:, None]).astype(np.float64)  # successes first
        found = function(patterns, k)
        table[0, counts] = np.where(counts < n, found[:, -1], 0.0)
        table[1, counts] = np.where(counts > 0, found[:, 0], 0.0)
    return table


def by_count(function: WeightFunction) -> WeightFunction:
    """The same function, which looks its weights up for groups of 0 and 1.

    function: rewards (..., n), k -> weights (..., n), whatever the order of a group's samples.
    Rewards other than 0 and 1 are given to the function itself.
    """
    table = lru_cache(maxsize=16)(lambda n, k: count_table(function, n, k))

    def weigh(rewards: Array, k: int) -> Array:
        success = rewards == 1.0
        if not (success | (rewards == 0.0)).all():
            return function(rewards, k)
        n = rewards.shape[-1]
        failing, succeeding = table(n, k)
        # Sums of 0 and 1 are exact in any order, so the quickest one will do.
        counts = np.einsum("...i->...", rewards).astype(np.intp)[..., None]
        weights: Array = np.where(success, succeeding.take(counts), failing.take(counts))
        return weights

    return weigh
