"""How many digits are right: against exact fractions to n = 2000, against integers to a million."""

from fractions import Fraction

import mpmath
import numpy as np
import pytest

from pkpo_toy.estimators import ESTIMATORS, element_weights, weights
from tests.oracles import ORACLES, exact, real
from tests.oracles_large import FORMS, exact_forms, fixed_point_forms

NORMAL = Fraction(2) ** -1022


def ordered_rewards(kind, n, rng):
    if kind == "nearly tied":
        return np.sort(1 + rng.integers(0, 5, n) * 2.0**-52)
    if kind == "heavy":
        return np.sort(rng.standard_cauchy(n) ** 3)
    if kind == "binary":
        return np.sort(rng.integers(0, 2, n).astype(float))
    return np.sort(rng.normal(size=n))


@pytest.mark.parametrize("kind", ["normal", "nearly tied", "heavy", "binary"])
@pytest.mark.parametrize(
    ("n", "k"), [(16, 8), (300, 2), (300, 299), (1100, 1), (2000, 1000), (2000, 2000)]
)
def test_pkpo_forms_to_thirteen_digits_of_the_largest(kind, n, k):
    rewards = ordered_rewards(kind, n, np.random.default_rng([n, k]))
    for form, (parts, whole) in exact_forms(rewards, k).items():
        largest = max(map(abs, parts))
        for w, part in zip(weights(rewards, k, form).tolist(), parts, strict=True):
            numerator, denominator = w.as_integer_ratio()
            error = abs(numerator * whole - part * denominator) * 10**13
            assert error <= largest * denominator, form
            if form == "pkpo_loo_minus_one" and part >= NORMAL * whole:
                assert error <= part * denominator


def test_a_tiny_element_weight_times_a_huge_gap_keeps_its_digits():
    """mu_i goes down to 2**-2394 here, far below the smallest float; times a gap it fits one."""
    n, k = 2400, 1200
    rewards = np.linspace(-1e300, 1e300, n)
    got, rescued = weights(rewards, k).tolist(), 0
    parts, whole = exact_forms(rewards, k)["pkpo_loo_minus_one"]
    for w, part, mu in zip(got, parts, element_weights(n, k), strict=True):
        b = Fraction(part, whole)
        assert abs(Fraction(w) - b) <= max(b, NORMAL) / 10**13
        rescued += b >= NORMAL and mu < 2.0**-1022
    assert rescued > 100


def test_tiny_rewards_lose_only_the_last_bit():
    rewards = np.random.default_rng(0).integers(0, 2**20, 2000) + 0.0
    for form in FORMS:
        expected = np.ldexp(weights(rewards, 700, form), -1060)
        got = weights(np.ldexp(rewards, -1060), 700, form)
        np.testing.assert_allclose(got, expected, rtol=0, atol=5e-324)


