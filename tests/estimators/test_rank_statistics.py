"""Order statistics beyond the maximum: against the definition, each other, and their domain."""

from fractions import Fraction
from math import comb

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pkpo_toy.errors import InputError
from pkpo_toy.estimators import ESTIMATORS, rank_weights, resolve, weights
from tests.estimators.rewards import groups
from tests.oracles import (
    centered_statistic,
    exact,
    expected_gradient,
    order_statistic,
    statistic_gradient,
    statistic_of,
)

KEY = "order_statistic"
moderate = settings(deadline=None, max_examples=60)
rewards_and_k = groups(2, 30).flatmap(
    lambda rewards: st.tuples(st.just(rewards), st.integers(1, len(rewards)))
)


def asked_of(k):
    """Options with their exact values, for k draws."""
    yield from ({"top": m} for m in range(1, k + 1))
    for share in (Fraction(1, 8), Fraction(3, 8), Fraction(1, 2), Fraction(7, 8)):
        for name in ("quantile", "cvar", "lower_cvar"):
            yield {name: share}
    yield {"cvar": Fraction(1)}


def as_floats(asked):
    return {name: value if name == "top" else float(value) for name, value in asked.items()}


@pytest.mark.parametrize("centered", [False, True])
@pytest.mark.parametrize("k", range(1, 6))
def test_weights_are_what_the_definition_says(k, centered):
    rng, by_definition = np.random.default_rng(k), (order_statistic, centered_statistic)[centered]
    for n in range(max(2, k + centered), 7):
        for rewards in (rng.normal(size=n), rng.integers(0, 3, n), rng.integers(0, 2, n)):
            for asked in asked_of(k):
                truth = [float(w) for w in by_definition(exact(rewards), k, **asked)]
                got = weights(rewards, k, KEY, centered=centered, **as_floats(asked))
                largest = max(abs(w) for w in truth)
                np.testing.assert_allclose(got, truth, rtol=0, atol=2e-15 * largest, err_msg=asked)


@pytest.mark.parametrize(
    ("k", "centered"), [(1, 0), (2, 0), (3, 0), (4, 0), (1, 1), (2, 1), (3, 1)]
)
def test_unbiased_for_the_gradient_of_the_statistic(k, centered):
    pi, rewards = [0.5, 0.2, 0.3], [0.2, 1.5, 0.7]
    for asked in asked_of(k):
        truth = statistic_gradient(pi, rewards, k, **asked)

        def weigh(batch, asked=asked):
            return weights(batch, k, KEY, centered=centered, **as_floats(asked)).tolist()

        mean = expected_gradient(weigh, pi, rewards, 4)
        np.testing.assert_allclose(mean, truth, atol=1e-14)


@pytest.mark.parametrize("k", [1, 2, 5, 8])
def test_rank_weights_give_the_statistic(k):
    rng = np.random.default_rng(k)
    for asked in asked_of(k):
        a = rank_weights(k, **as_floats(asked))
        for draws in (rng.normal(size=k), rng.integers(0, 3, k)):
            truth = float(statistic_of(exact(draws), **asked))
            assert np.sort(draws) @ a == pytest.approx(truth, abs=2e-15)
        assert a.sum() == pytest.approx(1, abs=1e-15)
        assert (a >= 0).all()


def test_a_share_times_k_that_rounding_moves_off_a_whole_number():
    """.28 * 25 is 7.000000000000001 and .29 * 100 is 29 less a bit; 7 and 29 draws are meant."""
    assert 0.28 * 25 > 7
    assert rank_weights(25, quantile=0.28).argmax() == 6
    assert 0.29 * 100 < 29
    np.testing.assert_array_equal(rank_weights(100, cvar=0.29), rank_weights(100, top=29))
    for k in range(1, 60):
        for m in range(1, k + 1):
            expected = rank_weights(k, top=m)
            np.testing.assert_allclose(rank_weights(k, cvar=m / k), expected, atol=2e-14)


@moderate
@given(rewards_and_k)
def test_the_ends_of_the_family_are_known_estimators(case):
    g, k = case
    size = 1e-13 * (np.abs(g).max() + 1e-300)
    for options, key, own_k in (
        ({"top": 1}, "maxk_rloo", k),
        ({"cvar": 1 / k}, "maxk_rloo", k),
        ({"quantile": np.nextafter(1, 0)}, "maxk_rloo", k),
        ({"top": k}, "rloo", 1),
        ({"cvar": 1.0}, "rloo", 1),
        ({"lower_cvar": 1.0}, "rloo", 1),
    ):
        np.testing.assert_allclose(weights(g, k, KEY, **options), weights(g, own_k, key), atol=size)
        if k < g.size:
            own = "centered_loo" if key == "maxk_rloo" else "rloo"
            found = weights(g, k, KEY, centered=True, **options)
            np.testing.assert_allclose(found, weights(g, own_k, own), atol=4 * size)


