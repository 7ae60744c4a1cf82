"""Flat batches with group ids: the weights of each group by itself, wherever its samples stand."""

from uuid import UUID

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pkpo_toy.errors import InputError
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


def too_small(row, n, k):
    """By definition: not defined for n samples, but for some larger group."""
    sizes = range(1, 60)
    defined = [size for size in sizes if k <= size and row.domain.holds(size, k)]
    return n not in defined and any(size > n for size in defined)


@given(
    st.sampled_from(list(ESTIMATORS)), st.lists(st.integers(1, 9), min_size=1), st.integers(1, 9)
)
def test_groups_that_are_too_small(key, sizes, k):
    """Clamp: the weights for min(k, n), or for the largest k defined below; zero: none."""
    row = ESTIMATORS[key]
    if row.random or any(not too_small(row, n, k) and not fits(row, n, k) for n in sizes):
        return
    ids = np.repeat(np.arange(len(sizes)), sizes)
    rewards = np.random.default_rng(len(ids)).integers(0, 2, ids.size)
    clamped = grouped_weights(rewards, ids, k, key, when_short="clamp")
    zeroed = grouped_weights(rewards, ids, k, key, when_short="zero")
    for group, n in enumerate(sizes):
        own = rewards[ids == group]
        defined = [j for j in range(1, min(k, n) + 1) if row.domain.holds(n, j)]
        wanted = weights(own, max(defined), key) if defined else np.zeros(n)
        np.testing.assert_array_equal(clamped[ids == group], wanted)
        if fits(row, n, min(k, n)):
            np.testing.assert_array_equal(wanted, weights(own, min(k, n), key))
        kept = weights(own, k, key) if fits(row, n, k) else np.zeros(n)
        np.testing.assert_array_equal(zeroed[ids == group], kept)


def fits(row, n, k):
    return k <= n and row.domain.holds(n, k)


def test_a_single_sample_has_no_leave_one_out_weight():
    for key in ("pkpo_loo_minus_one", "rloo", "centered_loo"):
        got = grouped_weights([1.0, 0.0, 1.0, 0.5], ["alone", *"aaa"], 2, key, when_short="clamp")
        assert got[0] == 0
        assert np.abs(got[1:]).max() > 0


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"when_short": "skip"}, "unknown when_short 'skip'.*clamp, error, zero"),
        ({"when_short": "error"}, "group 'a': k must satisfy 1 <= k <= n, got k = 4 with n = 3"),
        ({"k": 0, "when_short": "clamp"}, "k = 0"),
        ({"k": 2.5, "when_short": "zero"}, "k = 2.5"),
        # no group is large enough: a mistake of the call, not of a group
        ({"k": 1, "when_short": "clamp"}, "pkpo_loo_minus_one needs 2 <= k <= n"),
        ({"k": 1, "when_short": "zero"}, "pkpo_loo_minus_one needs 2 <= k <= n"),
    ],
)
def test_what_stays_an_error(changes, told):
    given = {"rewards": [0.0, 1.0, 0.0], "groups": "aaa", "k": 4, **changes}
    with pytest.raises(InputError, match=told):
        grouped_weights(**given)
