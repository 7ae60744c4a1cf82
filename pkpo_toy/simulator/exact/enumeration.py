"""Exact moments of a gradient estimator on a categorical policy, by meeting every outcome once."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import chain, combinations_with_replacement, islice

import numpy as np

from pkpo_toy.checks import check_count, check_finite, checked_logits
from pkpo_toy.errors import InputError
from pkpo_toy.simulator.policies import log_softmax, softmax, sum_by_arm
from pkpo_toy.typing import Array, ArrayLike, Integers, WeightFunction

BUDGET = 2_000_000
"""Outcomes that `enumerate_moments` visits at most unless told otherwise."""

_CHUNK = 2**16  # numbers of a chunk of outcomes, so that a chunk stays in the cache
_TINY = 1e-12  # a weight or a sum of weights below this share of the largest is rounding


@dataclass(frozen=True)
class Moments:
    """Exact moments of g_hat = sum_i w_i grad log pi(x_i), in the logits.

    zero_signal: probability that every weight is 0, and with it the step.
    centered: whether the weights sum to 0 in every outcome that can occur.
    outcomes: how many were visited.
    """

    mean: Array  # (d,)
    covariance: Array  # (d, d)
    zero_signal: float
    centered: bool
    outcomes: int


def enumerate_moments(
    function: WeightFunction,
    logits: ArrayLike,
    rewards: ArrayLike,
    n: int,
    k: int,
    *,
    exchangeable: bool = True,
    budget: int = BUDGET,
    progress: Callable[[int, int], object] | None = None,
) -> Moments:
    """Mean, covariance and flags of an estimator over all outcomes of n draws.

    E g_hat = sum over outcomes of P(outcome) g_hat(outcome). An outcome is a multiset of arms with
    its multinomial probability, C(n+d-1, n) of them, where the order of the samples does not
    matter (exchangeable), else an ordered tuple, d**n of them.

    logits, rewards (d,); function: rewards (m, n), k -> weights (m, n); progress: called with
    (outcomes done, outcomes in all). A function that draws random numbers is met once per outcome:
    the mean is then unbiased, and repeated calls give its standard error. The covariance over
    both sources of chance is the mean of the covariances plus the covariance of the means.

    Raises InputError on arguments out of their domain, on more outcomes than `budget`, and when
    the function returns weights of another shape or not finite.
    """
    log_policy, values = instance(logits, rewards)
    samples, best_of = check_count("n", n), check_count("k", k)
    total = count_outcomes(len(values), samples, exchangeable=exchangeable)
    if total > check_count("budget", budget):
        raise InputError(f"budget must be >= {total} outcomes for this instance, got {budget}.")
    tally = _Tally(len(values))
    policy = softmax(log_policy)
    for arms in outcomes(len(values), samples, exchangeable):
        weights = weights_of(function, values[arms], best_of)
        scores = sum_by_arm(arms, weights, len(values))
        scores -= weights.sum(axis=-1, keepdims=True) * policy
        tally.add(probabilities(arms, log_policy, exchangeable), scores, weights)
        if progress is not None:
            progress(tally.outcomes, total)
    return tally.moments()


def count_outcomes(d: int, n: int, *, exchangeable: bool = True) -> int:
    """Outcomes of n draws from d arms: C(n+d-1, n) multisets or d**n ordered tuples."""
    return math.comb(n + d - 1, n) if exchangeable else d**n


def outcomes_log10(d: int, n: int, *, exchangeable: bool = True) -> float:
    """The logarithm of `count_outcomes`, at once where the number itself has a billion digits."""
    if not exchangeable:
        return n * math.log10(d)
    if n + d < 10**5:
        return math.log10(count_outcomes(d, n))
    return (math.lgamma(n + d) - math.lgamma(n + 1) - math.lgamma(d)) / math.log(10)


@dataclass
class _Tally:
    """Running mean and scatter about it, merged chunk by chunk (Chan, Golub and LeVeque 1979).

    Scatter about the mean, not E[g g'] - mean mean', keeps the digits of a small variance.
    """

    d: int
    mass: float = 0.0
    outcomes: int = 0
    mean: Array = field(init=False)
    scatter: Array = field(init=False)
    sizes: list[Array] = field(default_factory=list)
    largest_sum: float = 0.0

    def __post_init__(self) -> None:
        self.mean, self.scatter = np.zeros(self.d), np.zeros((self.d, self.d))

    def add(self, probabilities: Array, scores: Array, weights: Array) -> None:
        """One chunk: probabilities (m,), scores (m, d), weights (m, n)."""
        self.outcomes += len(probabilities)
        mass = float(probabilities.sum())
        if mass == 0.0:
            return
        mean = np.einsum("m,ma->a", probabilities, scores) / mass
        apart = scores - mean
        shift = mean - self.mean
        joint = self.mass + mass
        # einsum without BLAS: the same bits with any number of threads.
        self.scatter += np.einsum("ma,mb->ab", apart * probabilities[:, None], apart)
        self.scatter += np.outer(shift, shift) * (self.mass / joint * mass)
        self.mean += shift * (mass / joint)
        self.mass = joint
        possible = probabilities > 0
        self.sizes.append(np.stack([probabilities, abs(weights).max(axis=-1)])[:, possible])
        sums = abs(weights[possible].sum(axis=-1))
        self.largest_sum = max(self.largest_sum, float(sums.max()))

    def moments(self) -> Moments:
        """The moments, with the total probability (1 but for rounding) divided out."""
        probabilities, sizes = np.concatenate(self.sizes, axis=1)
        largest = float(sizes.max())
        return Moments(
            mean=self.mean,
            covariance=self.scatter / self.mass,
            zero_signal=float(probabilities[sizes <= _TINY * largest].sum() / self.mass),
            centered=self.largest_sum <= _TINY * largest,
            outcomes=self.outcomes,
        )


def outcomes(d: int, n: int, exchangeable: bool) -> Iterator[Integers]:
    """All outcomes of n draws from d arms as chunks (m, n) of arms: multisets or ordered tuples."""
    size = max(1, _CHUNK // max(n, d))
    if exchangeable:
        multisets = combinations_with_replacement(range(d), n)
        while True:
            flat = chain.from_iterable(islice(multisets, size))
            arms = np.fromiter(flat, dtype=np.intp).reshape(-1, n)
            if not len(arms):
                return
            yield arms
    powers = d ** np.arange(n, dtype=np.intp)
    for start in range(0, d**n, size):
        numbers = np.arange(start, min(start + size, d**n), dtype=np.intp)
        yield numbers[:, None] // powers % d


def probabilities(arms: Integers, log_policy: Array, exchangeable: bool) -> Array:
    """P(outcome), (m,): the product of the policy, times n!/prod c_a! for a multiset.

    arms (m, n) in 0..d-1, log_policy (d,); exchangeable: whether arms are multisets.
    """
    logs = log_policy[arms].sum(axis=-1)
    if exchangeable:
        n, d = arms.shape[-1], len(log_policy)
        counts = sum_by_arm(arms, np.ones(arms.shape), d).astype(np.intp)
        factorials = np.array([math.lgamma(c + 1.0) for c in range(n + 1)])
        logs += factorials[n] - factorials[counts].sum(axis=-1)
    chances: Array = np.exp(logs)
    return chances


def weights_of(function: WeightFunction, rewards: Array, k: int) -> Array:
    """The function's weights (m, n) for rewards (m, n), k >= 1.

    Raises InputError where it returns another shape, or weights that are not finite.
    """
    weights = np.asarray(function(rewards, k), dtype=np.float64)
    if weights.shape != rewards.shape or not np.isfinite(weights).all():
        raise InputError(
            f"the estimator must return finite weights of shape {rewards.shape} for rewards of that"
            f" shape, got shape {weights.shape} with {int((~np.isfinite(weights)).sum())} not"
            " finite."
        )
    return weights


def instance(logits: ArrayLike, rewards: ArrayLike) -> tuple[Array, Array]:
    """log pi (d,) and rewards (d,), from logits and rewards of that shape.

    Raises InputError unless both are one-dimensional, rewards finite and some logit too.
    """
    array, g = checked_logits(logits)[0], check_finite("rewards", rewards)
    if array.ndim != 1 or g.shape != array.shape:
        raise InputError(
            f"logits and rewards must both have shape (d,), got {array.shape} and {g.shape}."
        )
    return log_softmax(array), g
