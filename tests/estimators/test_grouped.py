"""Flat batches with group ids: the weights of each group by itself, wherever its samples stand."""

from uuid import UUID

import numpy as np
import pytest

from pkpo_toy.estimators import ESTIMATORS, grouped_weights, weights

IDS = {
    "integers": [7, 3, 7, 9, 3, 3, 7, 9, 9, 3, 7, 9, 1, 1, 1, 1, 5, 5, 5, 5, 5, 5, 5, 5],
}
IDS["text"] = [f"problem {i}" for i in IDS["integers"]]
IDS["floats"] = [i / 2 for i in IDS["integers"]]
IDS["tuples"] = [("p", i) for i in IDS["integers"]]
IDS["uuids"] = [UUID(int=i) for i in IDS["integers"]]
IDS["mixed"] = [{7: "7", 3: 7, 9: None, 1: (1,), 5: 5.5}[i] for i in IDS["integers"]]
IDS["array"] = np.array(IDS["integers"], dtype=np.uint8)
IDS["text array"] = np.array(IDS["text"])
IDS["objects"] = np.array(IDS["mixed"], dtype=object)


@pytest.mark.parametrize("ids", IDS.values(), ids=IDS)
@pytest.mark.parametrize("scale", ["sum", "mean"])
def test_every_kind_of_id(ids, scale):
    rewards = np.random.default_rng(0).random(24).astype(np.float32)
    got = grouped_weights(rewards, ids, 2, scale=scale)
    assert got.dtype == np.float32
    for i in (7, 3, 9, 1, 5):
        mine = np.array(IDS["integers"]) == i
        np.testing.assert_array_equal(got[mine], weights(rewards[mine], 2, scale=scale))


@pytest.mark.parametrize("key", [key for key, row in ESTIMATORS.items() if not row.random])
def test_every_estimator_with_order_kept(key):
    rewards = np.random.default_rng(1).integers(0, 2, 24)
    got = grouped_weights(rewards, IDS["integers"], 2, key)
    for i in (7, 3, 9, 1, 5):
        mine = np.array(IDS["integers"]) == i
        np.testing.assert_array_equal(got[mine], weights(rewards[mine], 2, key))


def test_options_generators_and_nothing():
    rewards = np.random.default_rng(2).random(6)
    got = grouped_weights(rewards, [0] * 6, 2, "rs_grpo", beta=3.0)
    np.testing.assert_array_equal(got, weights(rewards, 2, "rs_grpo", beta=3.0))
    draws = [np.random.default_rng(3), np.random.default_rng(3)]
    got = grouped_weights(rewards, [0] * 6, 2, "passk_bootstrap", rng=draws[0])
    np.testing.assert_array_equal(got, weights(rewards, 2, "passk_bootstrap", rng=draws[1]))


def test_ids_from_an_iterator():
    got = grouped_weights([1.0, 2.0, 3.0, 5.0], iter("abab"), 2)
    np.testing.assert_array_equal(got, [0.0, 0.0, 2.0, 3.0])


def test_many_groups_of_many_sizes_do_not_loop():
    rng = np.random.default_rng(4)
    ids = rng.permutation(np.repeat(np.arange(20_000), rng.integers(2, 9, 20_000)))
    rewards = rng.random(ids.size)
    got = grouped_weights(rewards, ids, 2)
    for i in (0, 777, 19_999):
        np.testing.assert_array_equal(got[ids == i], weights(rewards[ids == i], 2))
