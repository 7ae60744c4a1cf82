"""Which sorted sample counts for the max@k estimate? The weights mu_i."""

from __future__ import annotations

from typing import ClassVar, Self

import numpy as np
import pandas as pd
from pydantic import Field, PositiveInt, model_validator

from pkpo_toy.errors import InputError
from pkpo_toy.estimators import element_weights
from pkpo_toy.studies.study import Study, as_is
from pkpo_toy.training.config import Arrays, Config


class ElementWeights(Config):
    """n samples, of which every k-subset counts once."""

    arrays: ClassVar[Arrays] = (("n",),)

    n: PositiveInt = Field(8, description="samples")
    k: PositiveInt = Field(1, description="size of the subsets; at most n")

    @model_validator(mode="after")
    def _k_is_at_most_n(self) -> Self:
        if self.k > self.n:
            raise InputError(f"k must be at most n, got k = {self.k}, n = {self.n}.")
        return self


def run(config: ElementWeights, rng: np.random.Generator) -> pd.DataFrame:
    """mu_i = C(i-1, k-1) / C(n, k) of the i-th smallest reward; exact."""
    weight = element_weights(config.n, config.k)
    rank = np.arange(1, config.n + 1)
    return pd.DataFrame({"n": config.n, "k": config.k, "rank": rank, "weight": weight})


STUDY = Study(
    question="Which sorted sample counts for the estimate?",
    config=ElementWeights,
    run=run,
    summarize=as_is,
    figure="element_weights",
    reproduces="fig. 2",
)
