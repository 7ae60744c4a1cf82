"""The truth: exact max@k, gradients and optima, in closed form or by quadrature; no estimator."""

from pkpo_toy.simulator.exact.categorical import (
    categorical_gradient,
    categorical_max_at_k,
    categorical_statistic,
    categorical_statistic_gradient,
    entropic_gradient,
    entropic_value,
)
from pkpo_toy.simulator.exact.gaussian import (
    gaussian_gradient,
    gaussian_max_at_k,
    gaussian_optimum,
    gaussian_statistic,
    gaussian_statistic_gradient,
    gaussian_statistic_optimum,
)

__all__ = [
    "categorical_gradient",
    "categorical_max_at_k",
    "categorical_statistic",
    "categorical_statistic_gradient",
    "entropic_gradient",
    "entropic_value",
    "gaussian_gradient",
    "gaussian_max_at_k",
    "gaussian_optimum",
    "gaussian_statistic",
    "gaussian_statistic_gradient",
    "gaussian_statistic_optimum",
]
