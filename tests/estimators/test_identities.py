"""Identities that hold for all rewards: sums, shifts, scales, ties, batches, special k."""

from itertools import permutations
from math import comb

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pkpo_toy.errors import InputError
from pkpo_toy.estimators import ESTIMATORS, max_at_k, weights
from tests.estimators.rewards import groups

EXCHANGEABLE = [key for key, row in ESTIMATORS.items() if row.exchangeable and not row.random]

rewards_and_k = groups(3, 40).flatmap(
    lambda rewards: st.tuples(st.just(rewards), st.integers(2, len(rewards) - 1))
)
moderate = settings(deadline=None, max_examples=60)


def suited(key, rewards):
    """The rewards, brought into the estimator's domain."""
    row = ESTIMATORS[key]
    if row.binary:
        return (rewards > np.median(rewards)).astype(float)
    return np.abs(rewards) if row.nonnegative else rewards


def k_for(key, n, k):
    row = ESTIMATORS[key]
    try:
        row.check(n, k)
    except InputError:
        return 2 if n % 2 == 0 else 1 if row.domain.holds(n, 1) else n
    return k


@moderate
@given(rewards_and_k)
def test_sums(case):
    g, k = case
    n, size = len(g), np.abs(g).max() * 1e-12 + 1e-300
    rho = max_at_k(g, k)
    assert weights(g, k, "pkpo").sum() == pytest.approx(k * rho, abs=k * size)
    loo = weights(g, k, "pkpo_loo")
    assert loo.sum() == pytest.approx(-k * rho / (n - 1), abs=n * size)
    assert weights(g, k, "centered_loo").sum() == pytest.approx(0, abs=n * size)
    gained = weights(g, k, "pkpo_loo_minus_one").sum()
    assert gained == pytest.approx(k * (rho - max_at_k(g, k - 1)), abs=k * size)


@moderate
@given(rewards_and_k, st.integers(-64, 64))
def test_shifts(case, shift):
    g, k = case
    n = len(g)
    moves = {
        "pkpo": k * shift / n,
        "pkpo_loo": -k * shift / (n * (n - 1)),
        "pkpo_loo_minus_one": 0,
        "centered_loo": 0,
        "maxk_rloo": 0,
        "order_statistic": 0,
        "group_mean_centered": 0,
    }
    for form, move in moves.items():
        before, after = weights(g, k, form), weights(g + shift, k, form)
        np.testing.assert_allclose(after, before + move, atol=1e-12 * (abs(shift) + 1) * k)


@pytest.mark.parametrize("form", ["pkpo_loo_minus_one", "centered_loo", "maxk_rloo",
                                  "order_statistic", "group_mean_centered"])  # fmt: skip
def test_a_large_shift_costs_nothing_but_its_own_rounding(form):
    g = np.random.default_rng(0).integers(0, 2**20, (50, 64)) / 2**26  # exact after the shift
    np.testing.assert_array_equal(weights(g + 1e6, 7, form), weights(g, 7, form))


@moderate
@given(rewards_and_k, st.integers(-40, 40))
@pytest.mark.parametrize("key", [key for key, row in ESTIMATORS.items() if not row.binary])
def test_homogeneous_by_the_degree_of_the_table(key, case, power):
    g, k = case
    row = ESTIMATORS[key]
    g, k, s = suited(key, g), k_for(key, len(g), k), 2.0**power
    rng = [np.random.default_rng(0) for _ in range(2)] if row.random else [None, None]
    small = {"beta": 0.25} if "beta" in row.options else {}
    large = {"beta": 0.25 / s} if "beta" in row.options else {}
    got = weights(g * s, k, key, rng=rng[0], **large)
    np.testing.assert_array_equal(got, weights(g, k, key, rng=rng[1], **small) * s**row.degree)


@moderate
@given(rewards_and_k, st.integers(0, 2**32 - 1))
@pytest.mark.parametrize("key", EXCHANGEABLE)
def test_ties_and_order(key, case, seed):
    """Equal rewards get bitwise equal weights, and permuting samples permutes weights' bits."""
    g, k = case
    g = np.round(suited(key, g))
    k = k_for(key, len(g), k)
    order = np.random.default_rng(seed).permutation(len(g))
    w = weights(g, k, key)
    assert weights(g[order], k, key).tobytes() == w[order].tobytes()
    _, first, which = np.unique(g, return_index=True, return_inverse=True)
    assert w[first][which].tobytes() == w.tobytes()


