"""Truths by definition, sharing no code with the package: subsets, batches and exact fractions.

`ORACLES[key](rewards, k)` gives the weights of one problem, straight from the definition of that
estimator: sums over k-subsets in exact fractions, and 50-digit numbers where a root or an
exponential makes them irrational. Rewards are floats; they are taken at their exact binary value.
"""

from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from itertools import combinations, product
from typing import Any

import mpmath

Weights = list[Any]
mpmath.mp.dps = 50


def exact(rewards: Iterable[float]) -> list[Fraction]:
    return [Fraction(float(g)) for g in rewards]


def mean(values: Iterable[Any]) -> Any:
    values = list(values)
    return sum(values) / Fraction(len(values))


def real(value: Any) -> Any:
    """A fraction as a 50-digit number."""
    if isinstance(value, Fraction):
        return mpmath.mpf(value.numerator) / value.denominator
    return mpmath.mpf(value)


def mean_of_max(rewards: Sequence[Fraction], k: int) -> Fraction:
    """max@k estimated from all k-subsets."""
    return mean(max(subset) for subset in combinations(rewards, k))


def without(rewards: Sequence[Any], i: int) -> list[Any]:
    return [g for j, g in enumerate(rewards) if j != i]


def with_sample(rewards: Sequence[Fraction], k: int, i: int) -> Fraction:
    """q_i: mean maximum over the k-subsets that contain i."""
    rest = without(rewards, i)
    return mean(max([rewards[i], *others]) for others in combinations(rest, k - 1))


def z_scores(values: Sequence[Fraction], ddof: int) -> list[Any]:
    """Deviations over the standard deviation; 0 when all values tie."""
    center = mean(values)
    square = sum((v - center) ** 2 for v in values)
    if square == 0:
        return [Fraction(0)] * len(values)
    deviation = mpmath.sqrt(real(square / (len(values) - ddof)))
    return [real(v - center) / deviation for v in values]


def reinforce(g: list[Fraction], k: int) -> Weights:
    return [x / len(g) for x in g]


def rloo(g: list[Fraction], k: int) -> Weights:
    return [(g[i] - mean(without(g, i))) / len(g) for i in range(len(g))]


def dr_grpo(g: list[Fraction], k: int) -> Weights:
    return [(x - mean(g)) / len(g) for x in g]


def grpo(g: list[Fraction], k: int) -> Weights:
    return [z / len(g) for z in z_scores(g, 1)]


def pkpo(g: list[Fraction], k: int) -> Weights:
    return [Fraction(k, len(g)) * with_sample(g, k, i) for i in range(len(g))]


def pkpo_loo(g: list[Fraction], k: int) -> Weights:
    n = len(g)
    baseline = [mean_of_max(without(g, i), k) for i in range(n)]
    return [w - Fraction(k, n - 1) * v for w, v in zip(pkpo(g, k), baseline, strict=True)]


def pkpo_loo_minus_one(g: list[Fraction], k: int) -> Weights:
    def gain(i: int) -> Fraction:
        rest = list(combinations(without(g, i), k - 1))
        return Fraction(k, len(g)) * mean(max([g[i], *others]) - max(others) for others in rest)

    return [gain(i) for i in range(len(g))]


def centered_loo(g: list[Fraction], k: int) -> Weights:
    n = len(g)
    return [
        Fraction(k, n) * (with_sample(g, k, i) - mean_of_max(without(g, i), k)) for i in range(n)
    ]


def maxk_rloo(g: list[Fraction], k: int) -> Weights:
    """The sample's own reward replaced by each other sample's: what `pkpo` would give, averaged."""

    def instead(i: int, reward: Fraction) -> Fraction:
        rest = combinations(without(g, i), k - 1)
        return Fraction(k, len(g)) * mean(max([reward, *others]) for others in rest)

    n = len(g)
    return [instead(i, g[i]) - mean(instead(i, x) for x in without(g, i)) for i in range(n)]


def statistic_of(draws: Iterable[Fraction], **asked: Any) -> Fraction:
    """top mean, quantile, mean of the best or the worst share; without one the median."""
    ((name, value),) = asked.items() or {"quantile": Fraction(1, 2)}.items()
    rising = sorted(draws)
    k = len(rising)
    if name == "top":
        return mean(rising[-value:])
    if name == "quantile":
        return next(x for x in rising if sum(y <= x for y in rising) >= Fraction(value) * k)
    ordered = rising if name == "lower_cvar" else rising[::-1]
    size = Fraction(value) * k
    parts = [min(Fraction(1), max(Fraction(0), size - place)) for place in range(k)]
    return sum((part * x for part, x in zip(parts, ordered, strict=True)), Fraction(0)) / size


