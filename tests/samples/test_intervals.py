"""Intervals for a mean: quantiles against quadrature, the definition of Wilson's, coverage."""

import math

import mpmath
import numpy as np
import pytest

from pkpo_toy.samples.intervals import student_interval, student_t, wilson_interval


@pytest.mark.parametrize("degrees", [1, 2, 3, 4, 5, 10, 11, 163, 396])
def test_student_t_against_the_incomplete_beta_function(degrees):
    t = mpmath.mpf(student_t(degrees))
    x = degrees / (degrees + t * t)
    outside = mpmath.betainc(degrees / mpmath.mpf(2), 0.5, 0, x, regularized=True)
    assert abs(outside - mpmath.mpf("0.05")) < 1e-13


def test_student_t_tends_to_the_normal_quantile():
    assert student_t(10**5) == pytest.approx(1.959963984540054, rel=3e-5)


@pytest.mark.parametrize(
    ("mean", "se", "problems"), [(0.2, 0.05, 40), (0.9, 0.08, 7), (0.5, 0.3, 2)]
)
def test_wilson_ends_are_where_the_mean_is_t_errors_away(mean, se, problems):
    effective, t = mean * (1 - mean) / se**2, student_t(problems - 1)
    low, high = wilson_interval(mean, se, problems)
    assert 0 < low < mean < high < 1
    for end in (low, high):
        assert abs(mean - end) == pytest.approx(t * math.sqrt(end * (1 - end) / effective))


def test_wilson_does_not_collapse_where_all_problems_agree():
    low, high = wilson_interval(0.0, 0.0, 10)
    assert low == 0
    assert high == pytest.approx(student_t(9) ** 2 / (9 + student_t(9) ** 2))
    assert wilson_interval(1.0, 0.0, 10) == pytest.approx((1 - high, 1))
    low, high = wilson_interval(0.5, 0.0, 10)
    assert low < 0.3
    assert high > 0.7


@pytest.mark.parametrize(("right", "problems"), [(2, 5), (1, 2), (1, 40)])
def test_wilson_of_outcomes_is_continuous_in_their_agreement(right, problems):
    """0/1 outcomes have P_eff = P - 1, which is what an error of 0 falls back to."""
    outcomes = np.arange(problems) < right
    mean, se = float(outcomes.mean()), float(outcomes.std(ddof=1)) / math.sqrt(problems)
    assert wilson_interval(mean, se, problems) == pytest.approx(
        wilson_interval(mean, 0.0, problems), rel=1e-12
    )


def test_student_interval():
    low, high = student_interval(1.0, 0.5, 3)
    assert (low, high) == pytest.approx((1 - 0.5 * 4.302652729749464, 1 + 0.5 * 4.302652729749464))


@pytest.mark.parametrize("problems", [5, 10])
def test_wilson_covers_better_than_the_plain_interval_with_few_problems(problems):
    """Success rates from Beta(0.2, 0.8), whose mean is 0.2: most problems hard, a few easy."""
    rng = np.random.default_rng(5)
    rates = rng.beta(0.2, 0.8, (4000, problems))
    means, errors = rates.mean(axis=1), rates.std(axis=1, ddof=1) / math.sqrt(problems)

    def coverage(interval):
        ends = [interval(m, s, problems) for m, s in zip(means, errors, strict=True)]
        return np.mean([low <= 0.2 <= high for low, high in ends])

    # 5 standard errors of a coverage near 0.9 are 0.024.
    assert coverage(wilson_interval) > coverage(student_interval) + 0.024
    assert coverage(wilson_interval) > 0.87
