"""Exact moments by enumeration, against plain Python over ordered tuples."""

import math

import numpy as np
import pytest

from pkpo_toy.errors import InputError
from pkpo_toy.simulator.exact import categorical_gradient, enumeration
from pkpo_toy.simulator.exact.enumeration import count_outcomes, enumerate_moments
from pkpo_toy.simulator.policies import softmax
from tests import oracles_truth as oracle

LOGITS = [0.4, -0.3, 1.1, -2.0]
REWARDS = [0.0, 1.0, 0.5, 1.0]


def plain(rewards, k):
    return rewards / rewards.shape[-1]


def centered(rewards, k):
    return (rewards - rewards.mean(axis=-1, keepdims=True)) / (rewards.shape[-1] - 1)


def first_only(rewards, k):
    return rewards * (np.arange(rewards.shape[-1]) == 0)


def as_lists(function):
    return lambda rewards: function(np.array([rewards]), 1)[0].tolist()


@pytest.mark.parametrize("n", [2, 3, 5])
@pytest.mark.parametrize(
    ("function", "exchangeable"),
    [(plain, True), (plain, False), (centered, True), (centered, False), (first_only, False)],
)
def test_moments_are_those_of_the_tuples(function, exchangeable, n):
    found = enumerate_moments(function, LOGITS, REWARDS, n, 1, exchangeable=exchangeable)
    mean, covariance, zero_signal = oracle.moments(as_lists(function), LOGITS, REWARDS, n)
    np.testing.assert_allclose(found.mean, mean, rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose(found.covariance, covariance, rtol=1e-11, atol=1e-16)
    assert found.zero_signal == pytest.approx(zero_signal, rel=1e-12)
    assert found.centered == (function is centered)
    assert found.outcomes == (math.comb(n + 3, n) if exchangeable else 4**n)


@pytest.mark.parametrize("function", [plain, centered])
def test_the_mean_is_the_exact_gradient(function):
    found = enumerate_moments(function, LOGITS, REWARDS, 4, 1)
    np.testing.assert_allclose(found.mean, categorical_gradient(LOGITS, REWARDS, 1), atol=1e-15)


def test_chunks_do_not_change_the_moments(monkeypatch):
    whole = enumerate_moments(centered, LOGITS, REWARDS, 6, 1)
    monkeypatch.setattr(enumeration, "_CHUNK", 42)
    pieces = enumerate_moments(centered, LOGITS, REWARDS, 6, 1)
    np.testing.assert_allclose(pieces.mean, whole.mean, rtol=1e-12)
    np.testing.assert_allclose(pieces.covariance, whole.covariance, rtol=1e-12)
    assert pieces.zero_signal == pytest.approx(whole.zero_signal, rel=1e-12)


def test_a_small_variance_on_a_large_mean_keeps_its_digits():
    """Weight 1e8 on every draw of a policy with one likely arm: E g g' cancels to 1 in 1e9."""
    logits, n = [0.0, -20.0, -21.0], 3

    def weigh(rewards, k):
        return np.where(rewards == 1, 1.0, 1e5) * 1e3

    found = enumerate_moments(weigh, logits, [0.0, 1.0, 2.0], n, 1)
    _, covariance, _ = oracle.moments(as_lists(weigh), logits, [0.0, 1.0, 2.0], n)
    np.testing.assert_allclose(found.covariance, covariance, rtol=1e-9)


def test_zero_signal_in_closed_form_for_a_hard_problem():
    logits, n = np.array([0.0, -14.0]), 8
    found = enumerate_moments(centered, logits, [0.0, 1.0], n, 1)
    p = float(softmax(logits)[1])
    assert 1 - found.zero_signal == pytest.approx(-math.expm1(n * math.log1p(-p)), rel=1e-8, abs=0)
    assert found.zero_signal == pytest.approx((1 - p) ** n + p**n, rel=1e-13)


def test_constant_rewards_give_no_signal():
    found = enumerate_moments(centered, LOGITS, [1.0] * 4, 4, 1)
    assert found.zero_signal == pytest.approx(1.0, rel=1e-14)
    assert found.centered
    np.testing.assert_array_equal(found.covariance, 0.0)


@pytest.mark.parametrize("chunk", [3, 2**16])
def test_a_barred_arm_is_an_outcome_of_probability_zero(monkeypatch, chunk):
    """What the weights are where nothing can happen decides neither the moments nor the flags."""
    monkeypatch.setattr(enumeration, "_CHUNK", chunk)  # 3: an outcome at a time
    found = enumerate_moments(
        lambda rewards, k: np.where(rewards == 9, 1.0, 0.0), [0.0, 0.0, -np.inf], [0, 1, 9], 3, 1
    )
    assert found.centered
    assert found.zero_signal == pytest.approx(1.0, rel=1e-14)


def test_a_random_function_averages_to_its_mean():
    rng = np.random.default_rng(0)

    def noisy(rewards, k):
        return plain(rewards, k) + rng.normal(size=rewards.shape)

    means = np.array([enumerate_moments(noisy, LOGITS, REWARDS, 3, 1).mean for _ in range(400)])
    apart = means.mean(axis=0) - enumerate_moments(plain, LOGITS, REWARDS, 3, 1).mean
    assert np.all(np.abs(apart) < 4.5 * means.std(axis=0, ddof=1) / 20)


def test_progress_counts_to_the_total(monkeypatch):
    monkeypatch.setattr(enumeration, "_CHUNK", 40)
    seen = []
    enumerate_moments(plain, LOGITS, REWARDS, 4, 1, progress=lambda *done: seen.append(done))
    assert seen[-1] == (35, 35)
    assert [done for done, _ in seen] == sorted({done for done, _ in seen})
    assert len(seen) > 1


def test_the_budget_is_the_number_of_outcomes():
    assert count_outcomes(4, 5) == 56
    assert enumerate_moments(plain, LOGITS, REWARDS, 5, 1, budget=56).outcomes == 56
    with pytest.raises(InputError, match=r"budget must be >= 56 outcomes .* got 55"):
        enumerate_moments(plain, LOGITS, REWARDS, 5, 1, budget=55)
    with pytest.raises(InputError, match="budget must be >= 1024 outcomes"):
        enumerate_moments(plain, LOGITS, REWARDS, 5, 1, budget=56, exchangeable=False)


@pytest.mark.parametrize(
    ("change", "names"),
    [
        ({"n": 0}, "n must"),
        ({"n": 2.0}, "n must"),
        ({"k": 0}, "k must"),
        ({"budget": 0}, "budget"),
        ({"logits": [0.0, np.nan, 0.0, 0.0]}, "logits"),
        ({"logits": np.zeros((2, 4))}, "logits"),
        ({"rewards": [0.0, 1.0]}, "rewards"),
        ({"rewards": [0.0, 1.0, np.nan, 0.0]}, "rewards"),
        ({"function": lambda rewards, k: rewards[:, :1]}, "estimator"),
        ({"function": lambda rewards, k: rewards * np.nan}, "estimator"),
    ],
)
def test_bad_input_is_named(change, names):
    call = {"function": plain, "logits": LOGITS, "rewards": REWARDS, "n": 2, "k": 1} | change
    with pytest.raises(InputError, match=names):
        enumerate_moments(**call)
