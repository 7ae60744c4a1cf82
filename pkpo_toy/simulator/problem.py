"""What training needs of a problem: batches to learn from, and the truth to be judged by."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np

from pkpo_toy.errors import InputError
from pkpo_toy.typing import Array, Integers


@dataclass(frozen=True)
class Batch:
    """R runs, each with B groups of n samples; a group belongs to one problem.

    problems: (R, B), which problem each group was drawn for.
    policy: what the groups were drawn from: a `Softmax` of (R, B, A), or theta (R, B).
    actions: (R, B, n), arms or real numbers.  rewards: (R, B, n).
    """

    problems: Integers
    policy: Any
    actions: Integers | Array
    rewards: Array


@runtime_checkable
class Problem(Protocol):
    """One problem, or a weighted set of `size` problems, and a policy with parameters (R, d).

    The objective is max@k averaged over the set. In every method parameters are (R, d), a row for
    each of R runs; batch is what `sample` gave for them; n, k and each of ks are at least 1.
    """

    @property
    def size(self) -> int:
        """How many problems there are, P."""

    @property
    def binary(self) -> bool:
        """Whether all rewards are 0 or 1."""

    @property
    def nonnegative(self) -> bool:
        """Whether no reward is negative."""

    @property
    def solved_at(self) -> float:
        """The least reward of a sample that solves its problem."""

    def start(self, runs: int) -> Array:
        """Initial parameters (R, d)."""

    def sample(self, parameters: Array, n: int, rng: np.random.Generator) -> Batch:
        """One step's groups of n samples for every run; all randomness comes from `rng`."""

    def gradient(self, parameters: Array, batch: Batch, weights: Array) -> Array:
        """g_hat = mean over groups of sum_i w_i grad log pi(x_i); weights (R, B, n) -> (R, d)."""

    def entropy_gradient(self, parameters: Array, batch: Batch) -> Array:
        """Exact gradient (R, d) of the policy's entropy (nats), averaged over the groups."""

    def exact_max_at_k(self, parameters: Array, ks: Sequence[int]) -> Array:
        """Exact max@k for K values of k, (K, R)."""

    def exact_gradient(self, parameters: Array, k: int) -> Array:
        """Exact gradient of max@k, (R, d)."""

    def entropy(self, parameters: Array) -> Array:
        """Exact entropy of the policy in nats, averaged over the set, (R,)."""

    def optimum(self, k: int) -> float:
        """The largest max@k any parameters can reach (or approach)."""


@runtime_checkable
class ScoredProblem(Problem, Protocol):
    """A problem that also tells each sample's score, for estimators that learn from scores."""

    def scores(self, batch: Batch) -> Array:
        """grad log pi(x_i) of every sample in what its group was drawn from, (R, B, n, D)."""


def checked_scored(problem: Problem) -> ScoredProblem:
    """The problem, if it tells scores. Raises InputError otherwise."""
    if not isinstance(problem, ScoredProblem):
        raise InputError("an estimator that learns from scores needs a problem with `scores`.")
    return problem
