"""Objectives beyond the maximum: top means, quantiles and tail means of k draws. [OrderGrad].

The objective is E[sum_j a_j g_(j)] over the sorted rewards of k draws, with rank weights a_j >= 0
that sum to 1. Its unbiased weights are those of `maxk_rloo` with this statistic for the maximum:

    w_i = (k/n) (U_i(g_i) - mean over j != i of U_i(g_j))

where U_i(y) is the mean statistic of y and a (k-1)-subset of the others. With the gaps d_m of the
sorted rewards and e(M) = sum_j a_j C(M, j-1) C(n-1-M, k-j) / C(n-1, k-1), the rank weight that a
sample gets on average when M of the others are below it,

    w_(i) = k/(n(n-1)) ( sum_{m<=i} (m-1) e(m-1) d_m - sum_{m>i} (n-m+1) e(m-2) d_m )

All terms of a sum are >= 0. Derivation: docs/best-estimator.md. Centered as `centered_loo` is, less
the mean statistic of the k-subsets of the others in place of the mean over j, each (M) e(M) becomes
M e'(M-1) with e' that of n-1 samples: M/(n-1) e'(M-1) is the rank weight that a sample gets on
average if one more of the others is drawn, and is below it.
"""

from functools import lru_cache
from math import ceil
from typing import Any, NamedTuple

import numpy as np

from pkpo_toy.checks import check_count, is_integer
from pkpo_toy.errors import InputError
from pkpo_toy.estimators.order_statistics import (
    gaps,
    running_product,
    running_sums,
    sort_groups,
    term_buffer,
    unsort,
)
from pkpo_toy.typing import Array

QUANTILE = 0.5
STATISTICS = ("top", "quantile", "cvar", "lower_cvar")
OPTIONS = (*STATISTICS, "centered")

_SLACK = 1e-12  # of a share times k: 0.7 * 10 is 7 draws, though not for a float


class Ranks(NamedTuple):
    """Rank weights in short: `each` for the `block` largest of k, and `single` for one more rank.

    mirrored: ranks count from the largest instead.
    """

    block: int
    each: float
    rank: int
    single: float
    mirrored: bool = False


def order_statistic(
    rewards: Array,
    k: int,
    *,
    top: int | None = None,
    quantile: float | None = None,
    cvar: float | None = None,
    lower_cvar: float | None = None,
    centered: bool = False,
) -> Array:
    """Weights for the gradient of E[statistic of k draws]; at most one statistic, see `ranks`.

    (..., n) -> (..., n), 1 <= k <= n, n >= 2; O(n log n). `maxk_rloo` at top = 1, `rloo` at
    top = k. centered: with the baseline of `centered_loo`, for k < n. Raises InputError for an
    option out of its domain. [OrderGrad] for the objectives, and for the centered form.
    """
    up, down = rise_weights(
        rewards.shape[-1], k, centered=centered,
        top=top, quantile=quantile, cvar=cvar, lower_cvar=lower_cvar,
    )  # fmt: skip
    ordered, places = sort_groups(rewards)
    sums = _rise(ordered, up) - _rise(-ordered[:, ::-1], down)[:, ::-1]
    return unsort(sums, places, rewards.shape, out=ordered)


def ranks(
    k: int,
    *,
    top: int | None = None,
    quantile: float | None = None,
    cvar: float | None = None,
    lower_cvar: float | None = None,
) -> Ranks:
    """What is asked of k draws; without an option their median, quantile = 0.5.

        top = m          mean of the m largest, 1 <= m <= k
        quantile = q     the smallest draw with a share of at least q at or below it, 0 < q < 1
        cvar = a         mean of the best share a, 0 < a <= 1: a k of the draws, the last in part
        lower_cvar = a   mean of the worst share a

    Raises InputError for more than one option, or one out of its domain.
    """
    values = (top, quantile, cvar, lower_cvar)
    given = [name for name, value in zip(STATISTICS, values, strict=True) if value is not None]
    if len(given) > 1:
        raise InputError(
            f"order_statistic takes one of {', '.join(STATISTICS)}, got {' and '.join(given)}."
        )
    if top is not None:
        if not is_integer(top) or not 1 <= top <= k:
            raise InputError(f"top must be an integer with 1 <= top <= k, got {top!r}, k = {k}.")
        return Ranks(int(top), 1 / top, 0, 0.0)
    if cvar is not None:
        return _tail(k, _share("cvar", cvar, 1.0))
    if lower_cvar is not None:
        return _tail(k, _share("lower_cvar", lower_cvar, 1.0))._replace(mirrored=True)
    share = _share("quantile", QUANTILE if quantile is None else quantile, np.nextafter(1, 0))
    return Ranks(0, 0.0, ceil(share * k * (1 - _SLACK)), 1.0)


