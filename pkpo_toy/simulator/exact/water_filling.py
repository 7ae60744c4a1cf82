"""The best policy when problems cannot be told apart: water-filling, in closed form."""

import numpy as np

from pkpo_toy.typing import Array, ArrayLike


def water_filling_policy(fractions: ArrayLike, k: int) -> Array:
    """The policy that maximises pass@k when arm a is right for a fraction q_a of the problems.

    maximise sum_a q_a (1 - (1 - pi_a)^k):
    pi_a = max(0, 1 - (lambda / (k q_a))^(1/(k-1))),  lambda such that sum_a pi_a = 1

    With the m largest q_a in play the sum fixes lambda, so with b_a = q_a^(-1/(k-1))
    pi_a = 1 - (m - 1) b_a / sum_{a' <= m} b_a', and m is the largest that keeps pi_m > 0. At k = 1
    everything is bet on the largest q (the first of equals).

    fractions: (A,), >= 0, at least one > 0; k >= 1. Returns pi, shape (A,).
    """
    q = np.asarray(fractions, dtype=np.float64)
    best = np.zeros_like(q)
    order = np.argsort(-q, kind="stable")
    if k == 1:
        best[order[0]] = 1.0
        return best
    order = order[q[order] > 0]
    b = np.exp(-np.log(q[order] / q[order[0]]) / (k - 1))
    others = np.arange(len(order))
    in_play = order[others * b < np.cumsum(b)]
    b = b[: len(in_play)]
    best[in_play] = 1.0 - (len(b) - 1) * b / b.sum()
    return best


def water_filling_pass_at_k(fractions: ArrayLike, policy: ArrayLike, k: int) -> float:
    """pass@k = sum_a q_a (1 - (1 - pi_a)^k) of a policy that cannot tell problems apart.

    fractions q and policy pi (A,), k >= 1.
    """
    q = np.asarray(fractions, dtype=np.float64)
    return float(np.sum(q * (1.0 - (1.0 - np.asarray(policy)) ** k)))
