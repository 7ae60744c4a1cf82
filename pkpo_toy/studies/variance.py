"""How noisy is each gradient estimate? Gaussian policy on x^2 over [0, 1] at one theta."""

from __future__ import annotations

from typing import ClassVar, Self

import numpy as np
import pandas as pd
from pydantic import Field, PositiveFloat, PositiveInt, model_validator

from pkpo_toy.errors import InputError
from pkpo_toy.estimators import Estimator, resolve
from pkpo_toy.simulator.exact import gaussian_gradient
from pkpo_toy.simulator.policies import normal_gradient, sample_normal
from pkpo_toy.simulator.rewards import UNIT_SQUARE
from pkpo_toy.studies.study import Study, as_is
from pkpo_toy.training.config import Arrays, Config, EstimatorName
from pkpo_toy.typing import Array

_BLOCK = 1 << 15  # samples at once: they stay in a core's cache

PAPER = (
    "pkpo",
    "pkpo_loo",
    "pkpo_loo_minus_one",
    "partition",
    "partition_baselined",
    "partition_loo_minus_one",
    "centered_loo",
)


class Variance(Config):
    """One n; all estimators see the same `estimates` batches of n samples."""

    arrays: ClassVar[Arrays] = (("estimates", "n"),)

    n: PositiveInt = Field(16, description="samples behind one gradient estimate")
    k: PositiveInt = Field(4, description="k of max@k")
    theta: float = Field(1.0, description="mean of the Gaussian policy")
    sd: PositiveFloat = Field(0.1, description="its standard deviation")
    estimates: int = Field(100_000, ge=4, description="gradient estimates behind each point")
    estimators: tuple[EstimatorName, ...] = Field(
        PAPER,
        min_length=1,
        description="keys of estimators or FILE.py:FUNCTION; drawn where (n, k) is in their domain",
    )

    @model_validator(mode="after")
    def _some_estimator_is_defined(self) -> Self:
        if not self.allowed():
            names = ", ".join(self.estimators)
            raise InputError(f"no estimator of {names} is defined at n = {self.n}, k = {self.k}.")
        return self

    def allowed(self) -> list[Estimator]:
        """The estimators whose domain holds (n, k)."""
        every = [resolve(name) for name in self.estimators]
        return [estimator for estimator in every if estimator.allows(self.n, self.k)]


def run(config: Variance, rng: np.random.Generator) -> pd.DataFrame:
    """Mean and variance of the estimates, with standard errors, beside the true gradient.

    An estimator has a row where (n, k) lies in its domain.
    """
    truth = float(gaussian_gradient(np.float64(config.theta), config.k, UNIT_SQUARE, config.sd))
    estimators = config.allowed()
    estimates = np.empty((len(estimators), config.estimates))
    rows = max(1, _BLOCK // config.n)
    for start in range(0, config.estimates, rows):
        block = estimates[:, start : start + rows]
        theta = np.full(block.shape[1], config.theta)
        samples = sample_normal(theta, config.sd, config.n, rng)
        rewards = UNIT_SQUARE.function(samples)
        for estimator, found in zip(estimators, block, strict=True):
            weights = estimator.weight_function(rng)(rewards, config.k)
            found[:] = normal_gradient(theta, config.sd, samples, weights)
    return pd.DataFrame(
        [
            _row(config, estimator.key, found, truth)
            for estimator, found in zip(estimators, estimates, strict=True)
        ]
    )


def _row(config: Variance, name: str, estimates: Array, truth: float) -> dict[str, object]:
    mean, mean_se, variance, variance_se = moments(estimates)
    snr = abs(truth) / np.sqrt(variance)
    return {
        "estimator": name,
        "n": config.n,
        "k": config.k,
        "estimates": config.estimates,
        "mean": mean,
        "mean_se": mean_se,
        "variance": variance,
        "variance_se": variance_se,
        "true_gradient": truth,
        "snr": snr,
        "snr_se": snr * variance_se / (2 * variance),
    }


def moments(values: Array) -> tuple[float, float, float, float]:
    """Mean, its standard error, sample variance s^2 and its standard error from fourth moments.

    Var(s^2) = (m_4 - s^4 (N-3)/(N-1)) / N for N independent values with central moment m_4.
    """
    count = len(values)
    mean = values.mean()
    centered = values - mean
    variance = (centered**2).sum() / (count - 1)
    fourth = (centered**4).mean()
    spread = (fourth - variance**2 * (count - 3) / (count - 1)) / count
    return (
        float(mean),
        float(np.sqrt(variance / count)),
        float(variance),
        float(np.sqrt(max(spread, 0.0))),
    )


STUDY = Study(
    question="How noisy is each gradient estimate?",
    config=Variance,
    run=run,
    summarize=as_is,
    figure="variance",
    reproduces="fig. 4",
)
