"""Which estimator of the max@k gradient has the least variance where, and how far is the bound?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd
from pydantic import Field, PositiveInt, field_validator, model_validator

from pkpo_toy.errors import InputError, unknown
from pkpo_toy.estimators import ESTIMATORS
from pkpo_toy.estimators.adaptive import AdaptiveLoo
from pkpo_toy.studies.atlas_learners import taught
from pkpo_toy.studies.atlas_moments import mean_moments
from pkpo_toy.studies.atlas_problems import DOMAINS, FAMILIES, Families, Point
from pkpo_toy.studies.atlas_variances import Compared, Variance, least_possible, median_of_best
from pkpo_toy.studies.study import Study, as_is
from pkpo_toy.training.config import Arrays, Config
from pkpo_toy.typing import Array


class Atlas(Config):
    """One policy at one point, one n, every k of a doubling grid."""

    arrays: ClassVar[Arrays] = (("sets", "n", "n"), ("groups", "n"))

    n: int = Field(8, ge=2, description="Samples per group.")
    family: str = Field("bandit", description="Kind of problem, see `atlas_problems`.")
    setting: float = Field(20.0, description="Where in the family: theta, arms, a success rate.")
    groups: PositiveInt = Field(4000, description="Sampled groups where nothing is enumerated.")
    sets: int = Field(8, ge=2, description="Sets of past groups that are learnt from.")

    families: ClassVar[Families] = FAMILIES

    @field_validator("family")
    @classmethod
    def _known(cls, family: str) -> str:
        if family not in cls.families:
            raise unknown("family", family, cls.families)
        return family

    @model_validator(mode="after")
    def _within(self) -> Self:
        low, high = DOMAINS.get(self.family, (-np.inf, np.inf))
        if not low <= self.setting <= high:
            raise InputError(
                f"setting of family {self.family!r} must be {low:g} to {high:g}, "
                f"got {self.setting:g}."
            )
        return self

    def points(self) -> tuple[Point, ...]:
        """The policy at its point; several where a batch holds as many problems."""
        found = self.families[self.family](self.setting)
        return (found,) if isinstance(found, Point) else found

    def ks(self) -> list[int]:
        """1, 2, 4, ... and n."""
        return sorted({2**j for j in range(self.n.bit_length())} & set(range(1, self.n)) | {self.n})


def run(config: Atlas, rng: np.random.Generator) -> pd.DataFrame:
    """A row for each k and estimator: its variance, over the best known and over the least."""
    points = config.points()
    to_learn, to_judge = rng.spawn(2)
    learners = taught(points, config.ks(), (config.sets, config.n), to_learn)
    judged = to_judge.spawn(len(config.ks()))
    rows = [
        row
        for k, one in zip(config.ks(), judged, strict=True)
        for row in _rows(points, config, k, learners, one)
    ]
    return pd.DataFrame(rows)


def known(points: Sequence[Point], n: int, k: int) -> list[str]:
    """The exchangeable estimators of the table that are unbiased for max@k at this n and k."""
    binary = all(np.isin(point.rewards, (0.0, 1.0)).all() for point in points)
    return [
        key
        for key, row in ESTIMATORS.items()
        if row.claim == "unbiased"
        and row.exchangeable
        and row.allows(n, k)
        and row.objective is not None
        and row.objective(n, k) == {k: 1.0}
        and (binary or not row.binary)
    ]


def _rows(
    points: Sequence[Point],
    config: Atlas,
    k: int,
    learners: dict[int, AdaptiveLoo],
    rng: np.random.Generator,
) -> list[dict[str, Any]]:
    origin = float(np.median([median_of_best(point, k - 1) for point in points]))
    compared = Compared(known(points, config.n, k), learners, config.sets, origin)
    moments = mean_moments(
        points, config.n, k, compared, compared.weights, groups=config.groups, rng=rng
    )
    variances = compared.variances(moments)
    best = min((variances[name] for name in compared.names), key=lambda one: one.mean)
    bounds = [least_possible(point, config.n, k) for point in points]
    least, kind = float(np.mean([bound for bound, _ in bounds])), bounds[0][1]
    at = {"family": config.family, "setting": config.setting, "n": config.n, "k": k}
    return [
        {
            **at,
            "estimator": name,
            "variance": variance.mean,
            "over_known": variance.mean / best.mean,
            "over_known_se": _ratio_se(variance, best),
            "over_least": variance.mean / least if least > 0 else np.inf,
            "least": kind,
            "exact": moments.samples is None,
            "share": np.nan if variance.samples is None else carrying(variance.samples),
        }
        for name, variance in variances.items()
    ]


def _ratio_se(variance: Variance, best: Variance) -> float:
    """Standard error of the mean ratio: over the groups, and over the sets learnt from."""
    values, samples = variance.values, variance.samples
    several = len(values) > 1
    sets = values.std(ddof=1) / np.sqrt(len(values)) / best.mean if several else 0.0
    if samples is None or best.samples is None:
        return float(sets) if several else np.nan
    apart = (samples - samples.mean() / best.mean * best.samples) / best.mean
    return float(np.hypot(sets, apart.std(ddof=1) / np.sqrt(len(apart))))


def carrying(samples: Array) -> float:
    """The share of the groups that carry 90% of the variance; samples (groups,) are their own."""
    ordered = np.cumsum(np.sort(samples)[::-1])
    return float((np.searchsorted(ordered, 0.9 * ordered[-1]) + 1) / len(samples))


STUDY = Study(
    question="Which estimator has the least variance where, and how far is the least possible?",
    config=Atlas,
    run=run,
    summarize=as_is,
    figure="atlas",
)
