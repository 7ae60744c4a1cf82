"""Policies with one parameter axis: categorical over arms (logits) and Gaussian (theta, fixed sd).

Arrays carry runs in front: logits (..., d), arms (..., n), theta (...), x (..., n). A gradient is
the plain sum sum_i w_i grad log pi(x_i), without a hidden 1/n.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import Self

import numpy as np

from pkpo_toy.checks import (
    SHORT_ROW,
    check_count,
    check_finite,
    check_positive,
    checked_logits,
)
from pkpo_toy.errors import InputError
from pkpo_toy.typing import Array, ArrayLike, Integers


@dataclass(frozen=True)
class Softmax:
    """A categorical policy over d arms whose exponentials are taken once, for all that needs them.

    logits: (..., d).  largest: (..., 1), of them.  masses: (..., d), exp(logits - largest), the
    probabilities up to their sum.
    """

    logits: Array
    largest: Array
    masses: Array

    @classmethod
    def of(cls, logits: ArrayLike) -> Self:
        """The policy of logits (..., d). Raises InputError on NaN, +inf, or no finite arm."""
        array, largest = checked_logits(logits)
        masses = array - largest
        return cls(array, largest, np.exp(masses, out=masses))

    def probabilities(self) -> Array:
        """pi_a = exp(l_a) / sum_b exp(l_b), (..., d)."""
        pi: Array = self.masses / self.masses.sum(axis=-1, keepdims=True)
        return pi

    def log_probabilities(self) -> Array:
        """log pi_a = l_a - log sum_b exp(l_b), (..., d), exact where pi_a would underflow."""
        log_pi: Array = self.logits - self.largest
        log_pi -= np.log(self.masses.sum(axis=-1, keepdims=True))
        return log_pi

    def sample(self, n: int, rng: np.random.Generator) -> Integers:
        """n independent arms (..., n), see `sample_arms`. Raises InputError unless n >= 1."""
        d = self.masses.shape[-1]
        draws = rng.random((*self.masses.shape[:-1], check_count("n", n)))
        locate = _by_columns if d <= SHORT_ROW else _by_bisection
        arms = locate(self.masses.reshape(-1, d), draws.reshape(-1, n))
        return arms.reshape(draws.shape)

    def gradient(self, arms: Integers, weights: ArrayLike) -> Array:
        """sum_i w_i (onehot(x_i) - pi), (..., d); arms, weights (..., n) as in `arms_gradient`.

        Raises InputError where these shapes do not fit each other or the logits.
        """
        w = np.asarray(weights, dtype=np.float64)
        if arms.shape != w.shape or arms.shape[:-1] != self.masses.shape[:-1]:
            raise InputError(
                "arms and weights must have shape (..., n) for logits (..., d), got arms "
                f"{arms.shape}, weights {w.shape}, logits {self.masses.shape}."
            )
        total = self.probabilities()
        total *= -w.sum(axis=-1, keepdims=True)
        total += sum_by_arm(arms, w, total.shape[-1])
        return total


def softmax(logits: ArrayLike) -> Array:
    """Probabilities of the arms.

    pi_a = exp(l_a) / sum_b exp(l_b); logits and result (..., d), -inf gives probability 0.

    Raises InputError on NaN, +inf, or when no arm is finite.
    """
    return Softmax.of(logits).probabilities()


def log_softmax(logits: ArrayLike) -> Array:
    """Log-probabilities of the arms, exact where the probabilities would underflow.

    log pi_a = l_a - log sum_b exp(l_b); logits and result (..., d).

    Raises InputError on NaN, +inf, or when no arm is finite.
    """
    return Softmax.of(logits).log_probabilities()


def sample_arms(logits: ArrayLike, n: int, rng: np.random.Generator) -> Integers:
    """n independent arms per policy, by inverse CDF.

    x = #{a : S_a <= u S_d}, S the running sums of exp(l); logits (..., d), result (..., n) in
    0..d-1. An arm of probability 0 is never drawn, nor is one lost below the 2**-53 of a uniform.

    Raises InputError on bad logits or n < 1.
    """
    return Softmax.of(logits).sample(n, rng)


def arms_gradient(logits: ArrayLike, arms: Integers, weights: ArrayLike) -> Array:
    """The gradient estimate of a categorical policy.

    sum_i w_i (onehot(x_i) - pi); logits (..., d), arms and weights (..., n), result (..., d).

    Raises InputError on bad logits or when the shapes do not fit.
    """
    return Softmax.of(logits).gradient(arms, weights)


def sum_by_arm(arms: Integers, weights: Array, d: int) -> Array:
    """Weights gathered by arm: result_a = sum_i w_i [x_i = a].

    arms in 0..d-1 and weights (..., n); result (..., d).
    """
    rows = int(np.prod(arms.shape[:-1]))
    flat = arms.reshape(rows, -1) + d * np.arange(rows)[:, None]
    sums = np.bincount(flat.ravel(), weights=weights.ravel(), minlength=rows * d)
    return np.asarray(sums.reshape(*arms.shape[:-1], d), dtype=np.float64)


def sample_normal(theta: ArrayLike, sd: float, n: int, rng: np.random.Generator) -> Array:
    """n independent draws x ~ N(theta, sd**2) per policy; theta (...), result (..., n).

    Raises InputError on theta not finite, sd <= 0 or n < 1.
    """
    center, scale = check_finite("theta", theta), check_positive("sd", sd)
    draws: Array = rng.standard_normal((*center.shape, check_count("n", n)))
    draws *= scale
    draws += center[..., None]
    return draws


def normal_gradient(theta: ArrayLike, sd: float, x: Array, weights: ArrayLike) -> Array:
    """The gradient estimate of a Gaussian policy in its mean.

    sum_i w_i (x_i - theta) / sd**2; theta (...), x and weights (..., n), result (...).

    Raises InputError on theta not finite or sd <= 0.
    """
    center, scale = check_finite("theta", theta), check_positive("sd", sd)
    terms = x - center[..., None]
    terms /= scale
    terms *= np.asarray(weights, dtype=np.float64)
    total: Array = terms.sum(axis=-1) / scale
    return total


# Both count the entries of S_1..S_(d-1) that are <= u S_d, S being the running sums of the masses:
# masses (rows, d), uniforms u (rows, n), result (rows, n). As u <= 1 - 2**-53 keeps the product
# below S_d, the last arm is never passed. Each row keeps its own sums: the usual trick of one
# searchsorted over row + sum would cost the digits of the row number.


def _by_columns(masses: Array, uniforms: Array) -> Integers:
    """One comparison of all draws for each arm, rows turned over so that each is a long one."""
    running = masses.T.copy()
    for before, here in pairwise(running):
        np.add(before, here, out=here)
    draws = uniforms.T.copy()
    draws *= running[-1]
    passed = np.empty(draws.shape, dtype=np.bool_)
    arms = np.zeros(draws.shape, dtype=np.uint8)
    for sums in running[:-1]:
        np.less_equal(sums, draws, out=passed)
        arms += passed.view(np.uint8)
    return arms.T.astype(np.intp, order="C")


def _by_bisection(masses: Array, uniforms: Array) -> Integers:
    """All draws at once halve the arms that are left to each."""
    running = np.cumsum(masses, axis=-1)
    draws = uniforms * running[:, -1:]
    rows, d = running.shape
    before = (d * np.arange(rows) - 1)[:, None]
    position = np.broadcast_to(before, draws.shape).copy()
    sums = running.ravel()
    left = d - 1
    while left:
        step = (left + 1) // 2
        position += step * (sums.take(position + step) <= draws)
        left -= step
    position -= before
    return position
