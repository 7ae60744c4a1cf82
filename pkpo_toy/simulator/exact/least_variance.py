"""The least variance an unbiased estimator can have on a categorical problem, by least squares.

Let w be any unbiased weights that depend on the rewards alone and treat samples alike. All others
with the same mean are w_i - b(g_-i), one for each function b of the other n-1 rewards, so the least
variance is a linear least-squares problem in b:

    V* = min_b E |sum_i (w_i - b(g_-i)) s_i - grad|^2,   s_i = grad log pi(x_i)

Given the levels of the n rewards, scores are independent with mean m(level) and spread r(level), so
only multisets of levels are enumerated. Proofs: docs/best-estimator.md, theorems 1 to 3.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Literal

import numpy as np

from pkpo_toy.checks import check_count, check_finite
from pkpo_toy.errors import InputError
from pkpo_toy.simulator.exact.enumeration import (
    BUDGET,
    count_outcomes,
    instance,
    outcomes,
    probabilities,
    weights_of,
)
from pkpo_toy.typing import Array, ArrayLike, Flags, Integers, WeightFunction

TABLES = 400
"""Multisets of the other rewards up to which b is a table of its own value for each."""

_ROOM = 2**21  # numbers of a block of rows, so that a block fits in memory beside its factors
_NOTHING = 1e-20  # a least variance below this share of the estimator's own is rounding

Baselines = Literal["tables", "L-statistics"]
Columns = Callable[[Array, int], Array]
Features = Callable[[Integers], Array]
Blocks = Iterator[tuple[Integers, Array, Array, Array]]


@dataclass(frozen=True)
class LeastVariance:
    """V*: the least trace of the covariance, over which baselines, and how many numbers they have.

    "tables": every function of the other rewards, so no unbiased weights are below.
    "L-statistics": a constant and a coefficient for each order statistic of the other rewards.
    """

    variance: float
    baselines: Baselines
    parameters: int


def least_variance(
    function: WeightFunction,
    logits: ArrayLike,
    rewards: ArrayLike,
    n: int,
    k: int,
    *,
    tables: int = TABLES,
    budget: int = BUDGET,
    noise: float = 0.0,
    scores: ArrayLike | None = None,
) -> LeastVariance:
    """The least variance of the function's weights less any baseline of the other rewards.

    logits, rewards (d,); function: rewards (m, n), k -> weights (m, n), exchangeable and without
    randomness. Two functions with the same mean for every policy give the same V*. noise: E |e|^2
    of independent noise e in every score, of the coordinates that a reward says nothing about.
    scores (d, D): grad log pi of each outcome in any parameters; None: in the logits.

    Raises: InputError on arguments out of their domain and on more outcomes than `budget`.
    """
    law = _law(*instance(logits, rewards), noise, scores)
    samples, best_of = check_count("n", n), check_count("k", k)
    count = len(law.rewards)
    if count_outcomes(count, samples) > check_count("budget", budget):
        needed = count_outcomes(count, samples)
        raise InputError(f"budget must be >= {needed} outcomes for this instance, got {budget}.")
    kind, width = _baselines(count, samples, tables)
    features = _tables(count, samples) if kind == "tables" else _order_statistics(law.rewards)
    blocks = partial(_blocks, function, law, samples, best_of)
    return LeastVariance(_least_squares(law, blocks, features, width), kind, width)


def work_of_least_variance(levels: int, n: int) -> int:
    """About how many multiplications `least_variance` takes with so many different rewards.

    C(n+L-1, n) outcomes of n + L - 1 rows each, decomposed in as many columns as b has numbers.
    """
    width = _baselines(levels, n, TABLES)[1]
    return count_outcomes(levels, n) * (n + levels - 1) * width**2


def _baselines(levels: int, n: int, tables: int) -> tuple[Baselines, int]:
    """Over which baselines the least is taken, and how many numbers they have."""
    size = count_outcomes(levels, n - 1)
    return ("tables", size) if size <= tables else ("L-statistics", n)


def second_moments(
    columns: Columns,
    logits: ArrayLike,
    rewards: ArrayLike,
    n: int,
    k: int,
    *,
    weights: int = 1,
    noise: float = 0.0,
    scores: ArrayLike | None = None,
) -> Array:
    """E[t_a . t_b] of t_a = sum_i column_ia s_i, (p, p), exact; the last about their mean.

    columns: rewards (m, n), k -> (m, n, p), the last `weights` of them of one and the same mean,
    the others, baselines, of mean 0. logits, rewards (d,); noise and scores as in `least_variance`.

    Raises InputError on logits, rewards or scores out of their domain.
    """
    law = _law(*instance(logits, rewards), noise, scores)

    def blocks() -> Iterator[tuple[Integers, Array, Array, Array]]:
        for levels in outcomes(len(law.rewards), n, True):
            found = columns(law.rewards[levels], k)
            total = np.einsum("mi,mir->mr", found[..., -1], law.means[levels])
            yield levels, found, probabilities(levels, law.log_chances, True), total

    gradient = np.asarray(sum(chance @ total for _, _, chance, total in blocks()))
    parts = [
        _rows(law, levels, chance, found, gradient, weights=weights)
        for levels, found, chance, _ in blocks()
    ]
    return np.asarray(sum(part.T @ part for part in parts))


@dataclass(frozen=True)
class _Law:
    """The L levels that can occur, and what the scores are given one.

    log_chances (L,); rewards (L,) ascending; means (L, r), E[s | level] in coordinates of the space
    they span; spreads (L,), E |s|^2 - |E s|^2 given the level.
    """

    log_chances: Array
    rewards: Array
    means: Array
    spreads: Array


def _law(log_policy: Array, rewards: Array, noise: float, scores: ArrayLike | None = None) -> _Law:
    possible = log_policy > -np.inf
    policy = np.exp(log_policy[possible])
    levels, which = np.unique(rewards[possible], return_inverse=True)
    member = which == np.arange(len(levels))[:, None]
    chances = member @ policy
    shares = member * policy / chances[:, None]
    if scores is None:
        means = shares - policy
        spreads = 1.0 - (shares * shares).sum(axis=1)
    else:
        s = _fitting(scores, possible)
        means = shares @ s
        # E |s - mean|^2, each outcome about the mean of its own level: no small difference.
        spreads = shares @ ((s - means[which]) ** 2).sum(axis=1)
    spreads = spreads + noise
    return _Law(np.log(chances), levels, _triangle(means.T).T, spreads)


def _fitting(scores: ArrayLike, possible: Flags) -> Array:
    s = check_finite("scores", scores)
    if s.ndim != 2 or len(s) != len(possible):
        raise InputError(
            f"scores must be (d, D) with d = {len(possible)} outcomes, got shape {s.shape}."
        )
    return s[possible]


def _triangle(rows: Array) -> Array:
    """R of the QR decomposition: as much as the rows' inner products say."""
    return np.asarray(np.linalg.qr(rows, mode="r"), dtype=np.float64)


