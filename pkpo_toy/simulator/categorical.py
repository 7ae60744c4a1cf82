"""Categorical policies over arms: one problem or a set, own logits or shared through features."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from pkpo_toy.simulator.exact import categorical_gradient, categorical_max_at_k
from pkpo_toy.simulator.policies import Softmax, log_softmax, softmax
from pkpo_toy.simulator.problem import Batch
from pkpo_toy.typing import Array, Integers


@dataclass(frozen=True, eq=False)
class CategoricalProblem:
    """P problems over the same A arms; problem p has rewards_p and logits_p = base_p + W phi_p.

    rewards, base: (P, A); base holds the logits at the start, where the parameters are 0.
    features: phi, (P, F), so that W has A x F entries; None gives every problem its own row of W.
    fractions: (P,), how often each problem is met; they sum to 1.
    per_step: problems drawn for a step, with replacement by `fractions`; 0 takes each one once.
    best: k -> the largest max@k that the parameters can approach.

    The methods take what `Problem` says: parameters (R, d), weights (R, B, n), K values ks.
    """

    rewards: Array
    base: Array
    features: Array | None
    fractions: Array
    per_step: int
    best: Callable[[int], float]

    @property
    def size(self) -> int:
        """P."""
        return len(self.rewards)

    @cached_property
    def binary(self) -> bool:
        """Whether all rewards are 0 or 1."""
        return bool(np.isin(self.rewards, (0.0, 1.0)).all())

    @cached_property
    def nonnegative(self) -> bool:
        """Whether no reward is negative."""
        return bool((self.rewards >= 0).all())

    @cached_property
    def solved_at(self) -> float:
        """The largest reward there is."""
        return float(self.rewards.max())

    def start(self, runs: int) -> Array:
        """Parameters 0, the base policy: (R, d) with d = P A or F A."""
        rows = self.size if self.features is None else self.features.shape[1]
        return np.zeros((runs, rows * self.rewards.shape[1]))

    def sample(self, parameters: Array, n: int, rng: np.random.Generator) -> Batch:
        """Draw the step's problems, then n arms for each."""
        problems = self._draw(len(parameters), rng)
        policy = Softmax.of(self.logits(parameters, problems if self.per_step else None))
        arms = policy.sample(n, rng)
        places = arms if self.size == 1 else arms + problems[..., None] * self.rewards.shape[1]
        return Batch(problems, policy, arms, self.rewards.ravel().take(places))

    def gradient(self, parameters: Array, batch: Batch, weights: Array) -> Array:
        """Mean over the groups of sum_i w_i grad log pi(x_i), (R, d)."""
        arms = np.asarray(batch.actions, dtype=np.intp)
        return self._pulled_back(batch.policy.gradient(arms, weights), batch.problems)

    def scores(self, batch: Batch) -> Array:
        """onehot(x_i) - pi of each group, in its own logits, (R, B, n, A)."""
        arms = np.asarray(batch.actions, dtype=np.intp)
        drawn = arms[..., None] == np.arange(self.rewards.shape[1])
        apart: Array = drawn - batch.policy.probabilities()[..., None, :]
        return apart

    def entropy_gradient(self, parameters: Array, batch: Batch) -> Array:
        """dH/dl_a = -pi_a (log pi_a + H), averaged over the groups, (R, d)."""
        log_pi = batch.policy.log_probabilities()
        pi = np.exp(log_pi)
        log_pi -= (pi * log_pi).sum(axis=-1, keepdims=True)
        log_pi *= np.negative(pi, out=pi)
        return self._pulled_back(log_pi, batch.problems)

    def exact_max_at_k_of_each(self, parameters: Array, ks: Sequence[int]) -> Array:
        """Exact max@k of every problem, (K, R, P)."""
        logits = self.logits(parameters)
        if not self.binary:
            return np.moveaxis(categorical_max_at_k(logits, self.rewards, ks), -1, 0)
        success, failure = self._chances(logits)
        # Whichever of the two is small is the one that carries the digits.
        with np.errstate(divide="ignore", invalid="ignore"):
            log_failure = np.where(success < 0.5, np.log1p(-success), np.log(failure))
        return np.stack([-np.expm1(k * log_failure) for k in ks])

    def exact_max_at_k(self, parameters: Array, ks: Sequence[int]) -> Array:
        """Exact max@k averaged over the problems by their fractions, (K, R)."""
        return self._averaged(self.exact_max_at_k_of_each(parameters, ks))

    def exact_gradient(self, parameters: Array, k: int) -> Array:
        """Exact gradient of max@k, (R, d)."""
        logits = self.logits(parameters)
        if self.binary:
            success, failure = self._chances(logits)
            advantage = np.where(self.rewards == 1.0, failure[..., None], -success[..., None])
            each = k * failure[..., None] ** (k - 1) * softmax(logits) * advantage
        else:
            each = categorical_gradient(logits, self.rewards, k)
        return self._to_parameters(each * self.fractions[:, None])

    def entropy(self, parameters: Array) -> Array:
        """Exact entropy in nats averaged over the problems, (R,)."""
        log_pi = log_softmax(self.logits(parameters))
        return self._averaged(-(np.exp(log_pi) * log_pi).sum(axis=-1))

    def optimum(self, k: int) -> float:
        """The supremum of max@k over the parameters."""
        return self.best(k)

    def logits(self, parameters: Array, problems: Integers | None = None) -> Array:
        """Logits (R, B, A) of the given problems (R, B), by default of all of them in order."""
        table = parameters.reshape(len(parameters), -1, self.rewards.shape[1])
        if problems is None:
            moved = table if self.features is None else self.features @ table
            return self.base + moved
        base = self.base.take(problems, axis=0)
        if self.features is None:
            return base + np.take_along_axis(table, problems[..., None], axis=1)
        return base + self.features.take(problems, axis=0) @ table

    def _averaged(self, by_problem: Array) -> Array:
        return np.asarray((by_problem * self.fractions).sum(axis=-1))

    def _draw(self, runs: int, rng: np.random.Generator) -> Integers:
        if not self.per_step:
            return np.broadcast_to(np.arange(self.size), (runs, self.size))
        edges = self._edges
        uniforms = rng.random((runs, self.per_step)) * edges[-1]
        return np.asarray(np.searchsorted(edges, uniforms, side="right"))

    @cached_property
    def _edges(self) -> Array:
        return np.cumsum(self.fractions)

    def _chances(self, logits: Array) -> tuple[Array, Array]:
        pi = softmax(logits)
        return (pi * self.rewards).sum(axis=-1), (pi * (1 - self.rewards)).sum(axis=-1)

    def _pulled_back(self, by_group: Array, problems: Integers) -> Array:
        """From gradients in the logits of each group (R, B, A) to the mean in the parameters."""
        if not self.per_step:
            return self._to_parameters(by_group * self.fractions[:, None])
        runs, groups, arms = by_group.shape
        if self.features is not None:
            features = self.features.take(problems, axis=0)
            total: Array = features.swapaxes(1, 2) @ by_group
        else:
            row = np.arange(runs)[:, None] * self.size + problems
            place = row[..., None] * arms + np.arange(arms)
            size = runs * self.size * arms
            summed = np.bincount(place.ravel(), by_group.ravel(), minlength=size)
            total = summed.astype(np.float64, copy=False)
        total /= groups
        return total.reshape(runs, -1)

    def _to_parameters(self, by_problem: Array) -> Array:
        """From gradients in the logits of every problem (R, P, A) to the parameters (R, d)."""
        if self.features is None:
            return by_problem.reshape(len(by_problem), -1)
        return (self.features.T @ by_problem).reshape(len(by_problem), -1)
