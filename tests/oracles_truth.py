"""Brute force for the truth, straight from the definitions; shares no code with the package."""

import itertools
import math
from functools import cache

import mpmath
import numpy as np


def probabilities(logits):
    """softmax in plain Python."""
    top = max(logits)
    masses = [math.exp(value - top) for value in logits]
    return [mass / math.fsum(masses) for mass in masses]


def tuples(logits, n):
    """Every ordered outcome of n draws: (arms, probability, grad log-probability of each draw)."""
    pi = probabilities(logits)
    d = len(pi)
    for arms in itertools.product(range(d), repeat=n):
        scores = [[(a == b) - pi[b] for b in range(d)] for a in arms]
        yield arms, math.prod(pi[a] for a in arms), scores


def max_at_k(logits, rewards, k):
    """E[max of k], one term per ordered tuple."""
    return math.fsum(p * max(rewards[a] for a in arms) for arms, p, _ in tuples(logits, k))


def max_at_k_gradient(logits, rewards, k):
    """E[max * sum of the scores], one term per ordered tuple."""
    d = len(logits)
    terms = [[] for _ in range(d)]
    for arms, p, scores in tuples(logits, k):
        best = max(rewards[a] for a in arms)
        for b in range(d):
            terms[b].append(p * best * math.fsum(score[b] for score in scores))
    return [math.fsum(column) for column in terms]


def entropic(logits, rewards, beta):
    """(1/beta) log E exp(beta g) with 60 digits."""
    with mpmath.workdps(60):
        masses = [mpmath.exp(mpmath.mpf(float(value))) for value in logits]
        mean = mpmath.fsum(
            m * mpmath.exp(mpmath.mpf(float(beta)) * mpmath.mpf(float(g)))
            for m, g in zip(masses, rewards, strict=True)
        ) / mpmath.fsum(masses)
        return mpmath.log(mean) / mpmath.mpf(float(beta))


def moments(weigh, logits, rewards, n):
    """Mean, covariance and zero-signal probability of sum_i w_i score_i; weigh: list -> list."""
    d = len(logits)
    outcomes = []
    for arms, p, scores in tuples(logits, n):
        w = weigh([rewards[a] for a in arms])
        estimate = [math.fsum(w[i] * scores[i][b] for i in range(n)) for b in range(d)]
        outcomes.append((p, estimate, all(value == 0 for value in w)))
    mean = [math.fsum(p * g[b] for p, g, _ in outcomes) for b in range(d)]
    covariance = [
        [
            math.fsum(p * (g[a] - mean[a]) * (g[b] - mean[b]) for p, g, _ in outcomes)
            for b in range(d)
        ]
        for a in range(d)
    ]
    return mean, covariance, math.fsum(p for p, _, zero in outcomes if zero)


def unit_square_max_at_k(theta, k, sd):
    """max@k of x**2 on [0, 1], else 0, with 30 digits: x from 0 to 1 as the best of k draws.

    The best draw is at x when the k - 1 others fall outside (x, 1].
    """
    with mpmath.workdps(30):
        center, width = mpmath.mpf(theta), mpmath.mpf(float(sd))
        beyond = 1 - mpmath.ncdf(1, center, width)

        def term(x):
            others_lose = beyond + mpmath.ncdf(x, center, width)
            return x * x * k * mpmath.npdf(x, center, width) * others_lose ** (k - 1)

        eighths = [mpmath.mpf(i) / 8 for i in range(9)]
        return mpmath.quad(term, eighths, method="gauss-legendre")


def unit_square_gradient(theta, k, sd):
    """d max@k / dtheta of the same, by a central difference with 30 digits: error below 1e-14."""
    with mpmath.workdps(30):
        center, step = mpmath.mpf(float(theta)), mpmath.mpf(10) ** -9
        ahead, behind = (unit_square_max_at_k(center + s, k, sd) for s in (step, -step))
        return (ahead - behind) / (2 * step)


def max_at_k_on_cells(function, breaks, theta, ks, sd):
    """max@k of any reward for each of ks: x in narrow cells, rewards at their middles, ranked.

    The error is of the order of the squared cell width; no break falls inside a cell.
    """
    g, below = _ranked_cells(function, breaks, theta, sd, 200_000)
    return [float(np.sum(g * np.diff(below**k))) for k in ks]


def _ranked_cells(function, breaks, theta, sd, count):
    """Rewards in the middle of each cell, ascending, and the probability of less than each."""
    places, cdf = (list(column) for column in _standard_normal(count))
    places += [(x - theta) / sd for x in breaks]
    cdf += [_normal_cdf((x - theta) / sd) for x in breaks]
    edges, cdf = theta + sd * np.sort(places), np.sort(cdf)
    mass = np.diff(cdf)
    g = function(0.5 * (edges[1:] + edges[:-1]))
    order = np.argsort(g)
    return g[order], np.concatenate([[0.0], np.cumsum(mass[order])]) / mass.sum()


@cache
def _standard_normal(count):
    """So many places from -12 to 12 and how likely a value below each is."""
    places = np.linspace(-12, 12, count).tolist()
    return places, [_normal_cdf(place) for place in places]


def _normal_cdf(place):
    return 0.5 * math.erfc(-place / math.sqrt(2))


def statistic_on_cells(function, breaks, theta, rank_weights, sd):
    """E[sum_j a_j g_(j)] of k sorted draws, a binomial sum for each cell; error as above."""
    g, below = _ranked_cells(function, breaks, theta, sd, 100_000)
    k, total = len(rank_weights), 0.0
    for j, a in enumerate(rank_weights, start=1):
        # P(the j-th smallest is at or below) = P(j or more of k are)
        chance = sum(math.comb(k, r) * below**r * (1 - below) ** (k - r) for r in range(j, k + 1))
        total += a * float(np.sum(g * np.diff(chance)))
    return total


def statistic_over_tuples(logits, rewards, rank_weights):
    """E[sum_j a_j g_(j)] and its gradient in the logits, one term per ordered tuple of k draws."""
    k, d = len(rank_weights), len(logits)
    value, slope = [], [[] for _ in range(d)]
    for arms, p, scores in tuples(logits, k):
        rising = sorted(rewards[a] for a in arms)
        statistic = math.fsum(a * x for a, x in zip(rank_weights, rising, strict=True))
        value.append(p * statistic)
        for b in range(d):
            slope[b].append(p * statistic * math.fsum(score[b] for score in scores))
    return math.fsum(value), [math.fsum(column) for column in slope]
