"""95% intervals for a mean over few independent problems."""

from __future__ import annotations

import math
from functools import cache

import numpy as np

LEVEL = 0.95

Range = tuple[float, float]


def method(bounds: Range | None) -> str:
    """How `interval` makes the interval for values of this range, in words."""
    if bounds is None:
        return "95% interval: mean -+ Student's t times se"
    within = "" if bounds == (0.0, 1.0) else f", in the range {bounds[0]:g} to {bounds[1]:g}"
    return f"95% interval: Wilson's, Student's t, effective number of problems{within}"


def interval(mean: float, se: float, problems: int, bounds: Range | None) -> tuple[float, float]:
    """Wilson's interval scaled to the range the values can have, Student's where it is unknown."""
    if bounds is None:
        return student_interval(mean, se, problems)
    low, width = bounds[0], bounds[1] - bounds[0]
    ends = wilson_interval(min(max((mean - low) / width, 0.0), 1.0), se / width, problems)
    return low + width * ends[0], low + width * ends[1]


@cache
def student_t(degrees: int) -> float:
    """The t with P(|T| < t) = 0.95 for Student's T, to about 1e-12 of its value.

    Bisection on A(t | nu), with theta = arctan(t / sqrt(nu)); exact for integer nu:

        nu even: sin theta (1 + 1/2 cos^2 theta + (1 3)/(2 4) cos^4 theta + ...)
        nu odd:  2/pi (theta + sin theta cos theta (1 + 2/3 cos^2 theta + (2 4)/(3 5) cos^4 ...))

    Source: Abramowitz & Stegun, 26.7.3 and 26.7.4.
    """
    low, high = 0.0, math.pi / 2
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if _probability(middle, degrees) < LEVEL else (low, middle)
    return math.tan(low) * math.sqrt(degrees)


def _probability(theta: float, degrees: int) -> float:
    """A(t | nu) at t = sqrt(nu) tan theta."""
    odd = degrees % 2
    if degrees == 1:
        return 2 * theta / math.pi
    j = np.arange(1, (degrees - odd) // 2)
    ratios = (2 * j - 1 + odd) / (2 * j + odd) * math.cos(theta) ** 2
    series = math.sin(theta) * (1 + float(np.cumprod(ratios).sum()))
    return 2 / math.pi * (theta + math.cos(theta) * series) if odd else series


def student_interval(mean: float, se: float, problems: int) -> tuple[float, float]:
    """mean -+ t se with `problems` - 1 degrees of freedom."""
    half = student_t(problems - 1) * se
    return mean - half, mean + half


def wilson_interval(mean: float, se: float, problems: int) -> tuple[float, float]:
    """Wilson's interval for the mean of values in [0, 1], at the effective number of problems.

        P_eff = mean (1 - mean) / se^2,   a = t^2 / P_eff
        low   = mean^2 / (mean + a/2 + sqrt(a mean (1 - mean) + a^2/4)),   high by symmetry

    Values in [0, 1] spread at most as 0/1 outcomes do, so P_eff >= P - 1; where all problems agree
    the spread says nothing and P_eff is that least value. Unlike mean -+ t se the interval stays in
    [0, 1] and never collapses at 0 or 1; unlike a bootstrap's, its coverage does not fall far short
    when there are few problems.

    Source: Wilson, JASA 22 (1927); effective size and t as for complex surveys, Franco, Little,
    Louis & Slud, J. Survey Stat. Methodol. 7 (2019).
    """
    spread = mean * (1 - mean)
    effective = spread / se**2 if se > 0 and spread > 0 else problems - 1.0
    a = student_t(problems - 1) ** 2 / effective
    root = math.sqrt(a * spread + a * a / 4)
    failing = 1 - mean
    low, above = mean**2 / (mean + a / 2 + root), failing**2 / (failing + a / 2 + root)
    return low, 1 - above
