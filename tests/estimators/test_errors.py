"""Everything out of its domain is one sentence naming the argument, its domain and the value."""

import numpy as np
import pytest

from pkpo_toy.errors import InputError
from pkpo_toy.estimators import (
    ESTIMATORS,
    element_weights,
    grouped_weights,
    max_at_k,
    pass_at_k,
    resolve,
    weights,
)

GOOD = [0.0, 1.0, 1.0, 0.0]
KEYS = list(ESTIMATORS)


def refused(message, call, *args, **kwargs):
    with pytest.raises(InputError, match=message):
        call(*args, **kwargs)


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("k", [0, -1, 5, True, 2.0, "2", None, np.float64(2), np.bool_(True)])
def test_k_is_checked_for_all(key, k):
    refused(r"k .*1 <= k <= n, got k = .* with n = 4\.", weights, GOOD, k, key)
    refused("1 <= k <= n", ESTIMATORS[key].check, 4, k)
    refused("1 <= k <= n", max_at_k, GOOD, k)


OUTSIDE = {
    "rloo": (1, 1), "dr_grpo": (1, 1), "grpo": (1, 1), "pkpo_loo": (4, 4), "centered_loo": (4, 4),
    "group_mean_centered": (4, 4), "pkpo_loo_minus_one": (4, 1), "partition": (4, 3),
    "maxk_rloo": (1, 1), "order_statistic": (1, 1),
    "partition_baselined": (4, 4), "partition_loo_minus_one": (4, 1), "passk_rloo": (1, 1),
    "passk_loo_plugin": (1, 1), "passk_full": (4, 4), "bon_mean": (1, 1), "bon_max_mean": (1, 1),
    "tailrl": (1, 1), "rs_grpo": (1, 1), "entropic_loo": (1, 1),
}  # fmt: skip
ANYWHERE = {"reinforce", "pkpo", "fail_only", "passk_plugin", "passk_grpo", "passk_bootstrap",
            "maxrl", "maxrl_raw", "tailrl_raw"}  # fmt: skip


def test_the_domains_below_are_all():
    assert set(OUTSIDE) | ANYWHERE == set(KEYS)


@pytest.mark.parametrize("key", OUTSIDE)
def test_outside_the_estimators_own_domain(key):
    n, k = OUTSIDE[key]
    refused(f"{key} needs .*, got k = {k} with n = {n}", weights, GOOD[:n], k, key)


@pytest.mark.parametrize("key", sorted(ANYWHERE))
@pytest.mark.parametrize(("n", "k"), [(1, 1), (4, 1), (4, 3), (4, 4)])
def test_no_domain_but_k_up_to_n(key, n, k):
    assert weights(GOOD[:n], k, key, rng=np.random.default_rng(0)).shape == (n,)


def test_k_one_names_the_estimator_to_use():
    refused("use rloo", weights, GOOD, 1)


@pytest.mark.parametrize("key", [key for key, row in ESTIMATORS.items() if row.binary])
def test_binary_only(key):
    refused(rf"{key} needs rewards in {{0, 1}}, got 0.5 \(1 of 4", weights, [0, 1, 0.5, 1], 2, key)


@pytest.mark.parametrize("key", ["tailrl", "tailrl_raw"])
def test_nonnegative_only(key):
    refused(rf"{key} needs rewards >= 0, got -1.0 \(2 of 4", weights, [0, -1, -2, 1], 2, key)


@pytest.mark.parametrize("call", [weights, max_at_k])
def test_rewards(call):
    bad = np.ones((2, 4))
    bad[1, 2:] = np.nan, np.inf
    refused(r"finite, got 2 .* of 8, the first \(nan\) at index \(1, 2\)", call, bad, 2)
    refused(r"finite, got 1 .* of 2, the first \(-inf\) at index 1", call, [1.0, -np.inf], 2)
    refused(r"n >= 1 samples, got shape \(0,\)", call, [], 1)
    refused(r"got shape \(3, 0\)", call, np.empty((3, 0)), 1)
    refused("the scalar 1.0", call, 1.0, 1)
    refused("real numbers", call, ["a", "b"], 1)
    refused("real numbers", call, [1j, 2], 1)
    refused("real numbers", call, [None, 1], 1)
    refused("rectangular", call, [[1, 2], [3]], 1)
    refused("masked", call, np.ma.array([1.0, 2.0], mask=[True, False]), 2)


