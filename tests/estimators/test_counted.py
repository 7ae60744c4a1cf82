"""Weights of 0/1 rewards that are looked up: the same bits as those that are computed."""

from dataclasses import replace

import numpy as np
import pytest

from pkpo_toy.estimators import ESTIMATORS
from pkpo_toy.estimators.counted import by_count, count_table
from pkpo_toy.training.handover import Handover

EXCHANGEABLE = [key for key, row in ESTIMATORS.items() if row.exchangeable and not row.random]


@pytest.mark.parametrize("n", [1, 2, 5, 16, 300])
@pytest.mark.parametrize("key", EXCHANGEABLE)
def test_looked_up_weights_are_the_computed_ones(key, n):
    row = ESTIMATORS[key]
    rng = np.random.default_rng(n)
    rates = rng.random((4, 6, 1))
    rewards = (rng.random((4, 6, n)) < rates).astype(float)
    rewards[0, :2] = np.array([0.0, 1.0])[:, None]  # none right, all right
    looked_up = by_count(row.function)
    for k in (k for k in (1, 2, 3, n - 1, n) if row.allows(n, k)):
        assert np.array_equal(looked_up(rewards, k), row.function(rewards, k)), k


def test_other_rewards_are_computed():
    row = ESTIMATORS["pkpo"]
    for odd in (0.5, 2.0, np.nan, np.inf):
        rewards = np.array([[0.0, 1.0, odd], [1.0, 0.0, 0.0]])
        with np.errstate(invalid="ignore"):
            expected = row.function(rewards, 2)
            np.testing.assert_array_equal(by_count(row.function)(rewards, 2), expected)


def test_the_table_is_made_once_for_each_n_and_k():
    calls = []

    def counting(rewards, k):
        calls.append((rewards.shape, k))
        return rewards / k

    weigh = by_count(counting)
    for k in (1, 1, 2):
        weigh(np.zeros((3, 4)), k)
    assert calls == [((5, 4), 1), ((5, 4), 2)]


def test_the_table_of_many_samples_is_made_in_parts():
    n = 700
    table = count_table(lambda rewards, k: rewards.cumsum(axis=-1), n, 1)
    assert table[0].tolist() == [*range(n), 0.0]  # a failure comes last
    assert table[1].tolist() == [0.0] + [1.0] * n


@pytest.mark.parametrize(("key", "looked_up"), [("pkpo", True), ("partition", False)])
def test_training_on_binary_rewards_looks_up_what_order_cannot_change(key, looked_up):
    row = ESTIMATORS[key]
    seen = []

    def spy(rewards, k):
        seen.append(rewards.shape)
        return np.zeros_like(rewards)

    spied = replace(row, function=spy)
    weigh = Handover(spied, spied, 4, [2]).weight_function(np.random.default_rng(0), binary=True)
    weigh(np.ones((7, 2, 4)), 2)
    assert seen == ([(5, 4)] if looked_up else [(7, 2, 4)])