def order_statistic(g: list[Fraction], k: int, **asked: Any) -> Weights:
    """`maxk_rloo` with another statistic of the k-subsets in place of the maximum."""

    def instead(i: int, reward: Fraction) -> Fraction:
        rest = combinations(without(g, i), k - 1)
        return Fraction(k, len(g)) * mean(statistic_of([reward, *s], **asked) for s in rest)

    n = len(g)
    return [instead(i, g[i]) - mean(instead(i, x) for x in without(g, i)) for i in range(n)]


def centered_statistic(g: list[Fraction], k: int, **asked: Any) -> Weights:
    """`centered_loo` with another statistic of the k-subsets in place of the maximum."""

    def of_subsets(rewards: list[Fraction], size: int, *more: Fraction) -> Fraction:
        return mean(statistic_of([*more, *s], **asked) for s in combinations(rewards, size))

    n = len(g)
    others = [without(g, i) for i in range(n)]
    apart = [of_subsets(o, k - 1, g[i]) - of_subsets(o, k) for i, o in enumerate(others)]
    return [Fraction(k, n) * each for each in apart]


def group_mean_centered(g: list[Fraction], k: int) -> Weights:
    plain = pkpo(g, k)
    return [w - mean(plain) for w in plain]


def blocks(g: list[Fraction], k: int) -> list[list[Fraction]]:
    return [g[start : start + k] for start in range(0, len(g), k)]


def partition(g: list[Fraction], k: int) -> Weights:
    return [max(block) * Fraction(k, len(g)) for block in blocks(g, k) for _ in block]


def partition_baselined(g: list[Fraction], k: int) -> Weights:
    best = [max(block) for block in blocks(g, k)]
    lead = [(best[b] - mean(without(best, b))) * Fraction(k, len(g)) for b in range(len(best))]
    return [w for w in lead for _ in range(k)]


def partition_loo_minus_one(g: list[Fraction], k: int) -> Weights:
    return [
        (max(block) - max(without(block, i))) * Fraction(k, len(g))
        for block in blocks(g, k)
        for i in range(k)
    ]


def passk_full(g: list[Fraction], k: int) -> Weights:
    return [z / len(g) for z in z_scores([max(b) for b in blocks(g, k)], 0) for _ in range(k)]


def all_fail(others: list[Fraction], k: int) -> Fraction:
    """u: the share of (k-1)-subsets of the other samples without a success."""
    return mean(Fraction(not any(subset)) for subset in combinations(others, k - 1))


def fail_only(r: list[Fraction], k: int) -> Weights:
    n = len(r)
    return [Fraction(k, n) * all_fail(without(r, i), k) * (r[i] - 1) for i in range(n)]


def passk_rloo(r: list[Fraction], k: int) -> Weights:
    n, rest = len(r), [without(r, i) for i in range(len(r))]
    return [Fraction(k, n) * all_fail(rest[i], k) * (r[i] - mean(rest[i])) for i in range(n)]


def passk_plugin(r: list[Fraction], k: int) -> Weights:
    n, p = len(r), mean(r)
    return [k * (1 - p) ** (k - 1) * (x - p) / n for x in r]


def passk_loo_plugin(r: list[Fraction], k: int) -> Weights:
    n, p = len(r), [mean(without(r, i)) for i in range(len(r))]
    return [k * (1 - p[i]) ** (k - 1) * (r[i] - p[i]) / n for i in range(n)]


def passk_grpo(r: list[Fraction], k: int) -> Weights:
    """Every k-subset is a group; a sample gets the mean score of the groups it is in."""
    n = len(r)
    subsets = list(combinations(range(n), k))
    scores = z_scores([max(r[i] for i in subset) for subset in subsets], 0)
    return [mean_where(scores, [i in subset for subset in subsets]) / n for i in range(n)]


def mean_where(values: Sequence[Any], chosen: Sequence[bool]) -> Any:
    picked = [real(v) for v, c in zip(values, chosen, strict=True) if c]
    return sum(picked) / len(picked) if picked else Fraction(0)


