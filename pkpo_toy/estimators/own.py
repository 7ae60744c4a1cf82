"""An estimator of the user's own: their function as a row like those of the table."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from pkpo_toy.errors import InputError
from pkpo_toy.estimators.estimator import K_UP_TO_N, Estimator, best_of_k
from pkpo_toy.typing import Array


def own_estimator(key: str, function: Callable[..., Any]) -> Estimator:
    """The row of a function (rewards (..., n), k) -> weights (..., n) that the package knows not.

    Nothing is assumed of it: it claims nothing, may depend on the order of the samples, and need
    not be homogeneous. It is compared with the gradient of max@k.
    """
    return Estimator(
        key,
        partial(_weights, key, function),
        "your own function",
        source="yours",
        unbiased_for="unknown",
        claim="yours",
        objective=best_of_k,
        domain=K_UP_TO_N,
        degree=None,
        exchangeable=False,
    )


def _weights(key: str, function: Callable[..., Any], rewards: Array, k: int) -> Array:
    """The function's answer, refused unless it is real numbers in the shape of the rewards."""
    answer = function(rewards.copy(), k)
    if np.ma.is_masked(answer):
        raise InputError(f"estimator {key} must return a weight for each reward, got masked ones.")
    try:
        weights = np.asarray(answer)
    except ValueError:
        weights = np.asarray(answer, dtype=object)
    if weights.dtype.kind not in "biuf":
        kind = weights.dtype if isinstance(answer, np.ndarray) else type(answer).__name__
        raise InputError(f"estimator {key} must return an array of real numbers, got {kind}.")
    if weights.shape != rewards.shape:
        raise InputError(
            f"estimator {key} must return weights of shape {rewards.shape}, got {weights.shape}."
        )
    return weights.astype(np.float64, copy=False)
