"""What happens to a reward on the way to a weight? Binned means over uniform rewards."""

from __future__ import annotations

from typing import ClassVar, Self

import numpy as np
import pandas as pd
from pydantic import Field, PositiveInt, model_validator

from pkpo_toy.estimators import resolve
from pkpo_toy.studies.study import Study, as_is
from pkpo_toy.training.config import Arrays, Config, EstimatorName
from pkpo_toy.typing import Array


class Transforms(Config):
    """One k; `groups` groups of n rewards from U(-1/2, 1/2)."""

    arrays: ClassVar[Arrays] = (("groups", "n"), ("bins",))

    n: PositiveInt = Field(32, description="samples in a group")
    k: PositiveInt = Field(4, description="k of max@k")
    groups: int = Field(10_000, ge=2, description="groups of n rewards")
    bins: PositiveInt = Field(40, description="bins of the reward over which weights are averaged")
    estimators: tuple[EstimatorName, ...] = Field(
        ("pkpo", "pkpo_loo", "pkpo_loo_minus_one"),
        min_length=1,
        description="keys of estimators or FILE.py:FUNCTION, a panel each",
    )

    @model_validator(mode="after")
    def _estimators_are_defined(self) -> Self:
        for name in self.estimators:
            resolve(name).check(self.n, self.k)
        return self


def run(config: Transforms, rng: np.random.Generator) -> pd.DataFrame:
    """Mean weight given the reward, with the standard error of a ratio over independent groups."""
    rewards = rng.random((config.groups, config.n)) - 0.5
    estimators = [resolve(name) for name in config.estimators]
    parts = [
        _binned(config, one.key, rewards, one.weight_function(rng)(rewards, config.k))
        for one in estimators
    ]
    return pd.concat(parts, ignore_index=True)


def _binned(config: Transforms, name: str, rewards: Array, weights: Array) -> pd.DataFrame:
    """The mean weight of each bin of rewards, a ratio sum_g total_g / sum_g count_g over groups."""
    bins, groups = config.bins, config.groups
    # One bincount for all groups: bin b of group g is counted at place b + bins g.
    index = np.minimum(((rewards + 0.5) * bins).astype(np.int64), bins - 1)
    cell = index + bins * np.arange(groups)[:, None]
    count = np.bincount(cell.ravel(), minlength=groups * bins).reshape(groups, bins)
    total = np.bincount(cell.ravel(), weights.ravel(), groups * bins).reshape(groups, bins)
    samples = count.sum(0)
    full = samples > 0
    samples, count, total = samples[full], count[:, full], total[:, full]
    mean = total.sum(0) / samples
    # Weights of one group depend on each other; groups do not: the error is taken between groups.
    error = np.sqrt(((total - mean * count) ** 2).sum(0) * groups / (groups - 1)) / samples
    center = ((np.arange(bins) + 0.5) / bins - 0.5)[full]
    return pd.DataFrame(
        {
            "estimator": name,
            "n": config.n,
            "k": config.k,
            "reward": center,
            "weight": mean,
            "weight_se": error,
            "count": samples,
        }
    )


STUDY = Study(
    question="What happens to a reward on the way to a weight?",
    config=Transforms,
    run=run,
    summarize=as_is,
    figure="transforms",
    reproduces="fig. 5",
)
