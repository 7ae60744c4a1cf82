"""Problems judged by another order statistic of k draws than the maximum, as exactly."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields

import numpy as np

from pkpo_toy.errors import InputError
from pkpo_toy.simulator.categorical import CategoricalProblem
from pkpo_toy.simulator.exact import (
    categorical_statistic,
    categorical_statistic_gradient,
    gaussian_statistic,
    gaussian_statistic_gradient,
    gaussian_statistic_optimum,
)
from pkpo_toy.simulator.gaussian import GaussianProblem
from pkpo_toy.simulator.problem import Problem
from pkpo_toy.typing import Array

Ranks = Callable[[int], Array]
"""k -> the rank weights a (k,) of E[sum_j a_j g_(j)] over the sorted rewards of k draws."""


def judged_by(problem: Problem, ranks: Ranks) -> Problem:
    """The same problem, whose truth (value, gradient, optimum) is that of the order statistic.

    Raises InputError for a problem that is neither categorical nor Gaussian.
    """
    for own, judged in ((CategoricalProblem, JudgedArms), (GaussianProblem, JudgedGaussian)):
        if isinstance(problem, own):
            return judged(**{f.name: getattr(problem, f.name) for f in fields(own)}, ranks=ranks)
    raise InputError(
        "objective must be empty, which is max@k, for a problem that is neither categorical nor "
        f"Gaussian, got {type(problem).__name__}."
    )


@dataclass(frozen=True, eq=False, kw_only=True)
class JudgedArms(CategoricalProblem):
    """A categorical problem by the order statistic of `ranks`."""

    ranks: Ranks

    def exact_max_at_k_of_each(self, parameters: Array, ks: Sequence[int]) -> Array:
        """The statistic of every problem, (K, R, P)."""
        logits = self.logits(parameters)
        return np.stack([categorical_statistic(logits, self.rewards, self.ranks(k)) for k in ks])

    def exact_gradient(self, parameters: Array, k: int) -> Array:
        """Its exact gradient, (R, d)."""
        slope = categorical_statistic_gradient(self.logits(parameters), self.rewards, self.ranks(k))
        return self._to_parameters(slope * self.fractions[:, None])

    def optimum(self, k: int) -> float:
        """The mean largest reward, where the parameters can approach it; else NaN, not known."""
        certain = float(self.rewards.max(axis=1) @ self.fractions)
        return certain if np.isclose(self.best(1), certain, rtol=1e-9) else np.nan


@dataclass(frozen=True, kw_only=True)
class JudgedGaussian(GaussianProblem):
    """A Gaussian policy by the order statistic of `ranks`."""

    ranks: Ranks

    def exact_max_at_k(self, parameters: Array, ks: Sequence[int]) -> Array:
        """The statistic by quadrature, (K, R)."""
        theta = parameters[:, 0]
        values = [gaussian_statistic(theta, self.ranks(k), self.reward, self.sd) for k in ks]
        return np.stack(values)

    def exact_gradient(self, parameters: Array, k: int) -> Array:
        """Its exact gradient, (R, 1)."""
        return gaussian_statistic_gradient(parameters, self.ranks(k), self.reward, self.sd)

    def optimum(self, k: int) -> float:
        """Its maximum over theta, by quadrature."""
        return gaussian_statistic_optimum(self.ranks(k), self.reward, self.sd, *self.search)[1]
