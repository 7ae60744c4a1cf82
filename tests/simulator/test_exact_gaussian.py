"""The truth for a Gaussian policy, against mpmath, closed forms, narrow cells and Monte Carlo."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pkpo_toy.errors import InputError
from pkpo_toy.simulator.exact import gaussian_gradient, gaussian_max_at_k, gaussian_optimum
from pkpo_toy.simulator.exact.levels import level_sets
from pkpo_toy.simulator.exact.normal import normal_density, normal_tail
from pkpo_toy.simulator.rewards import UNIT_SQUARE, RewardFunction
from tests import oracles_truth as oracle

SD = 0.1
THETA_STAR = {1: 0.862, 2: 0.902, 4: 0.939, 8: 0.969, 16: 0.986}

STEPS = RewardFunction(
    "steps", lambda x: np.select([x < 0, x < 0.3, x < 0.5], [0.0, -2.0, 1.0], 0.25), (0.0, 0.3, 0.5)
)
LINE = RewardFunction("line", lambda x: 3 * x - 1, ())
CUBE = RewardFunction("cube", lambda x: x**3, ())
BOWL = RewardFunction("bowl", lambda x: (x - 0.5) ** 2, ())
HUMPS = RewardFunction(
    "humps", lambda x: np.where(abs(x) < 1, np.sin(9 * x) * (1 + x) - 0.5, 0.0), (-1.0, 1.0)
)
ROOF = RewardFunction("roof", lambda x: 1 - abs(x - 0.2) * np.where(x > 0.2, 2, 0.5), (0.2,))
QUARTIC = RewardFunction("quartic", lambda x: -((x - 0.4) ** 4), ())
CLIPPED = RewardFunction("clipped", lambda x: np.clip(x, 0.1, 0.6), (0.1, 0.6))
WAVE = RewardFunction("wave", lambda x: np.sin(12 * x), ())
ROOT = RewardFunction("root", lambda x: np.sqrt(np.clip(x, 0, 1)), (0.0, 1.0))
NEVER = RewardFunction("never", lambda x: np.full(np.shape(x), -3.5), ())
REWARDS = [STEPS, LINE, CUBE, BOWL, HUMPS, ROOF, QUARTIC, CLIPPED, WAVE, ROOT, NEVER, UNIT_SQUARE]


def test_normal_tail_has_the_digits_of_erfc():
    for low, high, rtol in ((0, 4, 2e-15), (4, 37, 1e-13)):
        z = np.linspace(low, high, 3001)
        expected = [0.5 * math.erfc(v / math.sqrt(2)) for v in z]
        np.testing.assert_allclose(normal_tail(z), expected, rtol=rtol)
        np.testing.assert_array_equal(normal_tail(-z), normal_tail(z))
    np.testing.assert_array_equal(normal_tail(np.array([-np.inf, 1e300])), [0, 0])
    np.testing.assert_array_equal(normal_density(np.array([-np.inf, 1e300])), [0, 0])
    assert float(normal_density(np.array(1.0))) == pytest.approx(
        math.exp(-0.5) / math.sqrt(2 * math.pi)
    )


@pytest.mark.parametrize("k", [1, 2, 16, 1000])
@pytest.mark.parametrize("theta", [-0.2, 0.95, 1.4])
def test_unit_square_agrees_with_mpmath(theta, k):
    value = float(oracle.unit_square_max_at_k(theta, k, SD))
    slope = float(oracle.unit_square_gradient(theta, k, SD))
    assert float(gaussian_max_at_k(theta, k, UNIT_SQUARE, SD)) == pytest.approx(
        value, rel=1e-13, abs=0
    )
    assert float(gaussian_gradient(theta, k, UNIT_SQUARE, SD)) == pytest.approx(
        slope, rel=1e-12, abs=1e-13
    )


@pytest.mark.parametrize(("theta", "sd"), [(0.5, 0.003), (0.999, 0.01), (0.4, 2.0), (-30.0, 7.0)])
def test_other_widths_agree_with_mpmath(theta, sd):
    value = float(oracle.unit_square_max_at_k(theta, 3, sd))
    assert float(gaussian_max_at_k(theta, 3, UNIT_SQUARE, sd)) == pytest.approx(
        value, rel=1e-12, abs=0
    )


@pytest.mark.parametrize("k", THETA_STAR)
def test_the_best_theta_moves_towards_the_edge_with_k(k):
    theta, value = gaussian_optimum(k, UNIT_SQUARE, SD, -0.2, 1.4)
    assert round(theta, 3) == THETA_STAR[k]
    ahead, behind = (float(oracle.unit_square_gradient(theta + s, k, SD)) for s in (1e-7, -1e-7))
    assert ahead < 0 < behind
    assert value == pytest.approx(float(oracle.unit_square_max_at_k(theta, k, SD)), rel=1e-13)


@pytest.mark.parametrize("reward", REWARDS, ids=lambda r: r.name)
def test_any_reward_agrees_with_narrow_cells(reward):
    ks = [1, 2, 3, 50]
    for theta in (-0.15, 0.31, 0.72):
        values = oracle.max_at_k_on_cells(reward, reward.breaks, theta, ks, SD)
        found = gaussian_max_at_k(theta, ks, reward, SD)
        np.testing.assert_allclose(found, values, rtol=1e-8, atol=1e-8)


@pytest.mark.parametrize("k", [1, 2, 5, 300])
@pytest.mark.parametrize("reward", REWARDS, ids=lambda r: r.name)
def test_gradient_is_the_slope_of_the_objective(reward, k):
    theta, step = np.array([-0.15, 0.31, 0.72, 1.02]), 1e-5
    ahead, behind = (gaussian_max_at_k(theta + s, k, reward, SD) for s in (step, -step))
    slope = gaussian_gradient(theta, k, reward, SD)
    np.testing.assert_allclose(slope, (ahead - behind) / (2 * step), rtol=1e-6, atol=1e-6)


def test_a_line_in_closed_form():
    """The largest of k normals: 0, 1/sqrt(pi), 3/(2 sqrt(pi)); a line has slope 3 for every k."""
    theta = np.array([-40.0, 0.3, 7.0])
    for k, normal in ((1, 0.0), (2, 1 / math.sqrt(math.pi)), (3, 1.5 / math.sqrt(math.pi))):
        expected = 3 * (theta + 0.5 * normal) - 1
        np.testing.assert_allclose(gaussian_max_at_k(theta, k, LINE, 0.5), expected, rtol=1e-13)
        np.testing.assert_allclose(gaussian_gradient(theta, k, LINE, 0.5), 3.0, rtol=1e-12)


def test_steps_in_closed_form():
    """Atoms: best of k over levels -2 < 0 < 0.25 < 1."""
    theta, k = 0.2, 3
    phi = [0.5 * math.erfc(-(x - theta) / SD / math.sqrt(2)) for x in (0.0, 0.3, 0.5)]
    mass = {-2.0: phi[1] - phi[0], 0.0: phi[0], 0.25: 1 - phi[2], 1.0: phi[2] - phi[1]}
    below, expected = 0.0, 0.0
    for level in sorted(mass):
        expected += level * ((below + mass[level]) ** k - below**k)
        below += mass[level]
    assert float(gaussian_max_at_k(theta, k, STEPS, SD)) == pytest.approx(expected, rel=1e-13)


def test_a_far_tail_keeps_its_digits():
    """15 sd below a step up: k Phi(-15) and its slope, not 0."""
    step = RewardFunction("step", lambda x: np.where(x > 1, 1.0, 0.0), (1.0,))
    tail = 0.5 * math.erfc(15 / math.sqrt(2))
    density = math.exp(-112.5) / math.sqrt(2 * math.pi) / SD
    for k in (1, 7):
        value, slope = (f(-0.5, k, step, SD) for f in (gaussian_max_at_k, gaussian_gradient))
        assert float(value) == pytest.approx(k * tail, rel=1e-12, abs=0)
        assert float(slope) == pytest.approx(k * density, rel=1e-12, abs=0)


@pytest.mark.parametrize("away", [0.0, 1.0, 2.4])
def test_a_bowl_in_closed_form_even_where_its_floor_is_out_of_reach(away):
    """E (x - 1/2)**2 = away**2 + sd**2; 24 sd away the mass near the floor underflows to 0."""
    value, slope = (f(0.5 + away, 1, BOWL, SD) for f in (gaussian_max_at_k, gaussian_gradient))
    assert float(value) == pytest.approx(away**2 + SD**2, rel=1e-13)
    assert float(slope) == pytest.approx(2 * away, rel=1e-12, abs=1e-14)


def test_the_value_at_a_break_itself_counts_for_nothing():
    spiked = RewardFunction("spiked", lambda x: np.where(x == 0.3, -50.0, HUMPS(x)), (-1, 0.3, 1))
    for function in (gaussian_max_at_k, gaussian_gradient):
        expected = function(0.3, [1, 4, 50], HUMPS, SD)
        np.testing.assert_allclose(function(0.3, [1, 4, 50], spiked, SD), expected, rtol=1e-12)


def test_humps_of_equal_height_share_their_levels():
    """Over 4 units sin(12 x) has 16 extrema, but only -1, 1 and the two ends of the window."""
    assert len(level_sets(WAVE, -2.05, 1.95, 0.003).critical()) == 4


def test_a_large_offset_costs_only_its_own_rounding():
    lifted = RewardFunction("lifted", lambda x: 1e9 + HUMPS(x), HUMPS.breaks)
    for k in (1, 20):
        value = float(gaussian_max_at_k(0.3, k, lifted, SD)) - 1e9
        assert value == pytest.approx(float(gaussian_max_at_k(0.3, k, HUMPS, SD)), abs=1e-6)


def test_a_large_theta_costs_only_its_own_rounding():
    here, there = 0.3, 0.3 + 2**20 * math.tau / 12
    for function in (gaussian_max_at_k, gaussian_gradient):
        values = [function(theta, [1, 20], WAVE, SD) for theta in (here, there)]
        np.testing.assert_allclose(values[1], values[0], rtol=1e-8)


def test_the_reward_need_not_be_defined_at_its_breaks():
    """sin(5 x) / x has no value at 0; with the break there it is never asked for."""
    reward = RewardFunction("sinc", lambda x: np.sin(5 * x) / x, (0.0,))
    filled = RewardFunction("filled", lambda x: 5 * np.sinc(5 * x / np.pi), ())
    for function in (gaussian_max_at_k, gaussian_gradient):
        expected = function(0.05, [1, 4], filled, SD)
        np.testing.assert_allclose(function(0.05, [1, 4], reward, SD), expected, rtol=1e-12)


def test_an_atom_lost_to_rounding_is_an_event_of_probability_zero():
    high = np.nextafter(0.5, 1)
    crack = RewardFunction("crack", lambda x: np.where((x >= 0.5) & (x < high), -1, 0), (0.5, high))
    assert float(gaussian_max_at_k(0.5, 1, crack, SD)) == pytest.approx(0.0, abs=1e-14)
    assert float(gaussian_gradient(0.5, 2, crack, SD)) == 0.0


def test_a_reward_that_is_not_smooth_is_refused():
    stairs = RewardFunction("stairs", lambda x: np.round(x, 4), ())
    with pytest.raises(InputError, match="reward 'stairs' must be smooth between its breaks"):
        gaussian_max_at_k(0.1, 1, stairs, SD)


def test_monte_carlo_agrees():
    draws = np.random.default_rng(0).normal(0.4, SD, size=(200_000, 4))
    best = HUMPS(draws).max(axis=1)
    truth = float(gaussian_max_at_k(0.4, 4, HUMPS, SD))
    assert abs(best.mean() - truth) < 4.5 * best.std() / math.sqrt(len(best))


@given(st.floats(-3, 3), st.floats(0.05, 4.0), st.sampled_from([1, 2, 6, 40]))
@settings(deadline=None, max_examples=20)
def test_a_reflected_reward_reflects_the_truth(theta, sd, k):
    mirrored = RewardFunction("mirrored", lambda x: UNIT_SQUARE(-x), (-1.0, 0.0))
    for function, sign in ((gaussian_max_at_k, 1), (gaussian_gradient, -1)):
        here, there = function(theta, k, UNIT_SQUARE, sd), function(-theta, k, mirrored, sd)
        np.testing.assert_allclose(here, sign * there, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("reward", [UNIT_SQUARE, HUMPS, CUBE], ids=lambda r: r.name)
def test_it_rises_with_k(reward):
    values = gaussian_max_at_k(0.6, [1, 2, 8, 64, 65, 4096, 10**6, 10**9], reward, SD)
    assert np.all(np.diff(values) > 0)


def test_for_huge_k_only_the_density_at_the_best_reward_counts():
    """The best of k is 1 / (k density) short of x = 1, where x**2 has slope 2."""
    k = 10**9
    density = math.exp(-0.5 * ((1 - 0.6) / SD) ** 2) / SD / math.sqrt(2 * math.pi)
    short = 1 - float(gaussian_max_at_k(0.6, k, UNIT_SQUARE, SD))
    assert short == pytest.approx(2 / (k * density), rel=1e-4, abs=0)


def test_the_table_for_large_k_agrees_with_that_for_small_k():
    small = gaussian_max_at_k(0.4, 16, HUMPS, SD)
    large = gaussian_max_at_k(0.4, [16, 10**6], HUMPS, SD)[0]
    np.testing.assert_allclose(small, large, rtol=1e-13)


def test_shapes_and_sequences_of_k():
    theta, ks = np.linspace(-3, 3, 12).reshape(2, 3, 2), [1, 4, 9]
    for function in (gaussian_max_at_k, gaussian_gradient):
        together = function(theta, ks, UNIT_SQUARE, SD)
        assert together.shape == (2, 3, 2, 3)
        for j, k in enumerate(ks):
            alone = function(theta, k, UNIT_SQUARE, SD)
            np.testing.assert_array_equal(together[..., j], alone)
            np.testing.assert_array_equal(
                alone[1, 2, 0], function(theta[1, 2, 0], k, UNIT_SQUARE, SD)
            )
        assert function(0.5, 1, UNIT_SQUARE, SD).shape == ()
        assert function(np.zeros(0), ks, UNIT_SQUARE, SD).shape == (0, 3)


def test_very_far_away_the_reward_is_constant():
    for theta in (1e6, -1e12, 1e200):
        assert float(gaussian_max_at_k(theta, 5, UNIT_SQUARE, SD)) == 0.0
        assert float(gaussian_gradient(theta, 5, UNIT_SQUARE, SD)) == 0.0


def test_optimum_at_an_end_and_among_several_humps():
    assert gaussian_optimum(1, LINE, SD, -1.0, 2.0)[0] == pytest.approx(2.0, abs=1e-12)
    assert gaussian_optimum(1, CLIPPED, SD, -4.0, 0.2)[0] == pytest.approx(0.2, abs=1e-12)
    for k in (1, 8):
        theta, value = gaussian_optimum(k, HUMPS, SD, -1.5, 1.5)
        grid = gaussian_max_at_k(np.linspace(-1.5, 1.5, 3001), k, HUMPS, SD)
        assert grid.max() <= value < grid.max() + 1e-5
        assert abs(float(gaussian_gradient(theta, k, HUMPS, SD))) < 1e-11


def test_the_optimum_is_not_misled_by_its_grid():
    """Box A peaks on a point of the search's grid, the slightly higher box B between two points."""
    step = 3 / 241
    a, b = -1.5 + 80 * step, -1.5 + 160.5 * step

    def boxes(x):
        return np.where(abs(x - a) < 0.1, 1.0, 0.0) + np.where(abs(x - b) < 0.1, 1.0005, 0.0)

    reward = RewardFunction("boxes", boxes, (a - 0.1, a + 0.1, b - 0.1, b + 0.1))
    assert gaussian_optimum(1, reward, SD, -1.5, 1.5)[0] == pytest.approx(b, abs=1e-9)