@moderate
@given(rewards_and_k, st.floats(0.01, 1))
def test_the_worst_share_is_the_best_share_of_the_negative(case, share):
    g, k = case
    lower = weights(g, k, KEY, lower_cvar=share)
    np.testing.assert_array_equal(lower, -weights(-g, k, KEY, cvar=share))


@moderate
@given(rewards_and_k)
def test_all_quantiles_together_are_the_mean(case):
    """The sorted draws add up to k times their mean, and their weights to k times `rloo`'s."""
    g, k = case
    ranks = [weights(g, k, KEY, quantile=(j - 0.5) / k) for j in range(1, k + 1)]
    np.testing.assert_allclose(sum(ranks), k * weights(g, 1, "rloo"), atol=1e-13 * k)
    for m in range(1, k + 1):
        best = np.mean(ranks[k - m :], axis=0)
        np.testing.assert_allclose(weights(g, k, KEY, top=m), best, atol=1e-13)


@moderate
@given(rewards_and_k, st.floats(0, 1))
def test_between_whole_numbers_of_draws_a_tail_mean_is_mixed(case, part):
    """a k = m + part draws: their sum is that of m and part of the next."""
    g, k = case
    sums = [m * weights(g, k, KEY, top=m) for m in range(1, k + 1)]
    for m in range(1, k):
        share = (m + part) / k
        mixed = ((1 - part) * sums[m - 1] + part * sums[m]) / (m + part)
        np.testing.assert_allclose(weights(g, k, KEY, cvar=share), mixed, atol=1e-13)


@pytest.mark.parametrize("j", [1, 2, 4, 5])
def test_a_rank_is_a_signed_sum_of_maxima(j):
    """g_(j) of k = sum_{i>=j} (-1)^(i-j) C(i-1, j-1) C(k, i) times the mean maximum of i."""
    g, k = np.random.default_rng(j).normal(size=(5, 9)), 5
    total = sum(
        (-1) ** (i - j) * comb(i - 1, j - 1) * comb(k, i) * weights(g, i, "maxk_rloo")
        for i in range(j, k + 1)
    )
    np.testing.assert_allclose(weights(g, k, KEY, quantile=(j - 0.5) / k), total, atol=1e-13)


@pytest.mark.parametrize(("n", "k"), [(300, 7), (2000, 1000), (2000, 2000), (5003, 60)])
def test_thirteen_digits_on_many_samples(n, k):
    """Against e(M) from whole-number binomials, summed in exact fractions."""
    rng = np.random.default_rng(n)
    g = np.sort(rng.integers(-(2**40), 2**40, n))
    j, sums, truth = -(-2 * k // 3), [0, 0], []

    def e(below):
        ways = mpmath.binomial(below, j - 1) * mpmath.binomial(n - 1 - below, k - j)
        return ways / mpmath.binomial(n - 1, k - 1)

    with mpmath.workdps(40):
        mean_weights = [e(below) for below in range(n)]
        scale, gap = mpmath.mpf(k) / (n * (n - 1)), np.diff(g, prepend=g[0]).tolist()
        down = [(n - m) * mean_weights[m - 1] * gap[m] if m else 0 for m in range(n)]
        sums = [mpmath.mpf(0), mpmath.fsum(down)]
        for m in range(n):
            sums = [sums[0] + m * mean_weights[m] * gap[m], sums[1] - down[m]]
            truth.append(scale * (sums[0] - sums[1]))
        got = weights(g, k, KEY, quantile=(j - 0.5) / k).tolist()
        largest = max(abs(w) for w in truth)
        assert max(abs(a - b) for a, b in zip(got, truth, strict=True)) <= largest / 10**13


@pytest.mark.parametrize(
    "options", [{"top": 3}, {"quantile": 0.2}, {"cvar": 0.3}, {"top": 3, "centered": True}]
)
def test_ties_and_order_bit_for_bit(options):
    rng = np.random.default_rng(3)
    for n in (9, 300, 5003):
        g = rng.integers(-4, 5, n) / 7
        order = rng.permutation(n)
        w = weights(g, 5, KEY, **options)
        assert weights(g[order], 5, KEY, **options).tobytes() == w[order].tobytes()
        for value in np.unique(g):
            assert len({x.tobytes() for x in w[g == value]}) == 1


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"top": 0}, "top must be an integer with 1 <= top <= k, got 0, k = 3"),
        ({"top": 4}, "top <= k, got 4, k = 3"),
        ({"top": 2.0}, "top must be an integer .* got 2.0"),
        ({"top": True}, "top must be an integer .* got True"),
        ({"quantile": 0}, "0 < quantile < 1, got 0"),
        ({"quantile": 1.0}, "0 < quantile < 1, got 1.0"),
        ({"quantile": float("nan")}, "0 < quantile < 1, got nan"),
        ({"quantile": "0.5"}, "0 < quantile < 1, got '0.5'"),
        ({"cvar": 0.0}, "0 < cvar <= 1, got 0.0"),
        ({"cvar": 1.5}, "0 < cvar <= 1, got 1.5"),
        ({"lower_cvar": True}, "0 < lower_cvar <= 1, got True"),
        ({"top": 1, "cvar": 0.5}, "takes one of top, quantile, cvar, lower_cvar, got top and cvar"),
        ({"top": 1, "centered": 2}, "centered must be True or False, 1 or 0, got 2"),
        ({"top": 1, "centered": "no"}, "centered must be True or False, 1 or 0, got 'no'"),
        ({"beta": 1.0}, "unknown option 'beta' of order_statistic: it has top, quantile, cvar"),
    ],
)
def test_options_out_of_their_domain(options, told):
    with pytest.raises(InputError, match=told):
        weights([0.0, 1.0, 2.0, 3.0], 3, KEY, **options)


