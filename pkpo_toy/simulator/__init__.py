"""Policies, rewards, problems and training small enough to know the truth."""

from pkpo_toy.simulator.enumeration import Moments, enumerate_moments
from pkpo_toy.simulator.exact import (
    categorical_gradient,
    categorical_max_at_k,
    entropic_gradient,
    entropic_value,
    gaussian_gradient,
    gaussian_max_at_k,
    gaussian_optimum,
)
from pkpo_toy.simulator.policies import (
    arms_gradient,
    log_softmax,
    normal_gradient,
    sample_arms,
    sample_normal,
    softmax,
)
from pkpo_toy.simulator.rewards import UNIT_SQUARE, RewardFunction

__all__ = [
    "UNIT_SQUARE",
    "Moments",
    "RewardFunction",
    "arms_gradient",
    "categorical_gradient",
    "categorical_max_at_k",
    "entropic_gradient",
    "entropic_value",
    "enumerate_moments",
    "gaussian_gradient",
    "gaussian_max_at_k",
    "gaussian_optimum",
    "log_softmax",
    "normal_gradient",
    "sample_arms",
    "sample_normal",
    "softmax",
]
