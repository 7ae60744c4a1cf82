"""The truth for a Gaussian policy N(theta, sd**2) with fixed sd: max@k, its gradient, its optimum.

Accurate to about 1e-13 of the reward's range near theta for rewards that are smooth between their
breaks and have no hump there narrower than sd / 32. The reward is taken as it is to 20 sd or more
from theta and as constant beyond, which changes max@k by less than k times 6e-89 of the variation
of the reward out there.
"""

import math
from collections.abc import Callable, Sequence
from functools import lru_cache

import numpy as np

from pkpo_toy.checks import check_count, check_counts, check_finite, check_positive
from pkpo_toy.errors import InputError
from pkpo_toy.simulator.exact.levels import level_sets
from pkpo_toy.simulator.exact.quadrature import LevelTable, tabulate
from pkpo_toy.simulator.exact.ranks import checked_ranks
from pkpo_toy.simulator.rewards import RewardFunction
from pkpo_toy.typing import Array, ArrayLike

_CELL = 10.0  # sd: thetas in one such cell share a table
_REACH = 20.0  # sd: how far beyond its cell a table knows the reward
_BLOCK = 2**15  # numbers evaluated at once, so that they stay in the cache
_WIDEST = 100_000  # sd / 8: grid points of the search for the optimum, at most


def gaussian_max_at_k(
    theta: ArrayLike, k: int | Sequence[int], reward: RewardFunction, sd: float
) -> Array:
    """max@k = E[max of k iid g(x)], x ~ N(theta, sd**2), by quadrature over the levels of g.

    theta (...); result (...) for one k, (..., K) for a sequence of K values, which share nearly all
    of the work.

    Raises InputError on theta not finite, k < 1, sd <= 0, or a reward that is not finite.
    """
    return _evaluate(LevelTable.max_at_k, theta, k, reward, sd)


def gaussian_gradient(
    theta: ArrayLike, k: int | Sequence[int], reward: RewardFunction, sd: float
) -> Array:
    """d max@k / dtheta, by the same quadrature.

    theta (...); result (...) for one k, (..., K) for K values. Errors as in `gaussian_max_at_k`.
    """
    return _evaluate(LevelTable.gradient, theta, k, reward, sd)


def gaussian_statistic(
    theta: ArrayLike, rank_weights: ArrayLike, reward: RewardFunction, sd: float
) -> Array:
    """E[sum_j a_j g_(j)] over the sorted rewards of k iid draws, a = rank_weights (k,).

    theta (...) -> (...), by the same quadrature. Raises InputError as `gaussian_max_at_k`.
    """
    a = checked_ranks(rank_weights)
    return _evaluate(
        lambda table, t, s, _: table.statistic(t, s, a), theta, len(a), reward, sd, both_tails=True
    )


def gaussian_statistic_gradient(
    theta: ArrayLike, rank_weights: ArrayLike, reward: RewardFunction, sd: float
) -> Array:
    """The derivative of `gaussian_statistic` in theta.

    theta (...), rank_weights (k,); result (...). Errors as in `gaussian_max_at_k`.
    """
    a = checked_ranks(rank_weights)
    return _evaluate(
        lambda table, t, s, _: table.statistic_gradient(t, s, a),
        theta,
        len(a),
        reward,
        sd,
        both_tails=True,
    )


def gaussian_optimum(
    k: int, reward: RewardFunction, sd: float, low: float, high: float
) -> tuple[float, float]:
    """The theta in [low, high] of the largest max@k, and that max@k.

    The best points of a grid of sd / 8 are refined by bisection on the gradient to the last bit.
    Where max@k is flat to rounding, some theta of the flat stretch.

    Raises InputError on low >= high, an interval beyond 12,500 sd, k < 1 or sd <= 0.
    """
    best_of, scale = check_count("k", k), check_positive("sd", sd)
    return _largest(
        lambda theta: gaussian_max_at_k(theta, best_of, reward, scale),
        lambda theta: gaussian_gradient(theta, best_of, reward, scale),
        scale,
        low,
        high,
    )


def gaussian_statistic_optimum(
    rank_weights: ArrayLike, reward: RewardFunction, sd: float, low: float, high: float
) -> tuple[float, float]:
    """The same for `gaussian_statistic`: the best theta, and the statistic there."""
    scale = check_positive("sd", sd)
    return _largest(
        lambda theta: gaussian_statistic(theta, rank_weights, reward, scale),
        lambda theta: gaussian_statistic_gradient(theta, rank_weights, reward, scale),
        scale,
        low,
        high,
    )


def _largest(
    value: Callable[[Array], Array],
    slope: Callable[[Array], Array],
    scale: float,
    low: float,
    high: float,
) -> tuple[float, float]:
    ends = check_finite("low and high", [low, high])
    count = math.ceil((ends[1] - ends[0]) / scale * 8) + 1
    if not 1 < count <= _WIDEST:
        raise InputError(f"low, high must be 0 to 12500 sd apart, low < high, got {low}, {high}.")
    grid = np.linspace(ends[0], ends[1], count + 1)
    candidates = np.argsort(-value(grid), kind="stable")[:8]
    left, right = grid[np.maximum(candidates - 1, 0)], grid[np.minimum(candidates + 1, count)]
    for _ in range(60):
        middle = 0.5 * (left + right)
        uphill = slope(middle) > 0
        left, right = np.where(uphill, middle, left), np.where(uphill, right, middle)
    theta = 0.5 * (left + right)
    values = value(theta)
    best = int(np.argmax(values))
    return float(theta[best]), float(values[best])


def _evaluate(
    formula: Callable[[LevelTable, Array, float, list[int]], Array],
    theta: ArrayLike,
    k: int | Sequence[int],
    reward: RewardFunction,
    sd: float,
    *,
    both_tails: bool = False,
) -> Array:
    """Every theta with the table of its cell, in blocks."""
    centres, ks, scale = (
        check_finite("theta", theta),
        check_counts("k", k),
        check_positive("sd", sd),
    )
    flat = centres.ravel()
    largest_k = _table_size(max(ks))
    cells = np.floor(flat / (_CELL * scale))
    result = np.empty((len(flat), len(ks)))
    for cell in np.unique(cells):
        table = _level_table(reward, scale, float(cell), largest_k, both_tails)
        members = np.flatnonzero(cells == cell)
        rows = max(1, _BLOCK // max(1, len(table.weights)))
        for start in range(0, len(members), rows):
            block = members[start : start + rows]
            result[block] = formula(table, flat[block], scale, ks)
    shaped = result.reshape(*centres.shape, len(ks))
    return shaped[..., 0] if np.ndim(k) == 0 else shaped


@lru_cache(maxsize=256)
def _level_table(
    reward: RewardFunction, sd: float, cell: float, largest_k: int, both_tails: bool
) -> LevelTable:
    low, high = _CELL * sd * cell, _CELL * sd * (cell + 1.0)
    sets = level_sets(reward, low - _REACH * sd, high + _REACH * sd, sd / 32)
    return tabulate(sets, np.linspace(low, high, 21), sd, largest_k, both_tails=both_tails)


def _table_size(k: int) -> int:
    """The k a table is built for: 64, or the next larger power of 16 times 64."""
    size = 64
    while size < k:
        size *= 16
    return size