def test_a_name_may_settle_an_option():
    g = np.random.default_rng(0).normal(size=6)
    for name, key, options in (
        ("order_statistic(top=2)", KEY, {"top": 2}),
        ("order_statistic(lower_cvar=0.25)", KEY, {"lower_cvar": 0.25}),
        ("order_statistic(top=2, centered=1)", KEY, {"top": 2, "centered": True}),
        ("order_statistic(centered=0)", KEY, {}),
        ("rs_grpo(beta=3)", "rs_grpo", {"beta": 3}),
    ):
        expected = weights(g, 3, key, **options)
        np.testing.assert_array_equal(weights(g, 3, name), expected)
        row = resolve(name)
        assert row.key == name
        assert row.source == ESTIMATORS[key].source
        np.testing.assert_array_equal(row.weight_function(None)(g, 3), expected)
    huge = np.array([1e308, -1e308, 0.0])
    expected = weights(huge, 1, "rs_grpo", beta=1e-309)
    np.testing.assert_array_equal(weights(huge, 1, "rs_grpo(beta=1e-309)"), expected)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("order_statistic(tops=2)", "unknown option 'tops' of order_statistic: it has top,"),
        ("order_statistics(top=2)", "Did you mean 'order_statistic'"),
        ("order_statistic(top)", r"written KEY\(OPTION=VALUE\), got 'order_statistic\(top\)'"),
        ("order_statistic(top=two)", "top must be a number, got 'two'"),
        ("order_statistic(top=4)", "top <= k, got 4, k = 3"),
        ("order_statistic(cvar=2)", "0 < cvar <= 1, got 2"),
        ("order_statistic(top=2,centered=3)", "centered must be True or False, 1 or 0, got 3"),
        ("order_statistic(top=2,cvar=.5)", "takes one of top, quantile, cvar, lower_cvar, got top"),
        ("order_statistic(top=2,)", r"written KEY\(OPTION=VALUE\)"),
        ("rs_grpo(beta=0)", "beta must be a finite number > 0, got 0"),
        ("pkpo(beta=1)", "unknown option 'beta' of pkpo: it has none"),
    ],
)
def test_names_that_settle_nothing(name, told):
    with pytest.raises(InputError, match=told):
        weights([0.0, 1.0, 2.0, 3.0], 3, name)


def test_a_name_is_refused_before_anything_is_weighed():
    with pytest.raises(InputError, match="beta must be a finite number > 0, got 0"):
        resolve("entropic_loo(beta=0)")


def test_k_too_small_for_the_top_is_outside_the_domain():
    row = resolve("order_statistic(top=3)")
    assert [k for k in range(1, 6) if row.allows(5, k)] == [3, 4, 5]


def test_centered_needs_one_more_sample_than_k():
    row = resolve("order_statistic(quantile=0.5, centered=1)")
    assert [k for k in range(1, 6) if row.allows(5, k)] == [1, 2, 3, 4]
    with pytest.raises(InputError, match="needs k <= n - 1, got k = n = 4"):
        weights([0.0, 1.0, 2.0, 3.0], 4, KEY, centered=True)
    with pytest.raises(InputError, match="needs 1 <= k <= n - 1, got k = 4 with n = 4"):
        weights([0.0, 1.0, 2.0, 3.0], 4, "order_statistic(top=2, centered=1)")


def test_centered_differs_from_the_others_mean():
    """Else the tests of the option could not fail."""
    g = np.random.default_rng(0).normal(size=6)
    apart = weights(g, 3, KEY, top=2) - weights(g, 3, KEY, top=2, centered=True)
    assert np.abs(apart).max() > 1e-2