def test_names_options_and_scale():
    refused("Did you mean 'pkpo_loo'", weights, GOOD, 2, "pkpo_lo")
    refused("estimator must be a key", weights, GOOD, 2, None)
    refused("estimator must be a key", weights, GOOD, 2, ["pkpo"])
    refused("unknown estimator", resolve, "nothing")
    refused("unknown option 'beta' of pkpo: it has none", weights, GOOD, 2, "pkpo", beta=1.0)
    refused("unknown option 'gamma' of rs_grpo: it has beta", weights, GOOD, 2, "rs_grpo", gamma=1)
    refused("unknown scale 'average'", weights, GOOD, 2, scale="average")


@pytest.mark.parametrize("beta", [0, -1, np.nan, np.inf, "1", None, True, 10**400])
@pytest.mark.parametrize("key", ["rs_grpo", "entropic_loo"])
def test_beta(key, beta):
    refused("beta must be a finite number > 0, got", weights, GOOD, 2, key, beta=beta)


@pytest.mark.parametrize("rng", [None, 0, np.random.RandomState(0)])
def test_drawing_needs_a_generator(rng):
    refused("passk_bootstrap .* needs rng", weights, GOOD, 2, "passk_bootstrap", rng=rng)


def test_counts():
    refused(r"c must satisfy 0 <= c <= n, got c = 5 with n = 4", pass_at_k, 4, 5, 1)
    refused(r"c must satisfy 0 <= c <= n, got c = -1", pass_at_k, [4, 4], [0, -1], 1)
    refused(r"k must satisfy 1 <= k <= n, got k = 5 with n = 4", pass_at_k, [9, 4], 1, 5)
    refused("k must satisfy", pass_at_k, 4, 1, 0)
    refused("n must be integers, got 4.0", pass_at_k, 4.0, 1, 1)
    refused("c must be integers, got True", pass_at_k, 4, True, 1)
    refused("broadcast", pass_at_k, [4, 4], [1, 1, 1], 1)
    refused("n must be an integer >= 1, got 0", element_weights, 0, 1)
    refused("n must be an integer >= 1, got 2.0", element_weights, 2.0, 1)
    refused("k must satisfy 1 <= k <= n, got k = 3 with n = 2", element_weights, 2, 3)


def test_grouped():
    refused("one-dimensional", grouped_weights, np.ones((2, 2)), [0, 1], 1, "pkpo")
    refused("one id for each of 4 rewards, got 3", grouped_weights, GOOD, [0, 0, 1], 1, "pkpo")
    refused("hashable", grouped_weights, GOOD, [[0], [1], [0], [1]], 1, "pkpo")
    refused("hashable", grouped_weights, GOOD, 7, 1, "pkpo")
    refused("NaN", grouped_weights, GOOD, np.array([0, 1, np.nan, 1]), 1, "pkpo")
    refused("NaN", grouped_weights, GOOD, [0, 1, float("nan"), 1], 1, "pkpo")
    refused("group 'b': .* got k = 2 with n = 1", grouped_weights, GOOD, list("aaba"), 2)
    refused("group 'b': rloo needs", grouped_weights, GOOD, list("aaba"), 1, "rloo")
    refused("at index 3", grouped_weights, [0, 1, 0, np.nan], list("abab"), 2)
    refused("unknown option", grouped_weights, GOOD, list("abab"), 2, beta=1)
    refused("unknown scale", grouped_weights, GOOD, list("abab"), 2, scale="n")
    refused("needs rng", grouped_weights, GOOD, list("abab"), 2, "passk_bootstrap")
    refused(">= 0", grouped_weights, [-1, 0, 0, 0], list("abab"), 2, "tailrl")
    refused("k must be an integer", grouped_weights, GOOD, list("abab"), True)
