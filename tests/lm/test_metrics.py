"""Metrics for any trainer: against the package's own estimates, with holes, and by definition."""

import numpy as np
import pytest
import torch

from pkpo_toy.estimators import max_at_k as numpy_max_at_k
from pkpo_toy.lm.metrics import group_metrics, max_at_k, powers_of_two

DEVICES = ["cpu"] + ["cuda"] * torch.cuda.is_available()


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("n", [1, 2, 7, 64, 1000])
def test_max_at_k_is_that_of_the_package(device, n):
    rng = np.random.default_rng(n)
    ks = sorted({1, 2, n // 2, n - 1, n} & set(range(1, n + 1)))
    for rewards in (rng.normal(size=(6, n)), rng.integers(0, 2, (6, n)).astype(float)):
        found = max_at_k(torch.tensor(rewards, device=device), ks).cpu().numpy()
        for k, estimates in zip(ks, found, strict=True):
            assert np.allclose(estimates, numpy_max_at_k(rewards, k), rtol=1e-12, atol=1e-12)


def test_what_is_not_finite_is_left_out():
    rewards = np.random.default_rng(0).normal(size=(3, 6))
    holed = torch.tensor(rewards)
    holed[0, 2], holed[1, 0], holed[1, 5] = torch.nan, torch.inf, -torch.inf
    holed[2, :] = torch.nan
    found = max_at_k(holed, [1, 3, 5]).numpy()
    for row, columns in ((0, [0, 1, 3, 4, 5]), (1, [1, 2, 3, 4])):
        for i, k in enumerate((1, 3, 5)):
            if k <= len(columns):
                assert found[i, row] == pytest.approx(numpy_max_at_k(rewards[row, columns], k))
            else:
                assert np.isnan(found[i, row])
    assert np.isnan(found[:, 2]).all()


def test_a_batch_is_summed_up():
    rewards = torch.tensor([[1.0, 0.0, 0.0, 1.0], [0.0, 0.0, 0.0, 0.0]])
    weights = torch.tensor([[1.0, -1.0, 0.0, 2.0], [0.0, 0.0, 0.0, 0.0], [0.0, 0.0, 2.0, 0.0]])
    found = group_metrics(rewards)
    assert list(found) == ["pass_at_1", "pass_at_2", "pass_at_4"]
    assert found["pass_at_2"].item() == pytest.approx((5 / 6 + 0) / 2)
    signal = group_metrics(torch.zeros(3, 4), weights, name="max")
    assert signal["groups_without_signal"].item() == pytest.approx(1 / 3)
    assert signal["effective_groups"].item() == pytest.approx(6**2 / (4**2 + 2**2))
    assert signal["max_at_4"] == 0
    assert group_metrics(rewards, torch.zeros(2, 4))["effective_groups"] == 0
    equal = group_metrics(torch.zeros(5, 4), torch.ones(5, 4))["effective_groups"]
    assert equal.item() == pytest.approx(5)


def test_powers_of_two():
    assert [powers_of_two(n) for n in (1, 2, 7, 8)] == [[1], [1, 2], [1, 2, 4], [1, 2, 4, 8]]


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_nothing_is_copied_to_the_host():
    rewards, weights = (torch.rand(8, 16, device="cuda") for _ in range(2))
    group_metrics(rewards, weights)
    torch.cuda.set_sync_debug_mode("error")
    try:
        assert all(
            value.device.type == "cuda" for value in group_metrics(rewards, weights).values()
        )
    finally:
        torch.cuda.set_sync_debug_mode("default")
