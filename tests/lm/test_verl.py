"""verl's interface, by a stand-in, and by verl's own registry where it is installed."""

from importlib.util import find_spec

import numpy as np
import pytest
import torch

from pkpo_toy.errors import InputError
from pkpo_toy.estimators import ESTIMATORS, weights
from pkpo_toy.lm import verl as ours


class Registry:
    """What verl has: a dictionary, and a decorator that refuses a second one of a name."""

    def __init__(self):
        self.known = {"grpo": print, "rloo": print, "gae": print}

    def add(self, name):
        def decorator(function):
            if self.known.get(name, function) != function:
                raise ValueError(f"{name} has already been registered")
            self.known[name] = function
            return function

        return decorator


def batch(sizes, binary=True, seed=0, length=6):
    """Rewards on the last token of the response, groups of those sizes in mixed order."""
    rng = np.random.default_rng(seed)
    uid = rng.permutation(np.repeat([f"prompt-{i}" for i in range(len(sizes))], sizes)).astype(
        object
    )
    scores = rng.integers(0, 2, len(uid)) if binary else rng.random(len(uid))
    mask = np.arange(length) < rng.integers(1, length + 1, len(uid))[:, None]
    rewards = np.zeros(mask.shape)
    rewards[np.arange(len(uid)), mask.sum(axis=1) - 1] = scores
    return torch.tensor(rewards), torch.tensor(mask.astype(float)), uid, scores.astype(float)


def test_every_estimator_is_registered_and_none_of_verls_own_replaced():
    registry = Registry()
    names = ours.register(registry.known, registry.add)
    assert set(names) == set(ESTIMATORS)
    assert names["pkpo_loo_minus_one"] == "pkpo_loo_minus_one"
    assert (names["grpo"], names["rloo"]) == ("pkpo_toy_grpo", "pkpo_toy_rloo")
    assert registry.known["grpo"] is print
    assert all(callable(registry.known[name]) for name in names.values())


@pytest.mark.parametrize("key", ESTIMATORS)
def test_ragged_groups_by_uid(key):
    row, k = ESTIMATORS[key], 2
    rewards, mask, uid, scores = batch([4, 8, 6], binary=row.binary)
    config = {"k": k, "beta": 0.7, "adv_estimator": key}
    found, returns = ours.advantage_estimator(key)(
        token_level_rewards=rewards, response_mask=mask, index=uid, config=config
    )
    assert found.shape == mask.shape
    assert torch.equal(found, returns)
    if row.random:
        assert torch.isfinite(found).all()
        return
    options = {"beta": 0.7} if "beta" in row.options else {}
    for group in np.unique(uid.astype(str)):
        members = uid == group
        w = weights(scores[members], k, key, scale="mean", **options)
        wanted = w[:, None] * mask.numpy()[members]
        assert np.allclose(found.numpy()[members], wanted, atol=1e-12)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"config": None}, r"\+algorithm\.k=8"),
        ({"config": {}}, r"\+algorithm\.k=8"),
        ({"config": {"k": 7}}, "prompt-0.*k = 7 with n = 4|prompt-0"),
        ({"config": {"k": 2.5}}, "k = 2.5"),
        ({"index": None}, "index"),
    ],
)
def test_what_verl_must_give(changes, told):
    rewards, mask, uid, _ = batch([4, 8])
    given = {
        "token_level_rewards": rewards,
        "response_mask": mask,
        "index": uid,
        "config": {"k": 2},
    }
    with pytest.raises(InputError, match=told):
        ours.advantage_estimator("pkpo_loo_minus_one")(**{**given, **changes})


@pytest.mark.parametrize("when_short", ["clamp", "zero"])
def test_groups_that_are_too_small(when_short):
    rewards, mask, uid, scores = batch([3, 8], binary=False)
    config = {"k": 4, "when_short": when_short}
    found, _ = ours.advantage_estimator("pkpo_loo_minus_one")(
        token_level_rewards=rewards, response_mask=mask, index=uid, config=config
    )
    for group, k in (("prompt-0", 3 if when_short == "clamp" else None), ("prompt-1", 4)):
        own = scores[uid == group]
        wanted = np.zeros(len(own)) if k is None else weights(own, k, scale="mean")
        assert np.allclose(found.numpy()[uid == group].max(axis=1), np.maximum(wanted, 0))


def test_float32_stays_float32():
    rewards, mask, uid, _ = batch([4, 4])
    found, _ = ours.advantage_estimator("pkpo")(
        token_level_rewards=rewards.float(), response_mask=mask.float(), index=uid, config={"k": 2},
        reward_baselines=None,
    )  # fmt: skip
    assert found.dtype == torch.float32


@pytest.mark.skipif(find_spec("verl") is None, reason="verl is not installed")
def test_the_real_registry():
    from verl.trainer.ppo.core_algos import get_adv_estimator_fn

    rewards, mask, uid, _ = batch([4, 8, 6])
    for key, name in ours.NAMES.items():
        if not ESTIMATORS[key].random:
            found, _ = get_adv_estimator_fn(name)(rewards, mask, uid, config={"k": 2})
            wanted, _ = ours.advantage_estimator(key)(rewards, mask, uid, config={"k": 2})
            assert torch.equal(found, wanted)
