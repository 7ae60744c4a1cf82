"""Torch weights agree with numpy's, estimator by estimator, and keep the bitwise promises."""

from functools import partial

import numpy as np
import pytest
import torch

from pkpo_toy.errors import InputError
from pkpo_toy.estimators import ESTIMATORS, resolve
from pkpo_toy.estimators import weights as numpy_weights
from pkpo_toy.lm.weights import (
    LARGEST_COUNTED,
    NATIVE,
    _gap_sums,
    _native,
    _spread,
    _where_defined,
    weights,
)

DEVICES = ["cpu"] + ["cuda"] * torch.cuda.is_available()
SHAPES = [(5, 2, 2), (7, 8, 1), (7, 8, 3), (7, 8, 8), (3, 5, 4), (4, 300, 17), (2, 1030, 600)]
BETA = {"beta": 1.5}


def _rewards(row, groups, n, rng):
    draw = rng.random((groups, n))
    if row.binary:
        return np.sort((draw < rng.random((groups, 1))).astype(float), axis=0)
    rounded = np.round(4 * draw) / 4 if groups % 2 else draw  # ties in the odd shapes
    return rounded if row.nonnegative else rounded - 0.5


def _options(row):
    return BETA if "beta" in row.options else {}


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize(("groups", "n", "k"), SHAPES)
@pytest.mark.parametrize("key", ESTIMATORS)
def test_agrees_with_numpy(key, groups, n, k, device):
    row = ESTIMATORS[key]
    if not row.domain.holds(n, k):
        with pytest.raises(InputError, match="k = "):
            weights(torch.zeros(groups, n), k, key)
        return
    rewards = _rewards(row, groups, n, np.random.default_rng(n + k))
    for dtype, tolerance in ((torch.float64, 1e-12), (torch.float32, 1e-6)):
        given = torch.tensor(rewards, dtype=dtype, device=device)
        seeds = [{"rng": np.random.default_rng(0)} if row.random else {} for _ in range(2)]
        found = weights(given, k, key, **seeds[0], **_options(row))
        wanted = numpy_weights(given.cpu().double().numpy(), k, key, **seeds[1], **_options(row))
        assert found.dtype == dtype
        assert found.device == given.device
        allowed = tolerance * np.abs(wanted).max() + torch.finfo(dtype).tiny
        assert np.abs(found.cpu().numpy() - wanted).max() <= allowed
        if (on_device := _native(row, n)) is not None:  # what another device does, done here
            formula = on_device(given.double(), k)
            assert np.abs(formula.cpu().numpy() - wanted).max() <= tolerance * np.abs(wanted).max()


@pytest.mark.parametrize(
    "name", ["top=3", "quantile=0.3", "cvar=0.4", "lower_cvar=0.4", "top=3, centered=1"]
)
@pytest.mark.parametrize(("groups", "n", "k"), [(7, 8, 3), (3, 5, 5), (4, 300, 17)])
def test_order_statistics_agree_with_numpy(groups, n, k, name):
    """Settled in the name or given as an option, on the CPU and as other devices do it."""
    rewards = np.random.default_rng(n).integers(0, 9, (groups, n)) / 8
    settled = resolve(f"order_statistic({name})")
    asked, k = dict(settled.given), k if settled.allows(n, k) else k - 1
    given, wanted = torch.tensor(rewards), numpy_weights(rewards, k, "order_statistic", **asked)
    assert np.array_equal(weights(given, k, "order_statistic", **asked).numpy(), wanted)
    assert np.array_equal(weights(given, k, settled).numpy(), wanted)
    for row, options in ((settled, {}), (ESTIMATORS["order_statistic"], asked)):
        formula = _native(row, n, **options)(given, k).numpy()
        assert np.abs(formula - wanted).max() <= 1e-13 * np.abs(wanted).max()
        for group, w in zip(rewards, formula, strict=True):
            assert all(len(set(w[group == value])) == 1 for value in group)


@pytest.mark.parametrize("key", ["pkpo", "rloo", "passk_grpo", "grpo", "tailrl"])
def test_all_equal_rewards_give_no_stray_signal(key):
    found = weights(torch.full((2, 6), 1.0), 3, key)
    assert np.array_equal(found.numpy(), numpy_weights(np.ones((2, 6)), 3, key))


