"""METRICS: what can be estimated of k samples of a problem, from its n samples."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from pkpo_toy.errors import InputError, unknown
from pkpo_toy.estimators import max_at_k, pass_at_k
from pkpo_toy.estimators.objectives import element_weights
from pkpo_toy.samples.evaluation import Evaluation
from pkpo_toy.typing import Array, Integers

AtK = Callable[[int], Array]
"""k -> the estimate of every problem, (P,)."""


@dataclass(frozen=True)
class Metric:
    """What is estimated, the reason it may need counts, and how, for every problem at each k."""

    name: str
    meaning: str
    binary: bool
    of: Callable[[Evaluation], AtK]


def _pass_at_k(evaluation: Evaluation) -> AtK:
    counts = evaluation.counts()
    n, c = counts["n"].to_numpy(), counts["c"].to_numpy()
    return lambda k: np.asarray(pass_at_k(n, c, k))


def _pass_hat_k(evaluation: Evaluation) -> AtK:
    """C(c, k) / C(n, k): one less the chance that a failure is among the k."""
    counts = evaluation.counts()
    n, c = counts["n"].to_numpy(), counts["c"].to_numpy()
    return lambda k: 1 - np.asarray(pass_at_k(n, n - c, k))


def _by_reward(evaluation: Evaluation, function: Callable[[Array, int], Array]) -> AtK:
    """A function of the rewards (p, n), for the problems of each n in one call."""
    groups = [(places, np.sort(rewards, axis=-1)) for places, rewards in _rewards(evaluation)]

    def at(k: int) -> Array:
        values = np.empty(len(evaluation.problems))
        for places, rewards in groups:
            values[places] = function(rewards, k)
        return values

    return at


def _rewards(
    evaluation: Evaluation,
) -> list[tuple[Integers, Array]]:
    if evaluation.rewards is not None:
        return evaluation.groups()
    counts = evaluation.counts()
    ones = np.concatenate(
        [[0.0] * (n - c) + [1.0] * c for n, c in zip(counts.n, counts.c, strict=True)]
    )
    return Evaluation("", evaluation.problems, evaluation.n, rewards=ones).groups()


def quantile_at_k(rewards: Array, k: int, q: float) -> Array:
    """The q-quantile of the best of k of the rewards (..., n) drawn without replacement, (...).

    The smallest ordered reward g_(i) with C(i, k) / C(n, k) >= q. A plug-in estimate: consistent,
    not unbiased, as no quantile's is.

    Raises InputError unless 1 <= k <= n and 0 < q < 1.
    """
    if not 0 < q < 1:
        raise InputError(f"q must lie between 0 and 1, got {q}.")
    reached = np.cumsum(element_weights(rewards.shape[-1], k))
    # Sums to 1 up to rounding; a quantile that is met exactly must not slip to the next reward.
    place = int(np.searchsorted(reached, q * (1 - 1e-12)))
    return np.sort(rewards, axis=-1)[..., min(place, rewards.shape[-1] - 1)]


METRICS: dict[str, Metric] = {
    "pass@k": Metric("pass@k", "at least one of k is right", True, _pass_at_k),
    "pass^k": Metric("pass^k", "all k are right", True, _pass_hat_k),
    "avg@k": Metric(
        "avg@k",
        "the mean of k rewards, the same for every k",
        False,
        lambda e: _by_reward(e, lambda rewards, k: rewards.mean(axis=-1)),
    ),
    "max@k": Metric("max@k", "the best of k rewards", False, lambda e: _by_reward(e, max_at_k)),
}
QUANTILE = re.compile(r"q([1-9][0-9]?)@k")


def metric_named(name: str | None, evaluation: Evaluation) -> Metric:
    """A row of METRICS, or q10@k, q50@k, ... for a quantile of the best of k.

    None is pass@k where every reward is 0 or 1, else max@k.

    Raises InputError for an unknown name, and where rewards must be 0 or 1 and are not.
    """
    if name is None:
        name = "max@k" if evaluation.c is None else "pass@k"
    quantile = QUANTILE.fullmatch(name)
    if quantile:
        q = int(quantile[1]) / 100
        meaning = f"the {q:g}-quantile of the best of k rewards"
        return Metric(
            name,
            meaning,
            False,
            lambda e: _by_reward(e, lambda rewards, k: quantile_at_k(rewards, k, q)),
        )
    if name not in METRICS:
        raise unknown("metric", name, [*METRICS, "q50@k"])
    if METRICS[name].binary:
        evaluation.counts()
    return METRICS[name]
