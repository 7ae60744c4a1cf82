"""Weights for pass@k and max@k policy gradients: rewards (..., n), k -> weights (..., n)."""

from pkpo_toy.estimators.api import grouped_weights, weights
from pkpo_toy.estimators.estimator import Estimator
from pkpo_toy.estimators.objectives import element_weights, max_at_k, pass_at_k
from pkpo_toy.estimators.rank_statistics import rank_weights
from pkpo_toy.estimators.resolving import resolve
from pkpo_toy.estimators.table import ESTIMATORS

__all__ = [
    "ESTIMATORS",
    "Estimator",
    "element_weights",
    "grouped_weights",
    "max_at_k",
    "pass_at_k",
    "rank_weights",
    "resolve",
    "weights",
]