@pytest.mark.parametrize("path", ["cpu", "on_device"])
@pytest.mark.parametrize("key", sorted(set(NATIVE) - {"reinforce"}))
def test_ties_and_permutations_bit_for_bit(key, path):
    weigh = NATIVE[key] if path == "on_device" else partial(weights, estimator=key)
    rng = np.random.default_rng(1)
    rewards = torch.tensor(rng.integers(0, 5, (20, 64)) / 7)
    found = weigh(rewards, 5)
    order = torch.tensor(rng.permutation(64))
    assert torch.equal(weigh(rewards[:, order], 5), found[:, order])
    for group, w in zip(rewards, found, strict=True):
        for value in group.unique():
            assert w[group == value].unique().numel() == 1


def test_sums_are_looked_up_by_reward():
    rewards = torch.tensor(np.random.default_rng(2).integers(0, 9, (30, 40)) / 8)
    ordered = rewards.sort(dim=-1)
    sums = _gap_sums(ordered.values, torch.rand(39, dtype=torch.float64))
    placed = torch.empty_like(sums).scatter_(-1, ordered.indices, sums)
    assert torch.equal(_spread(ordered.values, sums, rewards), placed)
    holed = torch.where(rewards == 1, torch.nan, rewards)
    assert _spread(holed.sort(dim=-1).values, sums, holed).shape == sums.shape


def test_on_the_cpu_the_weights_are_numpys_to_the_last_bit():
    rewards = np.random.default_rng(3).random((50, 16))
    for key in NATIVE:
        found = weights(torch.tensor(rewards), 4, key)
        assert np.array_equal(found.numpy(), numpy_weights(rewards, 4, key))


def test_other_devices_mark_groups_outside_the_domain():
    """What a device that is not the CPU does, done on the CPU: no look at the values, no copy."""
    row, result = ESTIMATORS["maxrl"], torch.ones(2, 2)
    meta = _where_defined(row, torch.tensor([[0.0, 1.0], [0.5, 1.0]]), result)
    assert torch.isfinite(meta[0]).all()
    assert meta[1].isnan().all()


def test_scale_mean_is_n_times_sum():
    rewards = torch.rand(3, 8, dtype=torch.float64)
    assert torch.equal(weights(rewards, 2, scale="mean"), 8 * weights(rewards, 2))


@pytest.mark.parametrize("key", ["pkpo_loo_minus_one", "maxrl", "bon_mean"])
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.int64, torch.bool])
def test_every_dtype(dtype, key):
    rewards = torch.tensor([[0, 1, 1, 0, 0]]).to(dtype)
    found = weights(rewards, 2, key)
    exact = dtype in (torch.int64, torch.bool)
    assert found.dtype == (torch.float64 if exact else torch.float32)
    assert np.allclose(found.numpy(), numpy_weights([[0, 1, 1, 0, 0]], 2, key), atol=1e-7)


def test_no_gradient_flows_through_rewards():
    rewards = torch.rand(2, 4, requires_grad=True)
    assert not weights(rewards, 2).requires_grad


@pytest.mark.parametrize(
    ("rewards", "key", "told"),
    [
        ([[0.0, float("nan")]], "pkpo", "finite"),
        ([[0.0, float("inf")]], "rloo", "finite"),
        ([[0.0, 0.5]], "maxrl", "0, 1"),
        ([[0.0, -1.0]], "tailrl", ">= 0"),
    ],
)
def test_rewards_outside_the_domain(rewards, key, told):
    with pytest.raises(InputError, match=told):
        weights(torch.tensor(rewards), 2, key)


def test_bad_arguments_are_named():
    with pytest.raises(InputError, match="pkpo_loo_minus_one"):
        weights(torch.zeros(2, 4), 2, "pkpo_loo_minus_two")
    with pytest.raises(InputError, match="scale"):
        weights(torch.zeros(2, 4), 2, scale="total")
    with pytest.raises(InputError, match="shape"):
        weights(torch.tensor(1.0), 1, "pkpo")
    with pytest.raises(InputError, match=r"k = 2\.0"):
        weights(torch.zeros(2, 4), 2.0, "pkpo")


def test_the_required_estimators_need_no_copy():
    required = [
        "pkpo",
        "pkpo_loo",
        "pkpo_loo_minus_one",
        "centered_loo",
        "rloo",
        "grpo",
        "passk_grpo",
        "maxrl",
        "tailrl",
    ]
    assert all(_native(ESTIMATORS[key], 64) for key in required)


def test_large_groups_of_successes_and_failures_make_no_table_of_all_counts():
    assert _native(ESTIMATORS["passk_grpo"], LARGEST_COUNTED) is not None
    assert _native(ESTIMATORS["passk_grpo"], LARGEST_COUNTED + 1) is None
