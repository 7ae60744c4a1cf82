"""The least variance by brute force: every ordered tuple of arms, every table, no shared code."""

from collections.abc import Callable, Sequence
from itertools import combinations_with_replacement, product

import numpy as np

Weigh = Callable[[list[float]], Sequence[float]]


def policy_of(logits: Sequence[float]) -> np.ndarray:
    masses = np.exp(np.asarray(logits, dtype=float))
    return masses / masses.sum()


def outcomes(pi: np.ndarray, n: int):
    """(arms, chance, scores (n, d)) of every ordered tuple."""
    for arms in product(range(len(pi)), repeat=n):
        yield arms, float(np.prod(pi[list(arms)])), np.eye(len(pi))[list(arms)] - pi


def variance(
    weigh: Weigh, baseline: Callable[[tuple[float, ...]], float], logits, rewards, n: int
) -> float:
    """Trace of the covariance of sum_i (w_i - b(others)) s_i."""
    pi = policy_of(logits)
    mean, square = np.zeros(len(pi)), 0.0
    for arms, chance, scores in outcomes(pi, n):
        g = [rewards[a] for a in arms]
        rest = [tuple(sorted(g[:i] + g[i + 1 :])) for i in range(n)]
        w = np.asarray(weigh(g), dtype=float) - [baseline(others) for others in rest]
        total = w @ scores
        mean += chance * total
        square += chance * float(total @ total)
    return square - float(mean @ mean)


def best_table(weigh: Weigh, logits, rewards, n: int) -> tuple[float, dict]:
    """V* and the table b that reaches it: one unknown for every multiset of n - 1 rewards."""
    pi = policy_of(logits)
    keys = list(combinations_with_replacement(sorted(set(rewards)), n - 1))
    place = {key: j for j, key in enumerate(keys)}
    lines, targets = [], []
    for arms, chance, scores in outcomes(pi, n):
        g = [rewards[a] for a in arms]
        line = np.zeros((len(keys), len(pi)))
        for i in range(n):
            line[place[tuple(sorted(g[:i] + g[i + 1 :]))]] += scores[i]
        lines.append(np.sqrt(chance) * line.T)
        targets.append(np.sqrt(chance) * (np.asarray(weigh(g), dtype=float) @ scores))
    chances = np.array([chance for _, chance, _ in outcomes(pi, n)])
    mean = np.sqrt(chances) @ np.array(targets)
    target = np.concatenate(
        [t - np.sqrt(chance) * mean for t, chance in zip(targets, chances, strict=True)]
    )
    design = np.concatenate(lines)
    solution = np.linalg.lstsq(design, target, rcond=1e-13)[0]
    left = target - design @ solution
    return float(left @ left), dict(zip(keys, solution, strict=True))


def unbiased_null_space(levels: int, n: int, policies: int, seed: int = 0) -> int:
    """Dimension of the symmetric weights with mean 0 under many policies: unknowns less rank.

    A weight is a number for each (own level, multiset of the other levels). Arms: two a level, so
    that scores are not a function of the level.
    """
    rng = np.random.default_rng(seed)
    others = list(combinations_with_replacement(range(levels), n - 1))
    place = {key: j for j, key in enumerate(product(range(levels), others))}
    rewards = list(range(levels)) * 2
    equations = []
    for _ in range(policies):
        pi = policy_of(rng.normal(size=len(rewards)))
        line = np.zeros((len(pi), len(place)))
        for arms, chance, scores in outcomes(pi, n):
            g = [rewards[a] for a in arms]
            for i in range(n):
                line[:, place[g[i], tuple(sorted(g[:i] + g[i + 1 :]))]] += chance * scores[i]
        equations.append(line)
    return len(place) - np.linalg.matrix_rank(np.concatenate(equations), tol=1e-10)
