"""Every kind of number: integers, bools, float32, tiny, huge, exponentials near their limits."""

import mpmath
import numpy as np
import pytest

from pkpo_toy.errors import InputError
from pkpo_toy.estimators import ESTIMATORS, weights
from tests.oracles import ORACLES, exact, real

KEYS = [key for key, row in ESTIMATORS.items() if not row.random]


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("dtype", [np.int8, np.int64, np.uint8, bool, np.float16])
def test_other_numbers_are_computed_in_float64(key, dtype):
    rewards = np.array([1, 0, 0, 1, 1, 0], dtype=dtype)
    got = weights(rewards, 3, key)
    assert got.dtype == np.float64
    assert got.tobytes() == weights(rewards.astype(np.float64), 3, key).tobytes()
    assert weights(rewards.tolist(), 3, key).tobytes() == got.tobytes()


@pytest.mark.parametrize("key", KEYS)
def test_float32_comes_back_as_float32_of_the_float64_result(key):
    rewards = np.array([1, 0, 0, 1, 1, 0], dtype=np.float32)
    if not ESTIMATORS[key].binary:
        rewards *= np.float32(0.1)
    got = weights(rewards, 3, key, scale="mean")
    assert got.dtype == np.float32
    wide = weights(rewards.astype(np.float64), 3, key, scale="mean")
    np.testing.assert_array_equal(got, wide.astype(np.float32))


@pytest.mark.parametrize("n", [4, 6, 12])
def test_mean_scale_is_n_times_the_sum_scale(n):
    rewards = np.random.default_rng(1).random((3, n))
    np.testing.assert_array_equal(weights(rewards, 2, scale="mean"), weights(rewards, 2) * n)


@pytest.mark.parametrize("key", KEYS)
def test_any_layout_and_leading_axes(key):
    rewards = np.random.default_rng(0).integers(0, 2, (6, 2, 3)).astype(float)
    moved = np.moveaxis(rewards, 0, -1)
    got = weights(moved, 3, key)
    assert got.shape == (2, 3, 6)
    for i in range(2):
        for j in range(3):
            assert got[i, j].tobytes() == weights(rewards[:, i, j].copy(), 3, key).tobytes()
    assert weights(np.empty((0, 6)), 3, key).shape == (0, 6)
    assert weights(np.empty((4, 0, 6)), 3, key).shape == (4, 0, 6)


@pytest.mark.parametrize("key", KEYS)
def test_rewards_are_left_alone(key):
    rewards = np.array([1.0, 0.0, 0.0, 1.0, 1.0, 0.0])
    rewards.flags.writeable = False
    weights(rewards, 3, key)


@pytest.mark.parametrize("key", [key for key in KEYS if not ESTIMATORS[key].binary])
@pytest.mark.parametrize("size", [1e-310, 5e-324, 1e-300, 1e300, 0.8e308])
def test_tiny_and_huge_rewards(key, size):
    row = ESTIMATORS[key]
    rewards = np.array([1, -2, 2, 0, 1, 1.5]) * size
    if row.nonnegative:
        rewards = np.abs(rewards)
    options = {"beta": min(1 / size, 1e300)} if "beta" in row.options else {}
    got = weights(rewards, 3, key, **options)
    truth = ORACLES[key](exact(rewards), 3, *options.values())
    largest = max(abs(real(w)) for w in truth)
    for a, b in zip(got.tolist(), truth, strict=True):
        assert abs(real(a) - real(b)) <= 1e-14 * largest + 2 * 5e-324


def test_huge_rewards_of_both_signs():
    rewards = np.array([1.7e308, -1.7e308, 1e308, -1e300, 0.0, 1.7e308])
    for key in KEYS:
        if ESTIMATORS[key].binary or ESTIMATORS[key].nonnegative:
            continue
        options = {"beta": 1e-309} if "beta" in ESTIMATORS[key].options else {}
        got = weights(rewards, 3, key, **options)
        truth = ORACLES[key](exact(rewards), 3, *options.values())
        largest = max(abs(real(w)) for w in truth)
        assert max(abs(real(a) - real(b)) for a, b in zip(got.tolist(), truth, strict=True)) <= (
            1e-14 * largest
        )


@pytest.mark.parametrize(
    "rewards", [[700.0, 1.0, 2.0], [5000.0, 4290.0], [-1e5, -1e5 - 712.3, -2e6]]
)
@pytest.mark.parametrize("key", ["rs_grpo", "entropic_loo"])
def test_exponentials_do_not_overflow_needlessly(key, rewards):
    """exp(beta g) itself overflows here, and so does exp(beta gap); the weight does not."""
    truth = ORACLES[key](exact(rewards), 1)
    options = {}
    if max(truth) > 1e300:
        options = {"beta": 1e3}
        rewards = [g / 1e3 for g in rewards]
        truth = ORACLES[key](exact(rewards), 1, 1e3)
    got = weights(rewards, 1, key, **options)
    largest = max(abs(w) for w in truth)
    assert max(abs(a - b) for a, b in zip(got.tolist(), truth, strict=True)) <= 1e-13 * largest


@pytest.mark.parametrize("rewards", [[0.0, 800.0], [-1e308, 0.0, 1e308]])
def test_a_weight_no_float_can_hold_is_an_error(rewards):
    assert np.isfinite(weights(rewards, 1, "rs_grpo")).all()
    with pytest.raises(InputError, match="fit float64; 1 of"):
        weights(rewards, 1, "entropic_loo")


def test_a_weight_float32_cannot_hold_is_an_error():
    with pytest.raises(InputError, match="fit float32; 1 of 2 do not"):
        weights(np.array([0.0, 100.0], np.float32), 1, "entropic_loo")
    with pytest.raises(InputError, match="fit float64"):
        weights([1.7e308, -1.7e308], 1, "pkpo_loo", scale="mean")


def test_small_beta_becomes_the_mean_baseline():
    rewards = np.random.default_rng(1).normal(size=8)
    for key, factor in (("rs_grpo", 1), ("entropic_loo", 8 / 7)):
        for beta in (1e-17, 1e-300, 5e-324):
            expected = weights(rewards, 1, "dr_grpo") * factor
            np.testing.assert_allclose(weights(rewards, 1, key, beta=beta), expected, rtol=1e-13)


def test_mpmath_precision_is_what_the_oracles_count_on():
    assert mpmath.mp.dps == 50
