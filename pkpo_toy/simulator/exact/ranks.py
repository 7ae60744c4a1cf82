"""Order statistics of k draws from the law of one: what sorted draws, weighted by rank, expect.

With F = P(g <= t) for one draw, rank weights a_1..a_k and A_r = sum_{j>r} a_j, a level t adds

    mean_above(F)   = sum_{r<k} A_r C(k, r) F^r (1-F)^(k-r)             to the value,
    mean_density(F) = sum_j a_j C(k-1, j-1) F^(j-1) (1-F)^(k-j)         = -mean_above'(F) / k

For the maximum these are 1 - F^k and F^(k-1).
"""

import math

import numpy as np

from pkpo_toy.checks import check_finite
from pkpo_toy.errors import InputError
from pkpo_toy.typing import Array, ArrayLike


def checked_ranks(rank_weights: ArrayLike) -> Array:
    """rank_weights as an array (k,). Raises InputError unless they are finite and k >= 1."""
    a = check_finite("rank_weights", rank_weights)
    if a.ndim != 1 or not len(a):
        raise InputError(f"rank_weights must have shape (k,), k >= 1, got shape {a.shape}.")
    return a


def mean_above(log_f: Array, a: Array) -> Array:
    """The weight of the ranks above a level: log_f = log F <= 0, any shape; a (k,); same shape."""
    return _mixed(log_f, np.cumsum(a[::-1])[::-1], len(a))


def mean_density(log_f: Array, a: Array) -> Array:
    """The rank weight that a draw at a level gets on average, for log_f and a as above."""
    return _mixed(log_f, a, len(a) - 1)


def log_rest(log_f: Array) -> Array:
    """log(1 - F) from log_f = log F, any shape, at least -1e300, so that 0 * log 0 is 0.

    log F carries the digits of both tails.
    """
    with np.errstate(divide="ignore"):
        return np.maximum(np.log(-np.expm1(log_f)), -1e300)


def _mixed(log_f: Array, coefficients: Array, draws: int) -> Array:
    """sum_r c_r C(draws, r) F^r (1-F)^(draws-r)."""
    rest = log_rest(log_f)
    total = np.zeros_like(log_f)
    for r in np.flatnonzero(coefficients):
        choose = math.log(math.comb(draws, int(r)))
        total += coefficients[r] * np.exp(choose + r * log_f + (draws - r) * rest)
    return total
