"""A Gaussian policy with a fixed width on a reward of one real variable."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pkpo_toy.simulator.exact import gaussian_gradient, gaussian_max_at_k, gaussian_optimum
from pkpo_toy.simulator.policies import normal_gradient, sample_normal
from pkpo_toy.simulator.problem import Batch
from pkpo_toy.simulator.rewards import RewardFunction
from pkpo_toy.typing import Array


@dataclass(frozen=True)
class GaussianProblem:
    """x ~ N(theta, sd^2), reward g(x); the parameters (R, 1) are theta.

    search: the interval of theta in which the optimum is looked for.

    The methods take what `Problem` says: parameters (R, 1), weights (R, 1, n), K values ks.
    """

    reward: RewardFunction
    sd: float
    theta: float
    solved_at: float
    search: tuple[float, float]
    nonnegative: bool
    binary: bool = False
    size: int = 1

    def start(self, runs: int) -> Array:
        """Every run at the same theta, (R, 1)."""
        return np.full((runs, 1), self.theta)

    def sample(self, parameters: Array, n: int, rng: np.random.Generator) -> Batch:
        """One group of n draws a run."""
        actions = sample_normal(parameters, self.sd, n, rng)
        nought = np.zeros(parameters.shape, dtype=np.intp)
        return Batch(nought, parameters, actions, self.reward(actions))

    def gradient(self, parameters: Array, batch: Batch, weights: Array) -> Array:
        """sum_i w_i (x_i - theta) / sd^2, (R, 1)."""
        return normal_gradient(parameters, self.sd, np.asarray(batch.actions), weights)

    def scores(self, batch: Batch) -> Array:
        """(x_i - theta) / sd^2, (R, 1, n, 1)."""
        apart: Array = (batch.actions - batch.policy[..., None]) / self.sd**2
        return apart[..., None]

    def entropy_gradient(self, parameters: Array, batch: Batch) -> Array:
        """Zero, (R, 1): the entropy depends on the fixed width alone."""
        return np.zeros_like(parameters)

    def exact_max_at_k(self, parameters: Array, ks: Sequence[int]) -> Array:
        """Exact max@k by quadrature, (K, R)."""
        theta = parameters[:, 0]
        return np.moveaxis(gaussian_max_at_k(theta, ks, self.reward, self.sd), -1, 0)

    def exact_gradient(self, parameters: Array, k: int) -> Array:
        """Exact gradient of max@k by quadrature, (R, 1)."""
        return gaussian_gradient(parameters, k, self.reward, self.sd)

    def entropy(self, parameters: Array) -> Array:
        """log(2 pi e sd^2) / 2 for every run, (R,)."""
        return np.full(len(parameters), np.log(2 * np.pi * np.e * self.sd**2) / 2)

    def optimum(self, k: int) -> float:
        """The maximum of max@k over theta, by quadrature."""
        return float(gaussian_optimum(k, self.reward, self.sd, *self.search)[1])
