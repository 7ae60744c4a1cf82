"""Quadrature over the levels of a reward, with nodes that serve every theta of a cell and every k.

With F(t) = P(g <= t) for one draw of x ~ N(theta, sd**2),

    max@k            = g_low + integral (1 - F(t)**k) dt
    d max@k / dtheta = - integral k F(t)**(k-1) dF(t)/dtheta dt

The level sets do not depend on theta: nodes, weights and crossings are found once.
"""

from dataclasses import dataclass

import numpy as np

from pkpo_toy.errors import InputError
from pkpo_toy.simulator.exact.levels import LevelSets
from pkpo_toy.simulator.exact.normal import normal_density, normal_tail
from pkpo_toy.simulator.exact.ranks import log_rest, mean_above, mean_density
from pkpo_toy.typing import Array

_NODES_PER_PANEL = 16
_TOLERANCE = 1e-14  # of a panel's integrals, relative to the range of the reward
_MOST_HALVINGS = 40  # of one panel
_MOST_PANELS = 512  # halved at once, beside two for each critical level


@dataclass(frozen=True)
class LevelTable:
    """Nodes of the integral over levels, and the crossings of the reward at each.

    lowest: the lowest reward; weights: (N,); columns: the crossings p_0, p_1, ... one array each,
    (N,) or (1,) where the nodes share it; g is above the level on (p_0, p_1), (p_2, p_3), ...
    """

    lowest: float
    weights: Array
    columns: tuple[Array, ...]

    def max_at_k(self, theta: Array, sd: float, ks: list[int]) -> Array:
        """max@k, theta (B,) -> (B, K)."""
        log_f, _ = self.law(theta, sd)
        sums = [(np.expm1(k * log_f) * self.weights).sum(axis=-1) for k in ks]
        return self.lowest - np.stack(sums, axis=-1)

    def gradient(self, theta: Array, sd: float, ks: list[int]) -> Array:
        """d max@k / dtheta, theta (B,) -> (B, K)."""
        log_f, slope = self.law(theta, sd)
        slope *= self.weights
        sums = [-k * (np.exp((k - 1) * log_f) * slope).sum(axis=-1) for k in ks]
        return np.stack(sums, axis=-1)

    def statistic(self, theta: Array, sd: float, a: Array) -> Array:
        """E[sum_j a_j g_(j)] of the sorted rewards of k draws, theta (B,), a (k,) -> (B, 1)."""
        above = mean_above(self.law(theta, sd)[0], a)
        value: Array = self.lowest * a.sum() + (above * self.weights).sum(axis=-1, keepdims=True)
        return value

    def statistic_gradient(self, theta: Array, sd: float, a: Array) -> Array:
        """The derivative of `statistic` in theta, theta (B,), a (k,) -> (B, 1)."""
        log_f, slope = self.law(theta, sd)
        density = len(a) * mean_density(log_f, a)
        gradient: Array = -(density * slope * self.weights).sum(axis=-1, keepdims=True)
        return gradient

    def law(self, theta: Array, sd: float) -> tuple[Array, Array]:
        """log F(t) and dF(t)/dtheta at the nodes, theta (B,) -> (B, N) each.

        F and 1 - F are both sums of positive masses; the logarithm is taken of the smaller.
        """
        masses = np.zeros((2, len(theta), len(self.weights)))
        slope = np.zeros(masses.shape[1:])
        tail_before, right_before = np.zeros((1, 1)), np.zeros((1, 1), dtype=bool)
        for j, column in enumerate(self.columns):
            z = (column - theta[:, None]) / sd
            right = z >= 0
            # Phi(z) = tail + [z >= 0]: as a pair, so that a difference of masses loses no digits.
            tail = normal_tail(z)
            tail = np.where(right, -tail, tail)
            masses[j % 2] += (tail - tail_before) + (right ^ right_before)
            slope += (1 if j % 2 else -1) * normal_density(z)
            tail_before, right_before = tail, right
        masses[0] += ~right_before - tail_before
        return _log_share(masses[0], masses[1]), slope / sd