@pytest.mark.parametrize("key", EXCHANGEABLE)
def test_minus_zero_ties_with_zero(key):
    signed = not (ESTIMATORS[key].binary or ESTIMATORS[key].nonnegative)
    for rest in ([], [1.0], [1.0, 1.0], [-1.0, 1.0] if signed else []):
        for zeros in ([0.0, -0.0, -0.0, 0.0], [-0.0, 0.0, 0.0, -0.0], [-0.0] * 4, [0.0] * 4):
            w = weights(zeros + rest, 3, key)
            assert len({x.tobytes() for x in w[:4]}) == 1
            assert w.tobytes() == weights([0.0] * 4 + rest, 3, key).tobytes()


@pytest.mark.parametrize("n", [2, 5, 16, 257, 1000, 5003])
@pytest.mark.parametrize("key", EXCHANGEABLE)
def test_long_ties_and_order(key, n):
    rng = np.random.default_rng(n)
    g = suited(key, rng.integers(-3, 4, n) * 0.1 + rng.integers(0, 2, n) * rng.random(n))
    k = k_for(key, n, max(2, n // 3)) if n > 2 else (2 if key == "pkpo_loo_minus_one" else 1)
    order = rng.permutation(n)
    w = weights(g, k, key)
    assert weights(g[order], k, key).tobytes() == w[order].tobytes()
    _, first, which = np.unique(g, return_index=True, return_inverse=True)
    assert w[first][which].tobytes() == w.tobytes()


@pytest.mark.parametrize("key", [key for key, row in ESTIMATORS.items() if not row.random])
def test_a_group_does_not_notice_its_batch(key):
    rng = np.random.default_rng(8)
    for n in (6, 16, 300):
        g = suited(key, rng.normal(size=(700, n)) * 10.0 ** rng.integers(-3, 3, (700, 1)))
        if not ESTIMATORS[key].binary:
            g[3], g[5], g[6] = g[3] * 2.0**-1040, 0.0, g[6] * 2.0**1005
        k = 3 if n % 3 == 0 else 2
        # At beta near 1 the huge group's weight would not fit a float.
        options = {"beta": 2.0**-1012} if "beta" in ESTIMATORS[key].options else {}
        batch = weights(g.reshape(7, 100, n), k, key, **options)
        assert batch.shape == (7, 100, n)
        for row in (0, 3, 5, 6, 699):
            assert (
                weights(g[row], k, key, **options).tobytes() == batch.reshape(700, n)[row].tobytes()
            )
            assert (
                weights(g[row : row + 1], k, key, **options).tobytes()
                == batch.reshape(700, n)[row].tobytes()
            )


@pytest.mark.parametrize("key", ["rloo", "dr_grpo", "grpo", "bon_mean", "bon_max_mean", "tailrl",
                                 "passk_full", "partition_baselined", "centered_loo", "maxk_rloo",
                                 "order_statistic", "group_mean_centered", "pkpo_loo_minus_one",
                                 "partition_loo_minus_one", "rs_grpo", "entropic_loo"])  # fmt: skip
def test_exactly_zero_when_all_tie(key):
    for value in (0.1, 1e6 + 0.1, 0.7e308, 3e-310):
        assert not weights(np.full((3, 12), value), 3, key).any()


def test_first_k():
    g = np.random.default_rng(9).normal(size=(20, 7))
    np.testing.assert_allclose(weights(g, 1, "pkpo"), weights(g, 1, "reinforce"), atol=1e-15)
    np.testing.assert_allclose(weights(g, 1, "centered_loo"), weights(g, 1, "rloo"), atol=1e-15)
    np.testing.assert_allclose(weights(g, 1, "maxk_rloo"), weights(g, 1, "rloo"), atol=1e-15)
    others = (g.sum(axis=1, keepdims=True) - g) / 6
    np.testing.assert_allclose(weights(g, 1, "pkpo_loo"), g / 7 - others / 6, atol=1e-15)


def test_last_k_pays_the_best_its_lead():
    g = np.random.default_rng(10).normal(size=9)
    w = weights(g, 9, "pkpo_loo_minus_one")
    first, second = np.sort(g)[:-3:-1]
    assert w[g.argmax()] == pytest.approx(first - second, rel=1e-15, abs=0)
    assert np.count_nonzero(w) == 1


@pytest.mark.parametrize("n", [2, 9, 300])
def test_maxk_rloo_at_the_last_k_and_on_binary_rewards(n):
    rng = np.random.default_rng(n)
    g, r = rng.normal(size=(5, n)), rng.integers(0, 2, (5, n))
    last = weights(g, n, "pkpo_loo_minus_one")
    np.testing.assert_allclose(weights(g, n, "maxk_rloo"), last, rtol=1e-15)
    for k in {1, 2, n // 2, n}:
        binary = weights(r, k, "passk_rloo")
        np.testing.assert_allclose(weights(r, k, "maxk_rloo"), binary, atol=1e-15)


def test_averaging_partitions_gives_the_subset_form():
    g = np.random.default_rng(11).normal(size=6)
    for part, whole in (("partition", "pkpo"), ("partition_loo_minus_one", "pkpo_loo_minus_one")):
        total = np.zeros(6)
        for order in map(list, permutations(range(6))):
            total[order] += weights(g[order], 3, part) / 720
        np.testing.assert_allclose(total, weights(g, 3, whole), rtol=1e-13)


def test_tail_is_the_harmonic_sum_of_pkpo():
    g = np.random.default_rng(12).random((5, 9))
    total = g / 9 + sum(weights(g, j, "pkpo_loo_minus_one") / j for j in range(2, 10))
    np.testing.assert_allclose(weights(g, 1, "tailrl_raw"), total, rtol=1e-13)
    centered = total - total.mean(axis=1, keepdims=True)
    np.testing.assert_allclose(weights(g, 1, "tailrl"), centered, atol=1e-14)


@pytest.mark.parametrize("key", ["pkpo", "pkpo_loo", "pkpo_loo_minus_one", "centered_loo",
                                 "maxk_rloo", "fail_only", "passk_rloo"])  # fmt: skip
@pytest.mark.parametrize("k", [2, 3, 5])
def test_binary_weights_by_count_are_unbiased_for_pass_at_k(key, k):
    """omega(p) = n sum_m Bin(m; n-1, p) (w1(m+1) - w0(m)) = k (1-p)^(k-1)."""
    n = 7
    table = [weights(np.arange(n) < c, k, key) for c in range(n + 1)]
    for p in (0.05, 0.5, 0.8):
        chance = [comb(n - 1, m) * p**m * (1 - p) ** (n - 1 - m) for m in range(n)]
        omega = n * sum(b * (table[m + 1][0] - table[m][-1]) for m, b in enumerate(chance))
        assert omega == pytest.approx(k * (1 - p) ** (k - 1), rel=1e-12, abs=0)


@pytest.mark.parametrize("n", [2, 7, 16, 27, 300])
@pytest.mark.parametrize("key", [e.key for e in ESTIMATORS.values() if not e.random])
def test_a_group_s_weights_do_not_depend_on_how_many_come_with_it(key, n):
    """Few groups and many are summed in different layouts of memory, to the same bits."""
    row = ESTIMATORS[key]
    if not row.allows(n, 2):
        return
    rewards = np.random.default_rng(n).integers(0, 9, (1200, n)) / 7
    rewards = (rewards > 0.5).astype(float) if row.binary else rewards
    together = weights(rewards, 2, key)
    for group in (0, 299, 1199):
        np.testing.assert_array_equal(weights(rewards[group], 2, key), together[group])


@pytest.mark.parametrize("n", [2, 7, 16, 33])
def test_many_groups_of_rewards_that_differ_in_the_last_digits_alone(n):
    """Many short groups are ordered by all but the last bits, and put right where these matter."""
    rng = np.random.default_rng(n)
    steps = rng.integers(-3, 4, (300, n)) * 2.0**-54
    for rewards in (0.3 + steps, -0.3 + steps, steps, np.copysign(0.0, steps)):
        together = weights(rewards, 2)
        for group in range(300):
            np.testing.assert_array_equal(weights(rewards[group], 2), together[group])
