"""The PKPO forms exactly, for groups too large to enumerate: whole numbers of any length.

Sums over subsets are counted by rank: with rewards sorted ascending, C(j-1, k-1) of the k-subsets
have their maximum at rank j. Rewards are taken at their exact binary value.
"""

from collections.abc import Sequence
from fractions import Fraction
from itertools import accumulate, pairwise
from math import comb
from operator import mul
from typing import NamedTuple

FORMS = (
    *("pkpo", "pkpo_loo", "pkpo_loo_minus_one", "centered_loo"),
    *("maxk_rloo", "group_mean_centered"),
)
BITS = 256


class Shares(NamedTuple):
    """Numbers with one denominator, so that no fraction has to be reduced."""

    parts: list[int]
    whole: int


def exact_forms(ordered: Sequence[float], k: int) -> dict[str, Shares]:
    """Weights of sorted rewards by form, from integer subset sums; undefined forms left out."""
    n = len(ordered)
    ratios = [float(g).as_integer_ratio() for g in ordered]
    unit = max(denominator for _, denominator in ratios)
    g = [numerator * (unit // denominator) for numerator, denominator in ratios]
    tops = [comb(j - 1, k - 1) * g[j - 1] for j in range(1, n + 1)]
    above = [comb(j - 2, k - 2) * g[j - 1] if k >= 2 and j >= 2 else 0 for j in range(1, n + 1)]
    with_i = [t + s for t, s in zip(tops, suffix_sums(above), strict=True)]
    whole, zeros = comb(n, k) * unit, [0] * n
    forms = {"pkpo": Shares(with_i, whole)}
    gain = rest = zeros
    if k >= 2:
        below = [comb(j - 1, k - 2) * g[j - 1] for j in range(1, n + 1)]
        lost = [0, *accumulate(below)][:n]
        gain = [t - b for t, b in zip(tops, lost, strict=True)]
        forms["pkpo_loo_minus_one"] = Shares(gain, whole)
    if k < n:
        # Of the C(n-1, k) subsets without i, and C(n, k) (n - k) = C(n-1, k) n.
        without = [sum(tops) - w for w in with_i]
        loo = [(n - 1) * (n - k) * w - n * k * v for w, v in zip(with_i, without, strict=True)]
        forms["pkpo_loo"] = Shares(loo, whole * (n - 1) * (n - k))
        rest = [(n - k) * w - k * v for w, v in zip(with_i, without, strict=True)]
        forms["centered_loo"] = Shares(rest, whole * (n - k))
        total = sum(with_i)
        forms["group_mean_centered"] = Shares([n * w - total for w in with_i], whole * n)
    both = [(k - 1) * a + b for a, b in zip(gain, rest, strict=True)]
    forms["maxk_rloo"] = Shares(both, whole * (n - 1))
    return forms


def mixed(forms: dict[str, list[Fraction]], n: int, k: int) -> list[Fraction]:
    """`maxk_rloo`: (k-1)/(n-1) of `pkpo_loo_minus_one`, the rest of `centered_loo`."""
    share, zeros = Fraction(k - 1, n - 1), [Fraction(0)] * len(forms["pkpo"])
    pairs = (forms.get(form, zeros) for form in ("pkpo_loo_minus_one", "centered_loo"))
    return [share * gain + (1 - share) * centred for gain, centred in zip(*pairs, strict=True)]


def suffix_sums(values: Sequence[int]) -> list[int]:
    """Sum of what comes after each."""
    return [*list(accumulate(reversed(values)))[::-1][1:], 0]


def fixed_point_forms(
    ordered: Sequence[int], k: int, ranks: Sequence[int]
) -> dict[str, list[Fraction]]:
    """The same for whole-number rewards and any n, at some ranks 0..n-1, by sums over the gaps.

    mu_i is carried in units of 2**-BITS, by its recurrence from the top.
    """
    n = len(ordered)
    mu = [0] * (n + 1)
    mu[n] = (k << BITS) // n
    for i in range(n, k, -1):
        mu[i - 1] = mu[i] * (i - k) // (i - 1)
    gaps = [0] + [b - a for a, b in pairwise(ordered)]
    sums = list(accumulate(map(mul, mu, gaps)))
    top, mean = (k * ordered[-1] << BITS) // n, sum(sums) // n
    plain = {i: Fraction(top - sums[-1] + sums[i], 2**BITS) for i in ranks}
    forms = {"pkpo": [plain[i] for i in ranks]}
    if k >= 2:
        gained = list(accumulate(map(mul, mu[1:], gaps)))
        forms["pkpo_loo_minus_one"] = [Fraction(gained[i], 2**BITS) for i in ranks]
    if k < n:
        centered = [Fraction(sums[i] - mean, 2**BITS) for i in ranks]
        forms["group_mean_centered"] = centered
        forms["centered_loo"] = [w * Fraction(n, n - k) for w in centered]
        # The k-subsets without i: v_-i = (rho - (k/n) q_i) n/(n-k), with k rho the sum of plain.
        total = Fraction((top - sums[-1] + mean) * n, 2**BITS)
        share = Fraction(n, (n - 1) * (n - k))
        forms["pkpo_loo"] = [w - (total - k * w) * share for w in forms["pkpo"]]
    forms["maxk_rloo"] = mixed(forms, n, k)
    return forms
