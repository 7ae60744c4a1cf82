"""The weight of every sample of a frame, by an estimator of the table or the user's own."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from pkpo_toy.errors import InputError
from pkpo_toy.estimators import grouped_weights
from pkpo_toy.estimators.api import DEFAULT, EstimatorLike
from pkpo_toy.typing import Array


def sample_weights(
    samples: pd.DataFrame,
    k: int,
    estimator: EstimatorLike = DEFAULT,
    *,
    scale: str = "sum",
    seed: int = 0,
    beta: float | None = None,
) -> Array:
    """Weights (N,) in the order of the samples, each problem a group; see `grouped_weights`.

    samples: N rows with problem and reward. seed: of an estimator that draws.

    Raises InputError for a k or a reward outside the estimator's domain, naming the problem.
    """
    if seed < 0:
        raise InputError(f"seed must be at least 0, got {seed}.")
    options: dict[str, Any] = {} if beta is None else {"beta": beta}
    rewards, problems = samples["reward"].to_numpy(), samples["problem"].tolist()
    rng = np.random.default_rng(seed)
    return grouped_weights(rewards, problems, k, estimator, scale=scale, rng=rng, **options)
