"""The k = 1 estimators and the z-scores built like them; k is accepted and ignored.

Rewards are measured from the group's minimum before anything is averaged, and averages run over
sorted values, so that ties give exactly zero and the order of the samples changes no bit.
"""

import numpy as np

from pkpo_toy.typing import Array


def raised_above_minimum(values: Array) -> Array:
    """values (..., n) less their minimum; adding 0.0 turns a -0.0, equal to 0.0, into it."""
    raised: Array = values - values.min(axis=-1, keepdims=True)
    raised += 0.0
    return raised


def centered(values: Array) -> Array:
    """values (..., n) less their mean over the last axis; exactly zero when all tie."""
    ordered = np.sort(values, axis=-1)
    lowest = ordered[..., :1].copy()
    result: Array = values - lowest
    result += 0.0
    ordered -= lowest
    result -= ordered.sum(axis=-1, keepdims=True) / values.shape[-1]
    return result


def z_scores(values: Array, ddof: int) -> Array:
    """values (..., n) less their mean, over their standard deviation; 0 when all tie.

    The variance is sum (values - mean)^2 / (n - ddof), ddof 0 or 1; returns (..., n).
    """
    raised = raised_above_minimum(values)
    span = raised.max(axis=-1, keepdims=True)
    # Measured in spans, squares neither overflow nor underflow.
    scaled = np.divide(raised, span, out=np.zeros_like(raised), where=span > 0)
    ordered = np.sort(scaled, axis=-1)
    mean = ordered.mean(axis=-1, keepdims=True)
    spread = np.sqrt(
        ((ordered - mean) ** 2).sum(axis=-1, keepdims=True) / max(values.shape[-1] - ddof, 1)
    )
    deviation = scaled - mean
    scores: Array = np.divide(deviation, spread, out=np.zeros_like(raised), where=spread > 0)
    return scores


def reinforce(rewards: Array, k: int) -> Array:
    """Plain policy gradient: g_i / n. rewards (..., n); returns weights (..., n)."""
    n: int = rewards.shape[-1]
    return rewards / n + 0.0


def rloo(rewards: Array, k: int) -> Array:
    """Leave-one-out baseline: (g_i - mean of the others) / n = (g_i - mean) / (n-1).

    rewards (..., n), n >= 2; returns weights (..., n). [RLOO].
    """
    n: int = rewards.shape[-1]
    return centered(rewards) / (n - 1)


def dr_grpo(rewards: Array, k: int) -> Array:
    """Group-mean baseline: (g_i - mean) / n, too short by (n-1)/n.

    rewards (..., n), n >= 2; returns weights (..., n). [DrGRPO].
    """
    n: int = rewards.shape[-1]
    return centered(rewards) / n


def grpo(rewards: Array, k: int) -> Array:
    """Group z-score: (g_i - mean) / (n sigma), sigma with ddof 1; 0 when all tie.

    rewards (..., n), n >= 2; returns weights (..., n). [GRPO].
    """
    n: int = rewards.shape[-1]
    return z_scores(rewards, ddof=1) / n
