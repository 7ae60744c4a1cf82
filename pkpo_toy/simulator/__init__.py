"""Policies, rewards, problems and training small enough to know the truth."""

from pkpo_toy.simulator.exact import (
    categorical_gradient,
    categorical_max_at_k,
    categorical_statistic,
    categorical_statistic_gradient,
    entropic_gradient,
    entropic_value,
    gaussian_gradient,
    gaussian_max_at_k,
    gaussian_optimum,
    gaussian_statistic,
    gaussian_statistic_gradient,
)
from pkpo_toy.simulator.exact.enumeration import Moments, enumerate_moments
from pkpo_toy.simulator.policies import (
    arms_gradient,
    log_softmax,
    normal_gradient,
    sample_arms,
    sample_normal,
    softmax,
)
from pkpo_toy.simulator.problem import Problem
from pkpo_toy.simulator.problems import PROBLEMS, build_problem
from pkpo_toy.simulator.rewards import UNIT_SQUARE, RewardFunction
from pkpo_toy.simulator.settings import Settings

__all__ = [
    "PROBLEMS",
    "UNIT_SQUARE",
    "Moments",
    "Problem",
    "RewardFunction",
    "Settings",
    "arms_gradient",
    "build_problem",
    "categorical_gradient",
    "categorical_max_at_k",
    "categorical_statistic",
    "categorical_statistic_gradient",
    "entropic_gradient",
    "entropic_value",
    "enumerate_moments",
    "gaussian_gradient",
    "gaussian_max_at_k",
    "gaussian_optimum",
    "gaussian_statistic",
    "gaussian_statistic_gradient",
    "log_softmax",
    "normal_gradient",
    "sample_arms",
    "sample_normal",
    "softmax",
]