def _least_squares(
    law: _Law, blocks: Callable[[], Blocks], features: Features, width: int
) -> float:
    """Residual of the weights on the features, by QR block after block (no normal equations)."""
    gradient = np.asarray(sum(chance @ total for _, _, chance, total in blocks()))
    triangle = np.zeros((0, width + 1))
    for levels, w, chance, _ in blocks():
        size = max(1, _ROOM // ((width + 1) * levels.shape[1]))
        for start in range(0, len(levels), size):
            part = slice(start, start + size)
            columns = np.concatenate([features(levels[part]), w[part][..., None]], axis=-1)
            block = _rows(law, levels[part], chance[part], columns, gradient)
            triangle = _triangle(np.concatenate([triangle, block]))
    own = float(triangle[:, -1] @ triangle[:, -1])
    scale = np.sqrt((triangle[:, :-1] ** 2).sum(axis=0))
    free = triangle[:, :-1] / np.where(scale > 0, scale, 1.0)
    solution = np.linalg.lstsq(free, triangle[:, -1], rcond=None)[0]
    left = triangle[:, -1] - free @ solution
    residual = float(left @ left)
    return residual if residual > _NOTHING * own else 0.0


def _blocks(function: WeightFunction, law: _Law, n: int, k: int) -> Blocks:
    """Levels (m, n), weights (m, n), chances (m,) and E[g_hat | levels] (m, r) of all outcomes."""
    for levels in outcomes(len(law.rewards), n, True):
        w = weights_of(function, law.rewards[levels], k)
        total = np.einsum("mi,mir->mr", w, law.means[levels])
        yield levels, w, probabilities(levels, law.log_chances, True), total


def _rows(
    law: _Law,
    levels: Integers,
    chance: Array,
    columns: Array,
    gradient: Array,
    *,
    weights: int = 1,
) -> Array:
    """Rows whose squares sum to E |sum_i column_i s_i|^2, the last columns about the gradient.

    columns (m, n, p) -> rows (m (r + n), p).
    """
    root = np.sqrt(chance)[:, None, None]
    joint = np.einsum("mip,mir->mrp", columns, law.means[levels])
    joint[..., -weights:] -= gradient[:, None]
    single = columns * np.sqrt(law.spreads[levels])[..., None]
    each: Array = np.concatenate([joint * root, single * root], axis=1)
    return each.reshape(-1, columns.shape[-1])


def _tables(levels: int, n: int) -> Features:
    """b of each multiset of the other levels: a column for each, 1 where it is the one."""
    size = count_outcomes(levels, n - 1)
    below = np.array([[math.comb(a + j, j + 1) for j in range(n - 1)] for a in range(levels)])

    def features(arms: Integers) -> Array:
        # A sorted multiset a_0 <= a_1 <= ... has the rank sum_j C(a_j + j, j + 1).
        others = [np.delete(arms, i, axis=1) for i in range(n)]
        places = np.stack([below[a, np.arange(n - 1)].sum(axis=1) for a in others], axis=1)
        chosen: Array = (places[..., None] == np.arange(size)).astype(np.float64)
        return chosen

    return features


def _order_statistics(rewards: Array) -> Features:
    """b = c_0 + sum_j c_j g_(j) of the other rewards: 1, and the others in ascending order."""

    def features(arms: Integers) -> Array:
        n = arms.shape[1]
        others = np.stack([np.delete(rewards[arms], i, axis=1) for i in range(n)], axis=1)
        return np.concatenate([np.ones((*arms.shape, 1)), others], axis=-1)

    return features
