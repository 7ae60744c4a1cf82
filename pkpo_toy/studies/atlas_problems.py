"""The problems of the atlas: one policy at one point, its rewards, and groups drawn from it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from pkpo_toy.simulator.exact import categorical_gradient
from pkpo_toy.simulator.policies import log_softmax, sample_arms
from pkpo_toy.simulator.rewards import UNIT_SQUARE
from pkpo_toy.typing import Array, Integers

SD = 0.1
ARMS = 20
RIGHT = 4  # of the arms of a binary problem
NOISE = 30.0  # of a noisy problem, in units of E |s|^2
_GRID = 4001
_REACH = 8.0  # standard deviations of a Gaussian policy that the grid covers


@dataclass(frozen=True)
class Point:
    """A policy over A outcomes with their rewards and scores.

    logits, rewards (A,); scores (A, D) or None for those of a softmax policy, onehot - pi. A
    Gaussian policy is a fine grid of outcomes. noise: E |e|^2 of independent noise in every score.
    sketch (A, W), sizes (A,): what a learner sees in place of scores, both or sizes alone.
    """

    logits: Array
    rewards: Array
    scores: Array | None = None
    noise: float = 0.0
    sketch: Array | None = None
    sizes: Array | None = None

    @property
    def policy(self) -> Array:
        """(A,)."""
        return np.asarray(np.exp(log_softmax(self.logits)))

    def all_scores(self) -> Array:
        """(A, D)."""
        return np.eye(len(self.logits)) - self.policy if self.scores is None else self.scores

    def gradient(self, k: int) -> Array:
        """Exact gradient of max@k in whatever the scores are derivatives of, (D,)."""
        slope = categorical_gradient(self.logits, self.rewards, k)
        # d log pi_a = s_a, so the gradient is that in the logits applied to the scores.
        return slope if self.scores is None else np.asarray(slope @ self.scores)

    def draw(self, shape: tuple[int, ...], rng: np.random.Generator) -> Integers:
        """Outcomes of independent draws, of that shape."""
        flat = sample_arms(self.logits, int(np.prod(shape)), rng)
        return flat.reshape(shape)

    def products(self, drawn: Integers) -> Array:
        """s_i . s_j within each group, (N, n, n), without the noise."""
        if self.scores is not None:
            s = self.scores[drawn]
            return np.asarray(np.einsum("gid,gjd->gij", s, s))
        own = self.policy[drawn]
        same = drawn[:, :, None] == drawn[:, None, :]
        total: Array = same - own[:, :, None] - own[:, None, :] + self.policy @ self.policy
        return total


def _gaussian(theta: float) -> Point:
    z = np.linspace(-_REACH, _REACH, _GRID)
    rewards = UNIT_SQUARE(theta + SD * z)
    logits = -0.5 * z * z
    scores = z / SD
    # Of mean 0 exactly, as scores are.
    policy = np.exp(log_softmax(logits))
    return Point(logits, rewards, (scores - policy @ scores)[:, None])


def _bandit(arms: float) -> Point:
    rng = np.random.default_rng(int(arms))
    return Point(rng.normal(size=int(arms)), rng.random(int(arms)))


def _binary(rate: float, arms: int = ARMS, right: int = RIGHT) -> Point:
    """A few right answers among many, which share the success rate unequally."""
    rng = np.random.default_rng(0)
    logits = rng.normal(size=arms)
    rewards = (np.arange(arms) < right).astype(np.float64)
    masses = np.exp(logits)
    masses *= np.where(rewards == 1, rate / masses[:right].sum(), (1 - rate) / masses[right:].sum())
    return Point(np.log(masses), rewards)


def _two_outcomes(rate: float) -> Point:
    return Point(np.log([rate, 1 - rate]), np.array([1.0, 0.0]))


def _tied(top: float) -> Point:
    """30 arms, rewards 0, 1/2 and 1: the best level has probability `top`, the middle one .3."""
    rng = np.random.default_rng(1)
    masses = np.exp(rng.normal(size=30)).reshape(3, 10)
    masses *= (np.array([0.7 - top, 0.3, top]) / masses.sum(axis=1))[:, None]
    return Point(np.log(masses.ravel()), np.repeat([0.0, 0.5, 1.0], 10))


def _heavy(sigma: float) -> Point:
    rng = np.random.default_rng(2)
    return Point(rng.normal(size=100), np.exp(sigma * rng.normal(size=100)))


def _noisy(build: Callable[[float], Point]) -> Callable[[float], Point]:
    def built(setting: float) -> Point:
        point = build(setting)
        size = float(1.0 - point.policy @ point.policy)  # E |s|^2 of a softmax policy
        return Point(point.logits, point.rewards, point.scores, NOISE * size)

    return built


RATE = (1e-6, 1 - 1e-6)
DOMAINS: dict[str, tuple[float, float]] = {
    "gaussian": (-10.0, 10.0),
    "bandit": (2, 5000),
    "binary": RATE,
    "tied": (1e-6, 0.7 - 1e-6),
    "heavy-tailed": (0.0, 20.0),
    "noisy bandit": (2, 5000),
    "noisy binary": RATE,
    "two outcomes": RATE,
}
"""Least and largest `setting` of each family."""

Families = dict[str, Callable[[float], Point | tuple[Point, ...]]]

FAMILIES: Families = {
    "gaussian": _gaussian,
    "bandit": _bandit,
    "binary": _binary,
    "tied": _tied,
    "heavy-tailed": _heavy,
    "noisy bandit": _noisy(_bandit),
    "noisy binary": _noisy(_binary),
    "two outcomes": _two_outcomes,
}
"""What `setting` is: theta; arms; success rate; chance of the best level; sigma of log rewards."""