def tabulate(
    sets: LevelSets, trials: Array, sd: float, largest_k: int, *, both_tails: bool = False
) -> LevelTable:
    """Gauss-Legendre nodes on panels between critical levels, each halved until its sums agree.

    Between critical levels a < b the levels run as t = a + (b - a) sin(pi u / 2)**2: the crossings,
    which leave an extremum of the reward like a square root, are smooth in u. A panel of u is kept
    when, at the thetas `trials` (T,) and k = 1, 4, ..., largest_k, its share of max@k and of the
    gradient (times sd) agrees with that of its halves to 1e-14 of the range of the reward. The
    others are replaced by their halves, and so on: short panels are spent only where F(t) bends.
    both_tails: the shares of the minimum of k must agree too, for statistics of low ranks.

    Raises InputError when the panels are too many: the reward is not smooth between its breaks.
    """
    critical = sets.critical()
    allowed = _allowed(sets, sd)
    ks = [4**j for j in range(largest_k.bit_length()) if 4**j < largest_k] + [largest_k]
    ends = np.broadcast_to([0.0, 1.0], (len(critical) - 1, 2))
    panels = np.column_stack([critical[:-1], critical[1:], ends])
    kept = []
    for _ in range(_MOST_HALVINGS):
        if not len(panels):
            break
        if len(panels) > _MOST_PANELS + 2 * len(critical):
            raise InputError(
                f"reward {sets.reward.name!r} must be smooth between its breaks, got a reward that"
                f" {len(panels)} panels do not resolve near {sets.x.mean():.6g}."
            )
        halves = _halve(panels)
        whole, parts = (
            _shares(sets, some, trials, sd, ks, both_tails=both_tails) for some in (panels, halves)
        )
        apart = whole - parts.reshape(len(panels), 2, -1).sum(axis=1)
        good = (np.abs(apart) <= allowed).all(axis=-1)
        kept.append(panels[good])
        panels = halves[np.repeat(~good, 2)]
    return _table(sets, np.concatenate([*kept, panels]))


def _allowed(sets: LevelSets, sd: float) -> float:
    """The disagreement that rounding of x and of the reward itself explains, and 1e-14 on top."""
    eps = float(np.finfo(np.float64).eps)
    span, size = float(np.ptp(sets.g)), float(np.abs(sets.g).max())
    place = float(np.abs(sets.x).max()) / sd
    return (_TOLERANCE + 4 * eps * place) * span + 16 * eps * size


def _halve(panels: Array) -> Array:
    """Panels (P, 4) as rows a, b, u_0, u_1 -> (2 P, 4), the two halves of each together."""
    a, b, start, end = panels.T
    middle = 0.5 * (start + end)
    return np.stack([a, b, start, middle, a, b, middle, end], axis=-1).reshape(-1, 4)


def _shares(
    sets: LevelSets, panels: Array, trials: Array, sd: float, ks: list[int], *, both_tails: bool
) -> Array:
    """Integrals over every panel at the trial thetas and k, (P, 2 K T), twice as many for both."""
    table = _table(sets, panels)
    log_f, slope = table.law(trials, sd)
    logs = [log_f, log_rest(log_f)] if both_tails else [log_f]
    terms = [
        part * table.weights
        for log in logs
        for k in ks
        for part in (np.expm1(k * log), k * sd * slope * np.exp((k - 1) * log))
    ]
    shares: Array = np.stack(terms).reshape(len(terms) * len(trials), len(panels), -1).sum(axis=-1)
    return shares.T


def _table(sets: LevelSets, panels: Array) -> LevelTable:
    nodes, weights = np.polynomial.legendre.leggauss(_NODES_PER_PANEL)
    a, b, start, end = panels.T[:, :, None]
    u = start + (end - start) * 0.5 * (nodes + 1.0)
    t = a + (b - a) * np.sin(0.5 * np.pi * u) ** 2
    rate = (b - a) * 0.5 * np.pi * np.sin(np.pi * u)
    columns = sets.crossings(t.ravel()).T
    shared = [column[:1] if (column == column[:1]).all() else column for column in columns]
    lowest = float(sets.g.min())
    return LevelTable(lowest, (rate * (end - start) * 0.5 * weights).ravel(), tuple(shared))


def _log_share(part: Array, rest: Array) -> Array:
    """log of part where part + rest = 1, from whichever is smaller; at least log(5e-324)."""
    logs = np.log1p(-np.minimum(rest, 0.5))
    small = rest > 0.5
    logs[small] = np.log(np.maximum(part[small], 5e-324))
    return logs
