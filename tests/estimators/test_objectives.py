"""pass@k, max@k and the element weights, exact for any n."""

from fractions import Fraction
from math import comb

import numpy as np
import pytest

from pkpo_toy.estimators import element_weights, max_at_k, pass_at_k
from pkpo_toy.estimators.order_statistics import mu_table
from tests.oracles import exact, mean_of_max


def exact_pass_at_k(n, c, k):
    return 1 - Fraction(comb(n - c, k), comb(n, k))


def test_pass_at_k_for_every_small_case():
    for n in range(1, 13):
        for c in range(n + 1):
            for k in range(1, n + 1):
                truth = exact_pass_at_k(n, c, k)
                assert abs(Fraction(float(pass_at_k(n, c, k))) - truth) <= truth * 4e-16


@pytest.mark.parametrize(
    ("n", "c", "k"),
    [(1030, 3, 515), (2000, 1, 1), (2000, 1, 1999), (2000, 44, 45), (100_000, 300, 310),
     (100_000, 2, 50_000), (100_000, 70_000, 3), (100_000, 2200, 2000)],
)  # fmt: skip
def test_pass_at_k_for_large_n(n, c, k):
    truth = exact_pass_at_k(n, c, k)
    assert abs(Fraction(float(pass_at_k(n, c, k))) - truth) <= truth * 2e-15


@pytest.mark.parametrize(("c", "k"), [(1, 1), (1, 999_999), (2, 3), (900, 800), (6000, 7000)])
def test_pass_at_k_for_a_million(c, k):
    n, few, many = 1_000_000, min(c, k), max(c, k)
    fail = 1 << 300
    for j in range(few):
        fail = fail * (n - many - j) // (n - j)
    truth = 1 - Fraction(fail, 1 << 300)
    assert abs(Fraction(float(pass_at_k(n, c, k))) - truth) <= truth * 1e-14


def test_pass_at_k_broadcasts_and_mixes_lengths():
    rng = np.random.default_rng(0)
    n = rng.integers(1, 3000, (7, 1, 40))
    c = np.minimum(rng.integers(0, 3000, (5, 1)), n)
    k = 1 + rng.integers(0, 3000, 40) % n
    got = pass_at_k(n, c, k)
    assert got.shape == (7, 5, 40)
    for index in [(0, 0, 0), (6, 4, 39), (3, 2, 17), (1, 1, 1)]:
        one = [int(a[index]) for a in np.broadcast_arrays(n, c, k)]
        assert (
            got[index] == pass_at_k(*one) == pytest.approx(float(exact_pass_at_k(*one)), 1e-14, 0)
        )
    assert pass_at_k(np.empty((0, 3), int), 0, 1).shape == (0, 3)
    assert isinstance(pass_at_k(4, 2, np.int8(2)), float)


def test_element_weights_are_the_shares_of_subsets():
    for n in (1, 2, 8, 11):
        for k in range(1, n + 1):
            truth = [comb(i - 1, k - 1) / comb(n, k) for i in range(1, n + 1)]
            np.testing.assert_allclose(element_weights(n, k), truth, rtol=1e-15)


@pytest.mark.parametrize(("n", "k"), [(1029, 500), (2000, 7), (100_000, 50_000), (1_000_000, 1000)])
def test_element_weights_sum_to_one(n, k):
    mu = element_weights(n, k)
    assert mu.sum() == pytest.approx(1, abs=1e-13)
    assert not mu[: k - 1].any()
    assert (np.diff(mu) >= 0).all()
    with pytest.raises(ValueError, match="read-only"):
        mu_table(n, k).stored[0] = 1


def test_max_at_k_is_the_mean_over_subsets():
    rng = np.random.default_rng(1)
    for n in (1, 2, 5, 8):
        for k in range(1, n + 1):
            for rewards in (rng.normal(size=n), -rng.random(n), rng.integers(0, 2, n)):
                truth = mean_of_max(exact(rewards), k)
                scale = max(abs(x) for x in exact(rewards))
                assert abs(Fraction(float(max_at_k(rewards, k))) - truth) <= scale * 1e-15


def test_max_at_k_of_binary_rewards_is_pass_at_k():
    for n, c, k in [(50, 3, 7), (2000, 1, 1), (1_000_000, 2, 1000), (1_000_000, 1, 1)]:
        got = max_at_k(np.arange(n) < c, k)
        assert got == pytest.approx(float(pass_at_k(n, c, k)), rel=1e-12, abs=0)


def test_max_at_k_of_ties_is_the_reward():
    for value in (0.1, -0.3, 1e308, -1e308, 1e-310):
        assert max_at_k(np.full(37, value), 5) == value


def test_max_at_k_of_huge_rewards_and_leading_axes():
    rewards = np.array([[-1.7e308, 1.7e308, 0.0], [1.0, 2.0, 3.0]])
    np.testing.assert_allclose(max_at_k(rewards, 2), [1.7e308 / 3 * 2, 8 / 3], rtol=1e-15)
    assert max_at_k(rewards.reshape(1, 2, 3), 2).shape == (1, 2)
