"""The truth for order statistics: ordered tuples, narrow cells, closed forms, the maximum."""

import math

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from pkpo_toy.errors import InputError
from pkpo_toy.estimators import rank_weights
from pkpo_toy.simulator.exact import (
    categorical_gradient,
    categorical_max_at_k,
    categorical_statistic,
    categorical_statistic_gradient,
    gaussian_gradient,
    gaussian_max_at_k,
    gaussian_statistic,
    gaussian_statistic_gradient,
)
from pkpo_toy.simulator.rewards import UNIT_SQUARE, RewardFunction
from tests import oracles_truth as oracle

LOGITS = arrays(np.float64, 4, elements=st.floats(-5, 5))
REWARDS = arrays(np.float64, 4, elements=st.sampled_from([-1.5, -0.25, 0.0, 0.0, 0.5, 1.0, 3.0]))
ASKED = [{"top": 2}, {"quantile": 0.5}, {"quantile": 0.01}, {"cvar": 0.4}, {"lower_cvar": 0.7}]
LINE = RewardFunction("line", lambda x: 3 * x - 1, ())
HUMPS = RewardFunction(
    "humps", lambda x: np.where(abs(x) < 1, np.sin(9 * x) * (1 + x) - 0.5, 0.0), (-1.0, 1.0)
)


@given(LOGITS, REWARDS, st.integers(1, 4), st.integers(0, 10**6))
@settings(deadline=None, max_examples=60)
def test_value_and_gradient_are_sums_over_tuples(logits, rewards, k, seed):
    a = np.random.default_rng(seed).normal(size=k)
    value, slope = oracle.statistic_over_tuples(logits.tolist(), rewards.tolist(), a.tolist())
    np.testing.assert_allclose(categorical_statistic(logits, rewards, a), value, atol=2e-14 * k)
    got = categorical_statistic_gradient(logits, rewards, a)
    np.testing.assert_allclose(got, slope, atol=1e-13 * k)