@pytest.mark.parametrize("k", [0, -1, 2.0, True, "2", [1, 0], []])
def test_k_must_be_a_count(k):
    for function in (gaussian_max_at_k, gaussian_gradient):
        with pytest.raises(InputError, match="k must be an integer >= 1"):
            function(0.5, k, UNIT_SQUARE, SD)
    with pytest.raises(InputError, match="k must be an integer >= 1"):
        gaussian_optimum(k, UNIT_SQUARE, SD, 0.0, 1.0)


@pytest.mark.parametrize("sd", [0.0, -0.1, np.nan, np.inf])
def test_sd_must_be_positive(sd):
    with pytest.raises(InputError, match="sd must be a finite number > 0"):
        gaussian_max_at_k(0.5, 1, UNIT_SQUARE, sd)
    with pytest.raises(InputError, match="sd"):
        gaussian_optimum(1, UNIT_SQUARE, sd, 0.0, 1.0)


def test_other_bad_input_is_named():
    with pytest.raises(InputError, match="theta must be finite"):
        gaussian_gradient([0.5, np.nan], 1, UNIT_SQUARE, SD)
    for low, high in ((1.0, 1.0), (1.0, 0.0), (0.0, np.nan), (0.0, 1e9)):
        with pytest.raises(InputError, match="low"):
            gaussian_optimum(1, UNIT_SQUARE, SD, low, high)
    holed = RewardFunction("holed", lambda x: np.where(x > 0.2, np.nan, x), ())
    with pytest.raises(InputError, match="reward 'holed' must be finite"):
        gaussian_max_at_k(0.1, 1, holed, SD)
