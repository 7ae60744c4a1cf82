"""Is this estimator biased, and how noisy? Exact moments by enumerating every outcome."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any, Self

import numpy as np
import pandas as pd
from pydantic import Field, PositiveInt, model_validator

from pkpo_toy.errors import InputError
from pkpo_toy.estimators import ESTIMATORS, Estimator, resolve
from pkpo_toy.simulator.exact import categorical_gradient, entropic_gradient
from pkpo_toy.simulator.exact.enumeration import BUDGET, enumerate_moments
from pkpo_toy.studies.study import Study, as_is
from pkpo_toy.training.config import Config, EstimatorName, Name
from pkpo_toy.typing import Array

Number = Annotated[float, Field(allow_inf_nan=False)]
Progress = Callable[[str, int, int], object]
DRAWS = 200  # of an estimator's own randomness


class Audit(Config):
    """One instance: a softmax policy over a few arms with fixed rewards, n samples, k."""

    instance: Name = Field("own", description="name of the instance in tables and figures")
    rewards: tuple[Number, ...] = Field((0.1, 0.55, 1.0), description="reward of each arm")
    logits: tuple[Number, ...] = Field(
        (0.3, -0.5, 0.1), description="of the softmax policy, one for each arm"
    )
    n: PositiveInt = Field(4, description="samples in a group")
    k: PositiveInt = Field(2, description="k of the objective")
    budget: PositiveInt = Field(BUDGET, description="most outcomes that are enumerated")
    estimators: tuple[EstimatorName, ...] = Field(
        (),
        description="keys of estimators or FILE.py:FUNCTION; empty: all of the table whose domain "
        "holds the instance",
    )

    @model_validator(mode="after")
    def _sizes_agree(self) -> Self:
        if len(self.rewards) != len(self.logits) or not self.rewards:
            raise InputError(
                "rewards and logits must name the same arms, at least one: got "
                f"{len(self.rewards)} rewards and {len(self.logits)} logits."
            )
        return self

    @model_validator(mode="after")
    def _estimators_are_defined(self) -> Self:
        for name in self.estimators:
            check_instance(resolve(name), self)
        if not self.audited():
            raise InputError(f"no estimator is defined at n = {self.n}, k = {self.k}.")
        return self

    def audited(self) -> list[Estimator]:
        """All that are named; of the whole table those whose domain holds the instance."""
        every = [resolve(name) for name in self.estimators or ESTIMATORS]
        return [estimator for estimator in every if _is_defined(estimator, self)]


@dataclass(frozen=True)
class Total:
    """E[g_hat], tr Cov[g_hat], P(no signal) and whether weights sum to zero in every outcome.

    `draws` holds E[g_hat] of each draw of an estimator's own randomness; one row when it has none.
    """

    mean: Array
    trace: float
    zero_signal: float
    centered: bool
    draws: Array


def run(config: Audit, rng: np.random.Generator, progress: Progress | None = None) -> pd.DataFrame:
    """One row for each estimator; of the whole table, those whose domain holds the instance.

    progress: called with an estimator's name, the outcomes it has met and all of its outcomes.
    """
    return pd.DataFrame([_row(estimator, config, rng, progress) for estimator in config.audited()])


def _is_defined(estimator: Estimator, config: Audit) -> bool:
    try:
        check_instance(estimator, config)
    except InputError:
        return False
    return True


def check_instance(estimator: Estimator, config: Audit) -> None:
    """InputError unless the estimator is defined on the instance."""
    estimator.check(config.n, config.k)
    rewards = np.array(config.rewards)
    if estimator.binary and not np.isin(rewards, (0.0, 1.0)).all():
        raise InputError(f"{estimator.key} needs rewards of 0 or 1, got {config.rewards}.")
    if estimator.nonnegative and (rewards < 0).any():
        raise InputError(f"{estimator.key} needs rewards >= 0, got {config.rewards}.")


def _row(
    estimator: Estimator, config: Audit, rng: np.random.Generator, progress: Progress | None
) -> dict[str, Any]:
    gradient = own_gradient(estimator, config)
    total = _total(estimator, config, rng, progress)
    squared = float(gradient @ gradient)
    # A gradient that vanishes has no direction to project on.
    known = squared > 0
    projected = total.draws @ gradient / squared if known else np.full(len(total.draws), np.nan)
    length = float(np.linalg.norm(total.mean)) * np.sqrt(squared)
    sampled = len(total.draws) > 1
    return {
        "estimator": estimator.key,
        "instance": config.instance,
        "n": config.n,
        "k": config.k,
        "scale": float(projected.mean()),
        "cosine": float(total.mean @ gradient / length) if length > 0 else np.nan,
        "relative_variance": total.trace / squared if known else np.nan,
        "zero_signal": total.zero_signal,
        "centered": total.centered,
        "scale_se": projected.std(ddof=1) / np.sqrt(len(projected)) if sampled else np.nan,
        "claim": estimator.claim,
    }


def own_gradient(estimator: Estimator, config: Audit) -> Array:
    """True gradient of the objective that the estimator aims at; max@k for the user's own."""
    logits, rewards = np.array(config.logits), np.array(config.rewards)
    if estimator.objective is None:
        return entropic_gradient(logits, rewards, 1.0)
    terms = estimator.objective(config.n, config.k)
    gradients = categorical_gradient(logits, rewards, list(terms))
    total: Array = gradients @ np.array(list(terms.values()))
    return total


def _total(
    estimator: Estimator, config: Audit, rng: np.random.Generator, progress: Progress | None
) -> Total:
    all_moments = [
        enumerate_moments(
            estimator.weight_function(rng),
            np.array(config.logits),
            np.array(config.rewards),
            config.n,
            config.k,
            exchangeable=estimator.exchangeable,
            budget=config.budget,
            progress=partial(progress, estimator.key) if progress else None,
        )
        for _ in range(DRAWS if estimator.random else 1)
    ]
    first = all_moments[0]
    draws = np.array([m.mean for m in all_moments])
    mean = draws.mean(0)
    # Law of total variance: an estimator's own randomness adds the spread between its draws.
    second = [np.trace(m.covariance) + m.mean @ m.mean for m in all_moments]
    return Total(
        mean=mean,
        trace=float(np.mean(second) - mean @ mean)
        if estimator.random
        else float(np.trace(first.covariance)),
        zero_signal=float(np.mean([m.zero_signal for m in all_moments])),
        centered=all(m.centered for m in all_moments),
        draws=draws,
    )


STUDY = Study(
    question="Is this estimator biased, and how noisy is it, exactly?",
    config=Audit,
    run=run,
    summarize=as_is,
    figure="audit",
)
