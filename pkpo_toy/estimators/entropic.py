"""Estimators of the entropic objective (1/beta) log E exp(beta g), with exponents that stay small.

Growth is (exp(beta (g_i - g_max)) - 1)/beta, which lies between -1/beta and 0 and becomes
g_i - g_max as beta goes to 0. Rewards (..., n) -> weights (..., n), n >= 2, beta > 0; k is ignored.
"""

import numpy as np

from pkpo_toy.estimators.error_free import difference_error, product_error
from pkpo_toy.estimators.order_statistics import row_sums, sort_groups, unsort
from pkpo_toy.typing import Array

BETA = 1.0


def _growth(ordered: Array, beta: float) -> tuple[Array, Array]:
    """exp(beta (g - g_max)) and (that - 1)/beta, from sorted rewards (groups, n)."""
    below = ordered - ordered[:, -1:] + 0.0
    with np.errstate(over="ignore", under="ignore"):
        exponent = beta * below
        growth = np.expm1(exponent) / beta
        powers = np.exp(exponent)
    return powers, np.where(exponent > -(2.0**-55), below, growth)


def rs_grpo(rewards: Array, k: int, *, beta: float = BETA) -> Array:
    """(exp(beta g_i)/mean exp(beta g) - 1)/(beta n). Biased.

    rewards (..., n), n >= 2, beta > 0; returns weights (..., n). [RSGRPO].
    """
    n: int = rewards.shape[-1]
    ordered, places = sort_groups(rewards)
    powers, growth = _growth(ordered, beta)
    growth -= row_sums(growth) / n
    growth /= row_sums(powers)
    return unsort(growth, places, rewards.shape, out=ordered)


def entropic_loo(rewards: Array, k: int, *, beta: float = BETA) -> Array:
    """(exp(beta g_i)/Z_-i - 1)/(beta n), Z_-i the mean of exp(beta g) over the others.

    rewards (..., n), n >= 2, beta > 0; returns weights (..., n). [TTT].

    Equals (growth_i - mean growth) / sum_{j != i} exp(beta (g_j - g_max)). Only a unique best
    sample has a small denominator; it is computed apart, and may be too large for a float (inf).
    """
    n: int = rewards.shape[-1]
    ordered, places = sort_groups(rewards)
    powers, growth = _growth(ordered, beta)
    growth -= row_sums(growth) / n
    others = row_sums(powers) - powers
    unique = ordered[:, -1] > ordered[:, -2]
    others[unique, -1] = 1.0
    growth /= others
    with np.errstate(over="ignore", invalid="ignore"):
        growth[unique, -1] = _best(ordered[unique], growth[unique, -1], beta)
    return unsort(growth, places, rewards.shape, out=ordered)


def _best(ordered: Array, lead: Array, beta: float) -> Array:
    """lead / sum_{j<n} exp(beta (g_j - g_n)), the sum measured from g_(n-1)."""
    first, second = ordered[:, -1], ordered[:, -2]
    rest = row_sums(np.exp(beta * (ordered[:, :-1] - second[:, None])))[:, 0]
    gap = first - second
    exponent = beta * gap
    # exp turns an absolute error of its argument into a relative one: keep the rounding of both.
    slack = product_error(np.array(beta), gap)
    slack += beta * difference_error(first, second, gap)
    half = np.exp(exponent / 2)
    best: Array = (lead / rest * np.exp(slack)) * half * half
    return best
