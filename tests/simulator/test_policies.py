"""Policies: probabilities, sampling in bulk, and the sum of weights times scores."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from pkpo_toy.checks import row_max
from pkpo_toy.errors import InputError
from pkpo_toy.simulator.policies import (
    Softmax,
    arms_gradient,
    log_softmax,
    normal_gradient,
    sample_arms,
    sample_normal,
    softmax,
)
from pkpo_toy.simulator.rewards import UNIT_SQUARE, RewardFunction
from tests import oracles_truth as oracle


class AlwaysTop:
    """A generator whose uniforms are the largest below 1."""

    def random(self, shape):
        return np.full(shape, np.nextafter(1.0, 0.0))


class AlwaysZero:
    """A generator whose uniforms are all 0."""

    def random(self, shape):
        return np.zeros(shape)


@given(arrays(np.float64, st.integers(1, 8), elements=st.floats(-50, 50)))
@settings(deadline=None)
def test_softmax_is_the_definition(logits):
    np.testing.assert_allclose(softmax(logits), oracle.probabilities(logits.tolist()), rtol=1e-13)


def test_log_softmax_keeps_what_softmax_underflows():
    logits = np.array([[0.0, -1000.0], [800.0, 800.0]])
    expected = [[0.0, -1000.0], [-math.log(2)] * 2]
    np.testing.assert_allclose(log_softmax(logits), expected, rtol=1e-15, atol=1e-300)
    assert softmax(logits)[0, 1] == 0.0


def test_a_barred_arm_has_probability_zero():
    np.testing.assert_array_equal(softmax([0.0, -np.inf, 0.0]), [0.5, 0.0, 0.5])


@pytest.mark.parametrize("shape", [(1,), (7,), (5, 1), (4, 13), (3, 2, 100)])
def test_samples_are_the_inverse_cdf_of_the_uniforms(shape):
    logits = np.random.default_rng(1).normal(size=shape)
    arms = sample_arms(logits, 50, np.random.default_rng(2))
    uniforms = np.random.default_rng(2).random((*shape[:-1], 50))
    running = np.cumsum(softmax(logits), axis=-1)[..., None, :-1]
    assert arms.shape == uniforms.shape
    np.testing.assert_array_equal(arms, (running <= uniforms[..., None]).sum(axis=-1))


def test_frequencies_match_the_policy():
    n, logits = 20_000, np.random.default_rng(0).normal(size=(3, 6))
    arms = sample_arms(logits, n, np.random.default_rng(5))
    observed = (arms[..., None] == np.arange(6)).mean(axis=1)
    pi = softmax(logits)
    assert np.all(np.abs(observed - pi) < 5 * np.sqrt(pi * (1 - pi) / n))


@given(
    arrays(
        np.float64,
        st.tuples(st.integers(1, 4), st.integers(1, 40)),
        elements=st.one_of(st.floats(-40, 40), st.just(-np.inf), st.just(-800.0)),
    ),
    st.sampled_from([AlwaysTop(), AlwaysZero()]),
)
@settings(deadline=None)
def test_the_ends_of_the_uniforms_never_leave_the_support(logits, rng):
    logits[:, logits.shape[1] // 2] = 0.0
    arms = sample_arms(logits, 3, rng)
    assert arms.max() < logits.shape[1]
    assert np.all(np.take_along_axis(softmax(logits), arms, axis=-1) > 0)


def test_arms_gradient_is_the_plain_sum_of_weighted_scores():
    rng = np.random.default_rng(3)
    logits, weights = rng.normal(size=(2, 3, 4)), rng.normal(size=(2, 3, 5))
    arms = sample_arms(logits, 5, rng)
    onehot = np.eye(4)[arms]
    expected = (weights[..., None] * (onehot - softmax(logits)[..., None, :])).sum(axis=-2)
    np.testing.assert_allclose(arms_gradient(logits, arms, weights), expected, atol=1e-14)


def test_arms_gradient_differentiates_the_log_probability():
    logits, arms, weights = (
        np.array([0.3, -1.0, 0.7]),
        np.array([2, 0, 2]),
        np.array([1.0, -2, 0.5]),
    )

    def objective(values):
        return (weights * log_softmax(values)[arms]).sum()

    slopes = [(objective(logits + e) - objective(logits - e)) / 2e-6 for e in np.eye(3) * 1e-6]
    np.testing.assert_allclose(arms_gradient(logits, arms, weights), slopes, atol=1e-9)


def test_normal_samples_and_their_score():
    theta, n = np.array([[0.5], [-2.0]]), 40_000
    x = sample_normal(theta, 0.1, n, np.random.default_rng(4))
    assert x.shape == (2, 1, n)
    np.testing.assert_allclose(x.mean(axis=-1), theta, atol=5 * 0.1 / math.sqrt(n))
    np.testing.assert_allclose(x.std(axis=-1), 0.1, atol=5 * 0.1 / math.sqrt(2 * n))
    scored = normal_gradient(theta, 0.1, x, np.ones_like(x))
    np.testing.assert_allclose(scored, ((x - theta[..., None]) / 0.01).sum(axis=-1), rtol=1e-9)


@pytest.mark.parametrize("shape", [(1,), (7,), (5, 1), (4, 13), (40,), (3, 40)])
def test_sampling_leaves_the_policy_as_it_is(shape):
    policy = Softmax.of(np.random.default_rng(1).normal(size=shape))
    before = policy.masses.copy()
    policy.sample(9, np.random.default_rng(2))
    np.testing.assert_array_equal(policy.masses, before)


def test_unit_square_is_zero_outside():
    x = np.array([-1e-9, 0.0, 0.5, 1.0, 1 + 1e-9])
    np.testing.assert_array_equal(UNIT_SQUARE(x), [0, 0, 0.25, 1, 0])


RNG = np.random.default_rng(0)


@pytest.mark.parametrize(
    ("call", "names"),
    [
        (lambda: softmax([0.0, np.nan]), "logits"),
        (lambda: softmax([0.0, np.inf]), "logits"),
        (lambda: softmax([-np.inf, -np.inf]), "logits"),
        (lambda: softmax(1.0), "logits"),
        (lambda: log_softmax(np.zeros((3, 0))), "logits"),
        (lambda: sample_arms([0.0, np.nan], 2, RNG), "logits"),
        (lambda: sample_arms([0.0, 1.0], 0, RNG), "n must"),
        (lambda: sample_arms([0.0, 1.0], True, RNG), "n must"),
        (lambda: arms_gradient(np.zeros((2, 3)), np.zeros((2, 4), int), np.zeros(4)), "weights"),
        (lambda: arms_gradient(np.zeros(3), np.zeros((2, 4), int), np.zeros((2, 4))), "arms"),
        (lambda: sample_normal(np.nan, 0.1, 2, RNG), "theta"),
        (lambda: sample_normal(0.0, 0.0, 2, RNG), "sd"),
        (lambda: sample_normal(0.0, np.nan, 2, RNG), "sd"),
        (lambda: normal_gradient(0.0, -1.0, np.zeros(2), np.zeros(2)), "sd"),
        (lambda: RewardFunction("r", np.sin, (1.0, 0.0)), "breaks"),
        (lambda: RewardFunction("r", np.sin, (0.0, np.inf)), "breaks"),
    ],
)
def test_bad_input_is_named(call, names):
    with pytest.raises(InputError, match=names):
        call()


def test_the_largest_of_short_rows():
    for d in range(1, 40):
        array = np.random.default_rng(d).standard_normal((3, 5, d))
        np.testing.assert_array_equal(row_max(array), array.max(axis=-1, keepdims=True))
    assert np.isnan(row_max(np.array([[1.0, np.nan, 2.0]]))).all()
