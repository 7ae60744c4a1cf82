"""The truth for a categorical policy, against ordered tuples and closed forms."""

import math

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from pkpo_toy.errors import InputError
from pkpo_toy.simulator.exact import (
    categorical_gradient,
    categorical_max_at_k,
    entropic_gradient,
    entropic_value,
)
from pkpo_toy.simulator.policies import softmax
from tests import oracles_truth as oracle

LOGITS = arrays(np.float64, 4, elements=st.floats(-5, 5))
REWARDS = arrays(np.float64, 4, elements=st.sampled_from([-1.5, -0.25, 0.0, 0.0, 0.5, 1.0, 3.0]))


@given(LOGITS, REWARDS, st.integers(1, 4))
@settings(deadline=None, max_examples=60)
def test_max_at_k_and_gradient_are_sums_over_tuples(logits, rewards, k):
    value = oracle.max_at_k(logits.tolist(), rewards.tolist(), k)
    slope = oracle.max_at_k_gradient(logits.tolist(), rewards.tolist(), k)
    np.testing.assert_allclose(categorical_max_at_k(logits, rewards, k), value, atol=3e-15 * 3)
    np.testing.assert_allclose(categorical_gradient(logits, rewards, k), slope, atol=3e-14)


@given(LOGITS, REWARDS, st.sampled_from([1, 3, 17, 200]))
@settings(deadline=None, max_examples=60)
def test_gradient_is_the_slope_of_the_objective(logits, rewards, k):
    ahead, behind = (
        categorical_max_at_k(logits + s * np.eye(4), rewards, k) for s in (1e-5, -1e-5)
    )
    slope = categorical_gradient(logits, rewards, k)
    np.testing.assert_allclose(slope, (ahead - behind) / 2e-5, atol=1e-6)
    assert abs(slope.sum()) < 1e-13


@given(LOGITS, REWARDS, st.integers(1, 20), st.floats(-10, 10), st.floats(0.01, 10))
@settings(deadline=None)
def test_shift_and_scale_of_the_rewards(logits, rewards, k, shift, scale):
    value, slope = (f(logits, rewards, k) for f in (categorical_max_at_k, categorical_gradient))
    moved = scale * rewards + shift
    np.testing.assert_allclose(
        categorical_max_at_k(logits, moved, k), scale * value + shift, atol=1e-12
    )
    np.testing.assert_allclose(categorical_gradient(logits, moved, k), scale * slope, atol=1e-11)


@given(LOGITS, REWARDS, st.integers(1, 50))
@settings(deadline=None)
def test_equal_rewards_have_bitwise_equal_slopes_per_probability(logits, rewards, k):
    tied = categorical_gradient(np.where(rewards == 0, 1.0, logits), rewards, k)
    assert len(np.unique(tied[rewards == 0])) <= 1


@pytest.mark.parametrize("k", [1, 2, 16, 1000, 10**6, 10**12])
@pytest.mark.parametrize("depth", [5.0, 14.0, 27.631, 60.0])
def test_a_hard_problem_keeps_its_digits(depth, k):
    """One right arm among three, p down to 1e-26: 1 - (1-p)**k and k (1-p)**(k-1) p (1-p)."""
    logits = np.array([0.0, -depth, 1.0])
    with mpmath.workdps(60):
        masses = [mpmath.exp(mpmath.mpf(float(v))) for v in logits]
        p = masses[1] / mpmath.fsum(masses)
        value = 1 - (1 - p) ** k
        core = k * (1 - p) ** (k - 1) * p
        share = masses[0] / mpmath.fsum(masses)
        slope = [float(v) for v in (-core * share, core * (1 - p), -core * (1 - p - share))]
    rewards = np.array([0.0, 1.0, 0.0])
    assert float(categorical_max_at_k(logits, rewards, k)) == pytest.approx(
        float(value), rel=1e-13, abs=0
    )
    # The exponent k log(1-p) itself is known to eps only, hence the factor k p.
    rel = 1e-13 * max(1.0, k * float(p))
    np.testing.assert_allclose(categorical_gradient(logits, rewards, k), slope, rtol=rel)


def test_an_easy_problem_keeps_the_digits_of_its_failures():
    """1 - p = 1e-12: the gradient is k (1-p)**k p, all of it from the small side."""
    logits, k = np.array([0.0, math.log(1e12)]), 3
    fail = 1 / (1 + 1e12)
    slope = categorical_gradient(logits, [0.0, 1.0], k)
    np.testing.assert_allclose(slope, [-k * fail**k, k * fail**k], rtol=1e-11)


def test_barred_and_underflowing_arms():
    logits = np.array([0.0, -np.inf, -2000.0, 0.0])
    for k in (1, 2, 10):
        value = categorical_max_at_k(logits, [0.0, 5.0, 7.0, 1.0], k)
        assert float(value) == pytest.approx(1 - 0.5**k, rel=1e-14)
        slope = categorical_gradient(logits, [0.0, 5.0, 7.0, 1.0], k)
        np.testing.assert_allclose(slope, k * 0.5 ** (k + 1) * np.array([-1, 0, 0, 1]), rtol=1e-13)
    lowest_barred = categorical_gradient([-np.inf, 0.0, 0.0], [0.0, 1.0, 2.0], 1)
    np.testing.assert_allclose(lowest_barred, [0, -0.25, 0.25], rtol=1e-14)


