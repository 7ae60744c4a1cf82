"""Is this estimator biased, and how noisy? Exact moments by enumerating every outcome."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Annotated, Any, ClassVar, Self

import numpy as np
import pandas as pd
from pydantic import Field, PositiveInt, model_validator

from pkpo_toy.errors import InputError
from pkpo_toy.estimators import ESTIMATORS, Estimator, resolve
from pkpo_toy.estimators.entropic import BETA
from pkpo_toy.simulator.exact import (
    categorical_gradient,
    categorical_statistic_gradient,
    entropic_gradient,
)
from pkpo_toy.simulator.exact.enumeration import BUDGET, enumerate_moments, outcomes_log10
from pkpo_toy.simulator.exact.least_variance import (
    LeastVariance,
    least_variance,
    work_of_least_variance,
)
from pkpo_toy.studies.study import Study, as_is
from pkpo_toy.training.config import Arrays, Config, EstimatorName, Name
from pkpo_toy.typing import Array

Number = Annotated[float, Field(allow_inf_nan=False)]
Progress = Callable[[str, int, int], object]
DRAWS = 200  # of an estimator's own randomness
MOST_WORK_LOG10 = 11  # multiplications behind one least variance: a minute or so
ROUNDING = 1e-20  # a variance below this share of the squared gradient is rounding


class Audit(Config):
    """One instance: a softmax policy over a few arms with fixed rewards, n samples, k."""

    arrays: ClassVar[Arrays] = (("n",),)

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

    @model_validator(mode="after")
    def _can_be_enumerated(self) -> Self:
        """Before anything is computed: what is too much is so for the last estimator, say."""
        arms = len(self.rewards)
        at = f"n = {self.n} with {arms} arms"
        for estimator in self.audited():
            met = outcomes_log10(arms, self.n, exchangeable=estimator.exchangeable)
            if met > math.log10(self.budget):
                raise InputError(
                    f"{estimator.key} meets {_about(met)} outcomes at {at}, more than budget = "
                    f"{self.budget}; choose a smaller n, other estimators or a larger budget."
                )
        work = math.log10(work_of_least_variance(len(set(self.rewards)), self.n))
        if work > MOST_WORK_LOG10:
            raise InputError(
                f"the least variance takes about {_about(work)} multiplications at {at}, more than "
                f"{_about(MOST_WORK_LOG10)}; choose a smaller n or fewer different rewards."
            )
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

    The last row, "bound", is the least variance unbiased weights for max@k can have there.
    progress: called with an estimator's name, the outcomes it has met and all of its outcomes.
    """
    rows = [_row(estimator, config, rng, progress) for estimator in config.audited()]
    return pd.DataFrame([*rows, _bound(config)])


def _about(log10: float) -> str:
    """A number too large for a float, perhaps, by its logarithm."""
    return f"{10 ** (log10 % 1):.1f}e{int(log10)}"


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
    if progress is not None:
        progress(f"{estimator.key}: the least variance", 0, 1)
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
        **_beside_best(total.trace, least(estimator, config), squared),
    }


def least(estimator: Estimator, config: Audit) -> LeastVariance | None:
    """V* of the objective that the estimator aims at; None for the entropic one."""
    if estimator.rank_weights is not None:
        weigh = estimator.weight_function(None)
        logits, rewards = np.array(config.logits), np.array(config.rewards)
        return least_variance(weigh, logits, rewards, config.n, config.k, budget=config.budget)
    if estimator.objective is None:
        return None
    return _least(config, tuple(estimator.objective(config.n, config.k).items()))


@lru_cache(maxsize=64)
def _least(config: Audit, terms: tuple[tuple[int, float], ...]) -> LeastVariance:
    """The least variance for sum_j c_j grad max@j; any unbiased weights will do to start from."""

    def unbiased(rewards: Array, k: int) -> Array:
        parts = [c * ESTIMATORS["pkpo"].function(rewards, j) for j, c in terms]
        return np.asarray(np.sum(parts, axis=0))

    logits, rewards = np.array(config.logits), np.array(config.rewards)
    return least_variance(unbiased, logits, rewards, config.n, config.k, budget=config.budget)


def _beside_best(trace: float, best: LeastVariance | None, squared: float) -> dict[str, Any]:
    """over_best, trace / V*: infinite where V* is 0 and the trace is more than its rounding."""
    if best is None:
        return {"over_best": np.nan, "baselines": ""}
    if best.variance > 0:
        ratio = trace / best.variance
    else:
        ratio = 1.0 if trace <= ROUNDING * squared else np.inf
    return {"over_best": ratio, "baselines": best.baselines}


def _bound(config: Audit) -> dict[str, Any]:
    """The row of V* itself: no estimator that one can use, for it knows the policy."""
    best = _least(config, ((config.k, 1.0),))
    gradient = categorical_gradient(np.array(config.logits), np.array(config.rewards), config.k)
    squared = float(gradient @ gradient)
    return {
        "estimator": "bound",
        "instance": config.instance,
        "n": config.n,
        "k": config.k,
        "scale": 1.0,
        "cosine": 1.0,
        "relative_variance": best.variance / squared if squared > 0 else np.nan,
        "zero_signal": np.nan,
        "centered": False,
        "scale_se": np.nan,
        "claim": "bound",
        **_beside_best(best.variance, best, squared),
    }


def own_gradient(estimator: Estimator, config: Audit) -> Array:
    """True gradient of the objective that the estimator aims at; max@k for the user's own."""
    logits, rewards = np.array(config.logits), np.array(config.rewards)
    if estimator.rank_weights is not None:
        a = estimator.rank_weights(config.k, **dict(estimator.given))
        return categorical_statistic_gradient(logits, rewards, a)
    if estimator.objective is None:
        return entropic_gradient(logits, rewards, dict(estimator.given).get("beta", BETA))
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
    version=2,
    figure="audit",
)
