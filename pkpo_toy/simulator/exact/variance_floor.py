"""A floor under the variance of every unbiased estimator of the max@k gradient, for any n.

With psi(y) = E max(y, g_2, ..., g_k) and s = grad log pi(x),

    V >= (k^2 / n) min_beta tr Var[(psi(g) - beta) s + grad psi(g)]

the variance of the estimate's projection on sums of functions of single samples (Hoeffding). It is
reached at k = 1, and approached as n grows. Proof: docs/best-estimator.md, theorem 3.
"""

import numpy as np

from pkpo_toy.checks import check_count, check_finite
from pkpo_toy.errors import InputError
from pkpo_toy.typing import Array, ArrayLike


def variance_floor(
    chances: ArrayLike,
    rewards: ArrayLike,
    scores: ArrayLike,
    n: int,
    k: int,
    *,
    noise: float = 0.0,
) -> float:
    """A trace of the covariance that no unbiased weights of n samples are below, for A outcomes.

    chances, rewards (A,); scores (A, D), grad log pi of each outcome, of mean 0 under the chances;
    noise: E |e|^2 of independent noise e in every score.

    Raises: InputError on shapes that do not fit, numbers not finite, and unless 1 <= k <= n.
    """
    pi, g, s = (
        check_finite(name, value)
        for name, value in (("chances", chances), ("rewards", rewards), ("scores", scores))
    )
    if g.ndim != 1 or pi.shape != g.shape or s.ndim != 2 or len(s) != len(g):
        raise InputError(
            "chances, rewards (A,) and scores (A, D) must name the same outcomes, got shapes "
            f"{pi.shape}, {g.shape} and {s.shape}."
        )
    if check_count("k", k) > check_count("n", n):
        raise InputError(f"k must satisfy 1 <= k <= n, got k = {k} with n = {n}.")
    order = np.argsort(g, kind="stable")
    pi, g, s = pi[order], g[order], s[order]
    psi, slope = _best_of_k(pi, g, s, k)
    squared = (s * s).sum(axis=1) + noise
    size = pi @ squared
    against = pi @ (psi * squared + (s * slope).sum(axis=1))
    beta = against / size if size > 0 else 0.0
    first = (psi - beta)[:, None] * s + slope
    apart = first - pi @ first
    return float(k * k / n * (pi @ ((apart * apart).sum(axis=1) + noise * (psi - beta) ** 2)))


def _best_of_k(pi: Array, g: Array, s: Array, k: int) -> tuple[Array, Array]:
    """psi (A,) and its gradient (A, D) at each outcome's reward, in ascending order of reward.

    psi(y) = y + sum over gaps above y of gap (1 - F^(k-1)), so grad psi has -(k-1) F^(k-2) grad F.
    """
    gaps = np.diff(g, append=g[-1])
    below = np.cumsum(pi)
    moved = np.cumsum(pi[:, None] * s, axis=0)
    psi = g + _from_here_up(gaps * -np.expm1((k - 1) * np.log(np.maximum(below, 5e-324))))
    if k == 1:
        return g, np.zeros_like(s)
    rate = (k - 1) * gaps * below ** (k - 2)
    return psi, -_from_here_up(rate[:, None] * moved)


def _from_here_up(values: Array) -> Array:
    sums: Array = np.cumsum(values[::-1], axis=0)[::-1]
    return sums