def rank_weights(k: int, *, centered: bool = False, **options: Any) -> Array:
    """The rank weights a_1..a_k themselves, (k,), smallest draw first; options as in `ranks`.

    A baseline does not change them: `centered` is checked alone.
    """
    _check_flag(centered)
    asked = ranks(check_count("k", k), **options)
    a = np.zeros(k)
    a[k - asked.block :] = asked.each
    if asked.rank:
        a[asked.rank - 1] = asked.single
    return a[::-1].copy() if asked.mirrored else a


def rise_weights(n: int, k: int, *, centered: bool = False, **options: Any) -> tuple[Array, Array]:
    """k/(n(n-1)) (m-1) e(m-1) and the same of the mirrored statistic, m = 1..n, (n,) each.

    What `order_statistic` multiplies the gaps by: from below, and mirrored from above.
    Raises InputError for an option out of its domain.
    """
    asked = ranks(k, **options)
    if _check_flag(centered) and k == n:
        raise InputError(f"order_statistic with centered needs k <= n - 1, got k = n = {n}.")
    of = _centered_weights if centered else _rise_weights
    return of(n, k, asked), of(n, k, _mirror(asked))


def _check_flag(centered: Any) -> bool:
    if not isinstance(centered, bool | np.bool_) and centered not in (0, 1):
        raise InputError(f"centered must be True or False, 1 or 0, got {centered!r}.")
    return bool(centered)


def _share(name: str, value: Any, largest: float) -> float:
    number = isinstance(value, int | float | np.integer | np.floating)
    if not number or isinstance(value, bool) or not 0 < value <= largest:
        end = "<= 1" if largest == 1 else "< 1"
        raise InputError(f"{name} must be a number with 0 < {name} {end}, got {value!r}.")
    return float(value)


def _tail(k: int, share: float) -> Ranks:
    draws = share * k
    whole = min(int(draws * (1 + _SLACK)), k)
    part = max(0.0, draws - whole)
    if whole == k or not part:
        return Ranks(whole, 1 / whole, 0, 0.0)
    return Ranks(whole, 1 / draws, k - whole, part / draws)


def _mirror(asked: Ranks) -> Ranks:
    return asked._replace(mirrored=not asked.mirrored)


def _rise(ordered: Array, factors: Array) -> Array:
    """sum_{m<=i} factors_m d_m, i = 1..n, from sorted rewards (groups, n)."""
    n = ordered.shape[1]
    terms = gaps(ordered)
    terms[:, :n] *= factors
    return running_sums(terms, n)


@lru_cache(maxsize=16)
def _rise_weights(n: int, k: int, asked: Ranks) -> Array:
    weights: Array = np.arange(float(n)) * (k / (n * (n - 1)))
    weights *= _mean_rank_weight(n, k, asked)
    weights.flags.writeable = False
    return weights


@lru_cache(maxsize=16)
def _centered_weights(n: int, k: int, asked: Ranks) -> Array:
    weights: Array = np.arange(float(n)) * (k / (n * (n - 1)))
    weights[1:] *= _mean_rank_weight(n - 1, k, asked)
    weights.flags.writeable = False
    return weights


def _mean_rank_weight(n: int, k: int, asked: Ranks) -> Array:
    """e(M), M = 0..n-1."""
    e = np.zeros(n)
    if asked.block:
        e += asked.each * _at_least(n, k, k - asked.block)
    if asked.rank:
        e += asked.single * _exactly(n, k, asked.rank)
    return e[::-1] if asked.mirrored else e


def _exactly(n: int, k: int, j: int) -> Array:
    """P(j-1 of k-1 others are below) when M of n-1 are, M = 0..n-1; their sum is n/k.

    P(M-1) = P(M) (M-j+1)/M (n-M)/(n-M-k+j): products from the top, of no known size until summed.
    """
    highest = n - 1 - k + j
    below = np.arange(highest, j - 1, -1.0)
    factors = np.ones(n - k + 1)
    factors[1:] = (below - (j - 1)) / below * ((n - below) / (n - below - (k - j)))
    fraction, power = np.frexp(factors)
    running_product(fraction, power)
    shape = np.ldexp(fraction, power - power.max())
    chances = np.zeros(n)
    chances[j - 1 : highest + 1] = shape[::-1] * (n / k / shape.sum())
    return chances


def _at_least(n: int, k: int, count: int) -> Array:
    """P(`count` or more of k-1 others are below) when M of n-1 are, M = 0..n-1.

    It grows from M to M + 1 by the chance that the next one is the last of `count`.
    """
    if count == 0:
        return np.ones(n)
    terms = term_buffer(1, n)
    terms[0, 0] = 0.0
    terms[0, 1:n] = _exactly(n - 1, k - 1, count) * ((k - 1) / (n - 1))
    chances: Array = running_sums(terms, n)[0]
    return chances