def passk_bootstrap(g: list[Fraction], k: int, subsets: Sequence[Sequence[int]]) -> Weights:
    """Given the subsets drawn."""
    n = len(g)
    scores = z_scores([max(g[i] for i in subset) for subset in subsets], 0)
    return [mean_where(scores, [i in subset for subset in subsets]) / n for i in range(n)]


def bon_mean(g: list[Fraction], k: int) -> Weights:
    return [z / len(g) for z in z_scores(pkpo(g, k), 1)]


def bon_max_mean(g: list[Fraction], k: int) -> Weights:
    lead, winners = max(g) - mean(g), g.count(max(g))
    return [lead / len(g) / winners if x == max(g) else Fraction(0) for x in g]


def maxrl(r: list[Fraction], k: int) -> Weights:
    return [(x - mean(r)) / (len(r) * mean(r)) if any(r) else Fraction(0) for x in r]


def maxrl_raw(r: list[Fraction], k: int) -> Weights:
    return [x / sum(r) if any(r) else Fraction(0) for x in r]


def tailrl_raw(g: list[Fraction], k: int) -> Weights:
    """sum_j pkpo_loo_minus_one(j)/j, with g_i/n for j = 1."""
    n = len(g)
    terms = [reinforce(g, 1)] + [pkpo_loo_minus_one(g, j) for j in range(2, n + 1)]
    return [sum(term[i] / (j + 1) for j, term in enumerate(terms)) for i in range(n)]


def tailrl(g: list[Fraction], k: int) -> Weights:
    raw = tailrl_raw(g, k)
    return [w - mean(raw) for w in raw]


def rs_grpo(g: list[Fraction], k: int, beta: float = 1.0) -> Weights:
    powers = [mpmath.exp(real(Fraction(beta) * x)) for x in g]
    average = mpmath.fsum(powers) / len(g)
    return [(e / average - 1) / (real(Fraction(beta)) * len(g)) for e in powers]


def entropic_loo(g: list[Fraction], k: int, beta: float = 1.0) -> Weights:
    n, scale = len(g), real(Fraction(beta)) * len(g)
    powers = [mpmath.exp(real(Fraction(beta) * x)) for x in g]
    others = [mpmath.fsum(without(powers, i)) / (n - 1) for i in range(n)]
    return [(e / z - 1) / scale for e, z in zip(powers, others, strict=True)]


ORACLES: dict[str, Callable[..., Weights]] = {
    function.__name__: function
    for function in (
        reinforce, rloo, dr_grpo, grpo, pkpo, pkpo_loo, pkpo_loo_minus_one, centered_loo,
        maxk_rloo, group_mean_centered,
        partition, partition_baselined, partition_loo_minus_one, passk_full,
        fail_only, passk_rloo, passk_plugin, passk_loo_plugin, passk_grpo, passk_bootstrap,
        bon_mean, bon_max_mean, maxrl, maxrl_raw, tailrl_raw, tailrl, rs_grpo, entropic_loo,
        order_statistic,
    )
}  # fmt: skip


def expected_gradient(
    weights: Callable[[list[float]], Sequence[float]],
    probabilities: Sequence[float],
    rewards: Sequence[float],
    n: int,
) -> list[float]:
    """E[sum_i w_i grad log pi(x_i)] over every batch of n arms, gradients by softmax logits."""
    arms = range(len(rewards))
    total = [0.0] * len(rewards)
    for batch in product(arms, repeat=n):
        chance = 1.0
        for arm in batch:
            chance *= probabilities[arm]
        for arm, weight in zip(batch, weights([rewards[a] for a in batch]), strict=True):
            for a in arms:
                total[a] += chance * float(weight) * ((a == arm) - probabilities[a])
    return total


def max_gradient(probabilities: Sequence[float], rewards: Sequence[float], k: int) -> list[float]:
    """grad max@k by softmax logits: k times the covariance of one draw's score and the maximum."""
    return expected_gradient(lambda batch: [max(batch)] * k, probabilities, rewards, k)


def statistic_gradient(
    probabilities: Sequence[float], rewards: Sequence[float], k: int, **asked: Any
) -> list[float]:
    """grad E[statistic of k draws] by softmax logits."""
    return expected_gradient(
        lambda batch: [float(statistic_of(exact(batch), **asked))] * k, probabilities, rewards, k
    )
