"""The weight of every sample of a frame, by an estimator of the table or the user's own."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pkpo_toy.errors import InputError, unknown
from pkpo_toy.estimators import grouped_weights
from pkpo_toy.estimators.resolve import Weigh, choose

Array = NDArray[np.float64]


def sample_weights(
    samples: pd.DataFrame,
    k: int,
    estimator: str | None = None,
    *,
    scale: str = "sum",
    seed: int = 0,
    beta: float | None = None,
) -> Array:
    """Weights in the order of the samples, each problem a group; the default as `grouped_weights`.

    Raises: InputError for a k or a reward outside the estimator's domain, naming the problem.
    """
    if seed < 0:
        raise InputError(f"seed must be at least 0, got {seed}.")
    rng = np.random.default_rng(seed)
    options: dict[str, Any] = {} if beta is None else {"beta": beta}
    rewards, problems = samples["reward"].to_numpy(), samples["problem"].tolist()
    if estimator is None:
        return grouped_weights(rewards, problems, k, scale=scale, rng=rng, **options)
    chosen = choose(estimator)
    if chosen.record is None:
        if scale not in ("sum", "mean"):
            raise unknown("scale", scale, ("sum", "mean"))
        if options:
            raise InputError(f"unknown option 'beta' of {estimator}; it has none.")
        return _by_own(chosen.weigh(rng), rewards, problems, k, scale=scale)
    return grouped_weights(rewards, problems, k, estimator, scale=scale, rng=rng, **options)


def _by_own(weigh: Weigh, rewards: Array, problems: list[str], k: int, *, scale: str) -> Array:
    """The user's function on all problems of equal n at once."""
    codes, names = pd.factorize(np.asarray(problems, dtype=object))
    order, sizes = np.argsort(codes, kind="stable"), np.bincount(codes)
    if not 1 <= k <= sizes.min():
        least = int(sizes.argmin())
        raise InputError(f"problem {names[least]!r}: k must be in 1..{sizes[least]}, got {k}.")
    result, size_at = np.empty_like(rewards), np.repeat(sizes, sizes)
    for n in np.unique(sizes).tolist():
        members = order[size_at == n].reshape(-1, n)
        result[members] = weigh(rewards[members], k) * (n if scale == "mean" else 1)
    return result