def test_runs_and_problems_in_front():
    rng = np.random.default_rng(0)
    logits, ks = rng.normal(size=(3, 2, 5)), [1, 4, 9]
    for rewards in (
        rng.normal(size=5),
        rng.integers(0, 2, size=(2, 5)),
        rng.normal(size=(3, 1, 5)),
    ):
        full = np.broadcast_to(rewards, logits.shape)
        values = categorical_max_at_k(logits, rewards, ks)
        slopes = categorical_gradient(logits, rewards, ks)
        assert values.shape == (3, 2, 3)
        assert slopes.shape == (3, 2, 5, 3)
        for j, k in enumerate(ks):
            np.testing.assert_array_equal(categorical_max_at_k(logits, rewards, k), values[..., j])
            for r, p in np.ndindex(3, 2):
                one = categorical_max_at_k(logits[r, p], full[r, p], k)
                np.testing.assert_allclose(values[r, p, j], one, rtol=1e-14, atol=1e-15)
                slope = categorical_gradient(logits[r, p], full[r, p], k)
                np.testing.assert_allclose(slopes[r, p, :, j], slope, rtol=1e-12, atol=1e-15)


def test_one_run_for_many_rewards():
    """Rewards may have more leading axes than the logits."""
    rewards = np.random.default_rng(0).normal(size=(6, 3))
    values = categorical_max_at_k([0.1, 0.2, 0.3], rewards, 2)
    assert values.shape == (6,)
    assert categorical_gradient([0.1, 0.2, 0.3], rewards, 2).shape == (6, 3)
    np.testing.assert_allclose(values[4], categorical_max_at_k([0.1, 0.2, 0.3], rewards[4], 2))


def test_a_single_arm_has_nothing_to_learn():
    assert float(categorical_max_at_k([2.0], [0.7], 3)) == 0.7
    np.testing.assert_array_equal(categorical_gradient([2.0], [0.7], 3), [0.0])


@given(LOGITS, REWARDS, st.sampled_from([1e-9, 1e-3, 0.5, 3.0, 40.0, 5000.0]))
@settings(deadline=None)
def test_entropic_value_is_the_logarithm_with_many_digits(logits, rewards, beta):
    value = oracle.entropic(logits, rewards, beta)
    np.testing.assert_allclose(entropic_value(logits, rewards, beta), float(value), atol=2e-14)
    pi = softmax(logits)
    with mpmath.workdps(60):
        slope = [
            float(mpmath.mpf(float(p)) * mpmath.expm1(mpmath.mpf(beta) * (float(g) - value)) / beta)
            for p, g in zip(pi, rewards, strict=True)
        ]
    np.testing.assert_allclose(
        entropic_gradient(logits, rewards, beta), slope, atol=1e-13 * max(1, 1 / beta * 1e-2)
    )


def test_entropic_gradient_is_the_slope_and_meets_both_limits():
    logits, rewards = np.array([0.3, -1.0, 0.5]), np.array([0.0, 1.0, -0.5])
    ahead, behind = (entropic_value(logits + s * np.eye(3), rewards, 2.0) for s in (1e-5, -1e-5))
    np.testing.assert_allclose(
        entropic_gradient(logits, rewards, 2.0), (ahead - behind) / 2e-5, atol=1e-9
    )
    np.testing.assert_allclose(
        entropic_gradient(logits, rewards, 1e-9),
        categorical_gradient(logits, rewards, 1),
        atol=1e-9,
    )
    assert float(entropic_value([0.0, -800.0], [0.0, 1.0], 1000.0)) == pytest.approx(0.2, rel=1e-9)
    assert float(entropic_value([0.0, -np.inf], [0.0, 9.0], 1000.0)) == 0.0


BAD_K = [0, -1, 2.0, True, "2", None, [1, 0], [], [1.5], [[1, 2]]]


@pytest.mark.parametrize("k", BAD_K)
def test_k_must_be_a_count(k):
    for function in (categorical_max_at_k, categorical_gradient):
        with pytest.raises(InputError, match="k must be an integer >= 1"):
            function([0.0, 1.0], [0.0, 1.0], k)


@pytest.mark.parametrize(
    ("logits", "rewards", "names"),
    [
        ([0.0, np.nan], [0.0, 1.0], "logits"),
        ([0.0, 1.0], [0.0, np.nan], "rewards must be finite, got 1 .* first at"),
        ([0.0, 1.0], [0.0, np.inf], "rewards"),
        ([0.0, 1.0], [0.0, 1.0, 2.0], "rewards"),
        ([0.0, 1.0], 1.0, "rewards"),
        (np.zeros((3, 2)), np.zeros((4, 2)), "rewards"),
        ([0.0, 1.0], ["a", "b"], "rewards"),
    ],
)
def test_bad_instances_are_named(logits, rewards, names):
    for function in (categorical_max_at_k, categorical_gradient, entropic_value, entropic_gradient):
        with pytest.raises(InputError, match=names):
            function(logits, rewards, 1)


@pytest.mark.parametrize("beta", [0.0, -1.0, np.nan, np.inf, True, "x"])
def test_beta_must_be_positive(beta):
    for function in (entropic_value, entropic_gradient):
        with pytest.raises(InputError, match="beta"):
            function([0.0, 1.0], [0.0, 1.0], beta)
