"""Estimators for rewards in {0, 1}: a weight for successes and one for failures, by count.

c successes, F = n - c failures. Rewards (..., n) -> weights (..., n). Every function first says
what a success and what a failure weighs as functions of F, then hands these out.
"""

import numpy as np

from pkpo_toy.estimators.error_free import product_error
from pkpo_toy.estimators.objectives import pass_at_k
from pkpo_toy.estimators.order_statistics import mu, mu_parts
from pkpo_toy.typing import Array, Integers


def _failures(rewards: Array) -> Integers:
    failures: Integers = np.count_nonzero(rewards == 0, axis=-1, keepdims=True)
    return failures


def _mu(n: int, k: int, index: Integers) -> Array:
    """mu at index 0..n, with mu_0 = 0; mu_{F+1} = (k/n) C(F, k-1) / C(n-1, k-1)."""
    table: Array = np.concatenate([[0.0], mu(n, k)])[index]
    return table


def fail_only(rewards: Array, k: int) -> Array:
    """Only failures count: (k/n) u(F_-i) (r_i - 1), u(F) = C(F, k-1)/C(n-1, k-1): failure -mu_F.

    rewards (..., n) of 0 and 1, 1 <= k <= n; returns weights (..., n).
    """
    failures = _failures(rewards)
    return np.where(rewards == 1, 0.0, 0.0 - _mu(rewards.shape[-1], k, failures))


def passk_rloo(rewards: Array, k: int) -> Array:
    """(k/n) u(F_-i) (r_i - mean of the others): success mu_{F+1} F/(n-1), failure -mu_F c/(n-1).

    rewards (..., n) of 0 and 1, n >= 2, 1 <= k <= n; returns weights (..., n).
    """
    n: int = rewards.shape[-1]
    failures = _failures(rewards)
    success = _mu(n, k, np.minimum(failures + 1, n)) * failures / (n - 1)
    failure = -_mu(n, k, failures) * (n - failures) / (n - 1)
    return np.where(rewards == 1, success, failure)


def _ratio_power(part: Integers, whole: int, exponent: int) -> Array:
    """(part/whole)**exponent to a few ulp: the quotient's rounding is put back."""
    if exponent == 0:
        return np.ones(part.shape)
    numerator, denominator = part.astype(np.float64), np.array(float(whole))
    quotient = numerator / denominator
    rest = (numerator - quotient * denominator) - product_error(quotient, denominator)
    relative = np.divide(rest, numerator, out=np.zeros_like(rest), where=numerator > 0)
    power: Array = quotient**exponent * np.exp(exponent * relative)
    return power


def passk_plugin(rewards: Array, k: int) -> Array:
    """Success rate plugged into the gradient: k (1-p)^(k-1) (r_i - p)/n, p = c/n. Biased.

    rewards (..., n) of 0 and 1, 1 <= k <= n; returns weights (..., n). [Thr].
    """
    n: int = rewards.shape[-1]
    failures = _failures(rewards)
    slope = k * _ratio_power(failures, n, k - 1) / n
    return np.where(rewards == 1, slope * (failures / n), -slope * ((n - failures) / n))


def passk_loo_plugin(rewards: Array, k: int) -> Array:
    """The same with the rate of the others: k (1-p_-i)^(k-1) (r_i - p_-i)/n. Biased.

    rewards (..., n) of 0 and 1, n >= 2, 1 <= k <= n; returns weights (..., n). [Thr].
    """
    n: int = rewards.shape[-1]
    failures = _failures(rewards)
    others = n - 1
    success = k * _ratio_power(failures, others, k - 1) / n * (failures / others)
    left = np.maximum(failures - 1, 0)
    failure = -k * _ratio_power(left, others, k - 1) / n * ((others - left) / others)
    return np.where(rewards == 1, success, failure)


def passk_grpo(rewards: Array, k: int) -> Array:
    """Group z-score averaged over all k-subsets, / n; 0 when all agree.

    rewards (..., n) of 0 and 1, 1 <= k <= n; returns weights (..., n). [Chen25] analytical.

    Success (1-R)/(n s), failure (1-R-u(F-1))/(n s), with R the pass@k estimate, s^2 = R (1-R) and
    u(F) = C(F, k-1)/C(n-1, k-1). As published both subtract nearly equal numbers when R is near 1.
    But 1-R = mu_F F/k and u(F-1) = mu_F n/k, so the same weights are

        success  sqrt(mu_F F/(k R))/n        failure  -(c/n) sqrt(mu_F/(k R F))

    without a difference. mu_F may be far below the smallest float while the root of it is not:
    it is taken of mu_F = fraction * 2**power with an even power.
    """
    n: int = rewards.shape[-1]
    failures = _failures(rewards)
    fraction, power = mu_parts(n, k)
    index = np.maximum(failures, 1) - 1
    odd = power[index] % 2  # moved into the fraction, which leaves an even power to halve
    root = np.ldexp(np.sqrt(np.ldexp(fraction[index], odd)), (power[index] - odd) // 2)
    estimate = pass_at_k(n, n - failures, k)
    mixed = (failures > 0) & (failures < n)
    root = np.divide(root, np.sqrt(k * estimate), out=np.zeros_like(root), where=mixed)
    success = root * np.sqrt(failures) / n
    failure: Array = -root * (n - failures) / (n * np.sqrt(np.maximum(failures, 1)))
    return np.where(rewards == 1, success, failure)


def maxrl(rewards: Array, k: int) -> Array:
    """(r_i - mean)/(n mean): success F/(n c), failure -1/n; 0 when no success; k is ignored.

    rewards (..., n) of 0 and 1; returns weights (..., n). [MaxRL].
    """
    n: int = rewards.shape[-1]
    failures = _failures(rewards)
    successes = n - failures
    success = failures / (n * np.maximum(successes, 1))
    return np.where(rewards == 1, success, np.where(successes > 0, -1.0 / n, 0.0))


def maxrl_raw(rewards: Array, k: int) -> Array:
    """r_i/c: the successes share one unit; 0 when no success; k is ignored.

    rewards (..., n) of 0 and 1; returns weights (..., n). [MaxRL].
    """
    n: int = rewards.shape[-1]
    successes = n - _failures(rewards)
    return np.where(rewards == 1, 1.0 / np.maximum(successes, 1), 0.0)