@pytest.mark.parametrize("k", [1, 3, 40, 700])
def test_the_last_rank_is_the_maximum_and_equal_ranks_are_the_mean(k):
    rng = np.random.default_rng(k)
    logits, rewards = rng.normal(size=(3, 2, 6)), rng.integers(0, 4, 6) / 3
    last, equal = rank_weights(k, top=1), rank_weights(k, top=k)
    for statistic, best in (
        (categorical_statistic, categorical_max_at_k),
        (categorical_statistic_gradient, categorical_gradient),
    ):
        found = statistic(logits, rewards, last)
        np.testing.assert_allclose(found, best(logits, rewards, k), rtol=1e-12, atol=1e-15)
        found = statistic(logits, rewards, equal)
        np.testing.assert_allclose(found, best(logits, rewards, 1), rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize("k", [2, 7, 60])
def test_the_first_rank_is_the_maximum_of_the_negative(k):
    rng = np.random.default_rng(k)
    logits, rewards = rng.normal(size=5), rng.normal(size=5)
    a = rank_weights(k, quantile=0.5 / k)
    value = -categorical_max_at_k(logits, -rewards, k)
    np.testing.assert_allclose(categorical_statistic(logits, rewards, a), value, rtol=1e-13)
    slope = -categorical_gradient(logits, -rewards, k)
    found = categorical_statistic_gradient(logits, rewards, a)
    np.testing.assert_allclose(found, slope, rtol=1e-12, atol=1e-16)


def test_a_barred_arm_has_no_part():
    logits, a = np.array([-np.inf, 0.0, 1.0, -np.inf]), rank_weights(3, quantile=0.5)
    full = np.array([-9.0, 0.2, 0.7, 9.0])
    value = categorical_statistic(logits, full, a)
    np.testing.assert_allclose(value, categorical_statistic(logits[1:3], full[1:3], a), rtol=1e-15)
    slope = categorical_statistic_gradient(logits, full, a)
    assert slope[0] == slope[3] == 0.0
    assert slope[2] > 0


@pytest.mark.parametrize("asked", ASKED, ids=str)
@pytest.mark.parametrize("reward", [UNIT_SQUARE, HUMPS], ids=lambda r: r.name)
def test_a_gaussian_policy_agrees_with_narrow_cells(reward, asked):
    for k in (2, 9):
        a = rank_weights(k, **asked)
        for theta in (-0.15, 0.31, 0.95):
            truth = oracle.statistic_on_cells(reward, reward.breaks, theta, a, 0.1)
            found = gaussian_statistic(theta, a, reward, 0.1)
            np.testing.assert_allclose(found, truth, rtol=1e-7, atol=1e-8)


@pytest.mark.parametrize("asked", ASKED, ids=str)
@pytest.mark.parametrize("k", [3, 64])
def test_the_gradient_is_the_slope_of_the_value(k, asked):
    theta, step, a = np.array([-0.15, 0.31, 0.72, 1.02]), 1e-5, rank_weights(k, **asked)
    for reward in (UNIT_SQUARE, HUMPS):
        ahead, behind = (gaussian_statistic(theta + s, a, reward, 0.1) for s in (step, -step))
        slope = gaussian_statistic_gradient(theta, a, reward, 0.1)
        np.testing.assert_allclose(slope, (ahead - behind) / (2 * step), rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("k", [1, 2, 64])
def test_the_maximum_and_the_mean_of_a_gaussian_policy(k):
    theta = np.array([[-0.15, 0.31], [0.72, 1.02]])
    for reward in (UNIT_SQUARE, HUMPS, LINE):
        for statistic, best in (
            (gaussian_statistic, gaussian_max_at_k),
            (gaussian_statistic_gradient, gaussian_gradient),
        ):
            last, equal = (rank_weights(k, top=m) for m in (1, k))
            found, mean = (statistic(theta, a, reward, 0.1) for a in (last, equal))
            np.testing.assert_allclose(found, best(theta, k, reward, 0.1), rtol=1e-12, atol=1e-13)
            np.testing.assert_allclose(mean, best(theta, 1, reward, 0.1), rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("k", [2, 3, 64])
def test_the_smallest_of_k_normals(k):
    """On a line it is as far below the mean as the largest is above."""
    theta, a = np.array([-4.0, 0.3, 7.0]), rank_weights(k, quantile=0.5 / k)
    expected = 2 * gaussian_max_at_k(theta, 1, LINE, 0.5) - gaussian_max_at_k(theta, k, LINE, 0.5)
    np.testing.assert_allclose(gaussian_statistic(theta, a, LINE, 0.5), expected, rtol=1e-12)
    np.testing.assert_allclose(gaussian_statistic_gradient(theta, a, LINE, 0.5), 3.0, rtol=1e-11)


def test_a_low_rank_of_many_draws_agrees_with_mpmath():
    """The smallest of 64 draws of x**2 on [0, 1]: the integral of (1 - F)**64 over the levels."""
    theta, sd, k = 0.3, 0.1, 64
    with mpmath.workdps(25):

        def above(t):
            return mpmath.ncdf(1, theta, sd) - mpmath.ncdf(mpmath.sqrt(t), theta, sd)

        truth = mpmath.quad(lambda t: above(t) ** k, [mpmath.mpf(i) / 16 for i in range(17)])
    found = gaussian_statistic(theta, rank_weights(k, quantile=0.5 / k), UNIT_SQUARE, sd)
    assert float(found) == pytest.approx(float(truth), rel=1e-12, abs=0)


def test_refusals():
    for bad, told in (([], "shape"), ([[1.0]], "shape"), ([math.nan], "finite")):
        with pytest.raises(InputError, match=f"rank_weights must .*{told}"):
            categorical_statistic([0.0, 1.0], [0.0, 1.0], bad)
        with pytest.raises(InputError, match=f"rank_weights must .*{told}"):
            gaussian_statistic_gradient(0.3, bad, UNIT_SQUARE, 0.1)