@pytest.mark.parametrize("k", [1, 1000, 999_999])
def test_a_million_samples(k):
    n = 1_000_000
    rng = np.random.default_rng(k)
    ordered = np.sort(rng.integers(-(2**40), 2**40, n) // rng.integers(1, 2**20, n))
    places = rng.permutation(n)
    rewards = np.empty(n)
    rewards[places] = ordered
    ranks = np.concatenate([[0], rng.integers(0, n, 300), n - np.arange(50, 0, -1)]).tolist()
    for form, truth in fixed_point_forms(ordered.tolist(), k, ranks).items():
        got = weights(rewards, k, form)[places[ranks]].tolist()
        largest = max(abs(truth[0]), abs(truth[-1]))
        error = max(abs(Fraction(a) - b) for a, b in zip(got, truth, strict=True))
        assert error <= largest / 10**12, form


@pytest.mark.parametrize("k", [2, 77, 5000])
def test_a_million_steps_against_binomials(k):
    """sum_{m<=i} C(m-1, k-1) = C(i, k): a reference that shares no recurrence with the package."""
    n = 1_000_000
    gained = weights(np.arange(n), k)
    plain = weights(np.arange(n), k, "pkpo")
    with mpmath.workdps(50):
        whole = mpmath.binomial(n, k)
        for i in (n, n - 1, n - 1000, n - n // k):
            got = mpmath.mpf(gained[i - 1].item())
            assert abs(got - mpmath.binomial(i, k) / whole) <= 1e-12
            below = (mpmath.binomial(n - 1, k) - mpmath.binomial(i - 1, k)) / whole
            truth = mpmath.mpf(k) / n * (n - 1) - below
            assert abs(mpmath.mpf(plain[i - 1].item()) - truth) <= 1e-12 * k


LINEAR_TIME = ["reinforce", "dr_grpo", "grpo", "partition", "partition_baselined", "passk_full",
               "partition_loo_minus_one", "passk_plugin", "bon_max_mean", "maxrl", "maxrl_raw",
               "rs_grpo", "rloo", "passk_loo_plugin", "entropic_loo"]  # fmt: skip


@pytest.mark.parametrize("key", LINEAR_TIME)
def test_the_others_to_thirteen_digits(key):
    rng = np.random.default_rng(3)
    n, k = 240, 60
    row = ESTIMATORS[key]
    for rewards in (rng.integers(0, 2, n), np.arange(n) == 7, rng.normal(size=n) * 1e3 + 1e6):
        if row.binary and rewards.dtype.kind == "f":
            continue
        scaled = (rewards - rewards.mean()) / 1e3 if row.options else rewards
        truth = [real(w) for w in ORACLES[key](exact(scaled), k)]
        largest = max(abs(w) for w in truth)
        got = weights(scaled, k, key).tolist()
        assert max(abs(w - b) for w, b in zip(got, truth, strict=True)) <= 1e-13 * largest


@pytest.mark.parametrize("k", [1, 60, 150])
def test_count_based_weights_to_thirteen_digits(k):
    """u and R from whole-number binomials."""
    n = 240
    for c in (0, 1, 17, 120, 239, 240):
        rewards, f = np.arange(n) < c, n - c
        u = [Fraction(int(mpmath.binomial(x, k - 1)), int(mpmath.binomial(n - 1, k - 1)))
             for x in (max(f - 1, 0), f)]  # fmt: skip
        fail = -Fraction(k, n) * u[0] if f else 0
        assert_pair(weights(rewards, k, "fail_only"), c, 0, fail)
        rest = n - 1
        success = Fraction(k, n) * u[1] * Fraction(f, rest)
        assert_pair(weights(rewards, k, "passk_rloo"), c, success, fail * Fraction(c, rest))
        q = Fraction(int(mpmath.binomial(f, k)), int(mpmath.binomial(n, k)))
        s = mpmath.sqrt(real(q * (1 - q)))
        pair = (real(q) / (n * s), real(q - u[0]) / (n * s)) if s else (0, 0)
        assert_pair(weights(rewards, k, "passk_grpo"), c, *pair)


def assert_pair(got, c, success, failure):
    largest = max(abs(real(success)) if c else 0, abs(real(failure)) if c < len(got) else 0)
    if c:
        assert abs(got[0].item() - real(success)) <= 1e-13 * largest
    if c < len(got):
        assert abs(got[-1].item() - real(failure)) <= 1e-13 * largest


def test_a_rare_success_among_many_keeps_its_digits():
    """1 - C(F, k)/C(n, k) taken literally loses five digits here."""
    n = 99_991
    got = weights(np.arange(n) < 1, 1, "passk_grpo")[0]
    assert got == pytest.approx(float(mpmath.sqrt(n - 1) / n), rel=1e-14, abs=0)


def test_plugin_power_keeps_its_digits_at_large_k():
    """(1-p)^(k-1) at n = k = 2000, where a plain power loses them."""
    n = 2000
    for c in (1, 300, 599):
        p = Fraction(c, n)
        truth = n * (1 - p) ** (n - 1) * (1 - p) / n
        got = weights(np.arange(n) < c, n, "passk_plugin")[0]
        assert abs(Fraction(got) - truth) <= truth / 10**13


def test_tail_forms_on_many_samples():
    n = 2000
    g = np.sort(np.random.default_rng(5).exponential(size=n))
    total, raw = Fraction(0), []
    for i, (low, high) in enumerate(zip([0.0, *g[:-1]], g, strict=True)):
        total += (Fraction(high) - Fraction(low)) / (n - i)
        raw.append(total)
    center = sum(raw) / n
    for got, truth in (("tailrl_raw", raw), ("tailrl", [w - center for w in raw])):
        error = [abs(Fraction(a) - b) for a, b in zip(weights(g, 1, got), truth, strict=True)]
        assert max(error) <= max(abs(w) for w in truth) / 10**13


def test_bon_mean_survives_sums_no_float_can_hold():
    """With 990 ties on top of 2000 and k = 1000 every pkpo gap is far below the smallest float."""
    n, k = 2000, 1000
    g = np.sort(np.concatenate([np.random.default_rng(6).random(1010), np.full(990, 2.0)]))
    parts, whole = exact_forms(g, k)["pkpo"]
    plain = [Fraction(part, whole) for part in parts]
    center = sum(plain) / n
    variance = sum((w - center) ** 2 for w in plain) / (n - 1)
    deviation = mpmath.sqrt(real(variance))
    truth = [real(w - center) / deviation / n for w in plain]
    got = weights(g, k, "bon_mean").tolist()
    largest = max(abs(w) for w in truth)
    assert largest > 1e-6
    assert max(abs(a - b) for a, b in zip(got, truth, strict=True)) <= 1e-13 * largest
