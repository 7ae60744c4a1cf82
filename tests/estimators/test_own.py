"""The user's own estimator: a function, or FILE.py:FUNCTION, wherever a key may stand."""

import numpy as np
import pytest

import pkpo_toy
from pkpo_toy.errors import InputError
from pkpo_toy.estimators import ESTIMATORS, grouped_weights, resolve, weights

REWARDS = np.array([[0.1, 0.7, 0.4, 1.0], [0.5, 0.2, 0.9, 0.2]])
MINE = (
    "def mine(rewards, k):\n"
    "    return k * (rewards - rewards.mean(axis=-1, keepdims=True)) / rewards.shape[-1]\n"
)


def mine(rewards, k):
    return k * (rewards - rewards.mean(axis=-1, keepdims=True)) / rewards.shape[-1]


@pytest.fixture
def named(tmp_path):
    path = tmp_path / "mine.py"
    path.write_text(MINE)
    return f"{path}:mine"


@pytest.mark.parametrize("key", ESTIMATORS)
def test_a_key_resolves_to_its_row_and_a_row_to_itself(key):
    assert resolve(key) is resolve(resolve(key)) is ESTIMATORS[key]


@pytest.mark.parametrize("scale", ["sum", "mean"])
def test_a_file_and_a_function_give_the_same_weights(named, scale):
    expected = mine(REWARDS, 2) * (4 if scale == "mean" else 1)
    for what in (named, mine, resolve(named), resolve(mine)):
        result = pkpo_toy.weights(REWARDS, 2, what, scale=scale)
        np.testing.assert_array_equal(result, expected)


@pytest.mark.parametrize("what", ["function", "file"])
def test_groups_of_any_size_in_any_order(named, what):
    rewards, groups = np.array([0.3, 0.1, 0.9, 0.4, 0.7]), ["b", "a", "b", "a", "b"]
    result = grouped_weights(rewards, groups, 2, named if what == "file" else mine)
    for name in "ab":
        chosen = np.array([group == name for group in groups])
        np.testing.assert_array_equal(result[chosen], mine(rewards[chosen], 2))


@pytest.mark.parametrize("shape", [(4,), (2, 4), (3, 2, 4), (20_000, 4)])
def test_the_function_sees_rewards_in_their_shape_as_float64(shape):
    seen = []

    def look(rewards, k):
        seen.append((rewards.shape, rewards.dtype))
        return rewards

    weights(np.zeros(shape, dtype=np.float32), 2, look)
    assert seen == [(shape, np.float64)]


def test_a_function_that_writes_into_its_argument_changes_nothing_outside():
    def careless(rewards, k):
        rewards *= 0.0
        return rewards

    rewards = REWARDS.copy()
    weights(rewards, 2, careless)
    np.testing.assert_array_equal(rewards, REWARDS)


def test_float32_rewards_come_back_as_float32_and_lists_are_numbers():
    assert weights(REWARDS.astype(np.float32), 2, mine).dtype == np.float32
    assert weights([0.0, 1.0], 1, lambda rewards, k: [1, 2]).tolist() == [1.0, 2.0]


def test_huge_rewards_are_not_moved_since_nothing_is_known_of_the_function():
    assert weights([1e308, -1e308], 1, lambda rewards, k: np.sign(rewards)).tolist() == [1.0, -1.0]


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (lambda rewards, k: rewards[..., :-1], r"mine must return weights of shape \(2, 4\), got"),
        (lambda rewards, k: rewards.sum(), r"must return weights of shape \(2, 4\), got \(\)"),
        (lambda rewards, k: rewards * np.nan, "mine returned NaN or infinite weights for k = 2"),
        (lambda rewards, k: rewards + np.inf, "mine returned NaN or infinite weights for k = 2"),
        (lambda rewards, k: rewards * 1j, "mine must return an array of real numbers, got complex"),
        (lambda rewards, k: rewards.astype(str), "an array of real numbers, got <U"),
        (lambda rewards, k: None, "an array of real numbers, got NoneType"),
        (lambda rewards, k: [[1.0], [1.0, 2.0]], "an array of real numbers, got list"),
    ],
)
def test_what_a_function_may_not_return(answer, sentence):
    answer.__name__ = "mine"
    for call in (
        lambda: weights(REWARDS, 2, answer),
        lambda: grouped_weights(REWARDS.ravel(), [0, 0, 0, 0, 1, 1, 1, 1], 2, answer),
    ):
        with pytest.raises(InputError, match=sentence):
            call()


@pytest.mark.parametrize("k", [0, 5, 2.0, True])
def test_k_is_held_to_the_same_domain(k):
    with pytest.raises(InputError, match="k must"):
        weights(REWARDS, k, mine)


def test_a_function_has_no_options():
    with pytest.raises(InputError, match="unknown option 'beta' of mine: it has none"):
        weights(REWARDS, 2, mine, beta=1.0)


def test_a_file_is_read_again_when_it_changes(tmp_path):
    import os

    path = tmp_path / "mine.py"
    for stamp, factor in enumerate((1.0, 2.0), start=1):
        path.write_text(f"def mine(rewards, k):\n    return {factor} * rewards\n")
        os.utime(path, (stamp, stamp))
        np.testing.assert_array_equal(weights(REWARDS, 1, f"{path}:mine"), factor * REWARDS)


def test_a_file_may_hold_a_dataclass(tmp_path):
    path = tmp_path / "mine.py"
    path.write_text(
        "from __future__ import annotations\nfrom dataclasses import dataclass\n"
        "@dataclass\nclass Own:\n    factor: float\n"
        "    def __call__(self, rewards, k):\n        return self.factor * rewards\n"
        "mine = Own(2.0)\n"
    )
    np.testing.assert_array_equal(weights(REWARDS, 1, f"{path}:mine"), 2 * REWARDS)
    np.testing.assert_array_equal(weights(REWARDS, 1, resolve(f"{path}:mine")), 2 * REWARDS)


@pytest.mark.parametrize(
    ("what", "sentence"),
    [
        ("pkpo_lo", "Did you mean 'pkpo_loo'"),
        ("missing.py:mine", "there is no file 'missing.py'"),
        ("missing.py", "must name its function too: missing.py:FUNCTION"),
        (5, "a key, FILE.py:FUNCTION or a function .* got 5"),
        (None, "a key, FILE.py:FUNCTION or a function .* got None"),
    ],
)
def test_what_is_no_estimator(what, sentence):
    with pytest.raises(InputError, match=sentence):
        resolve(what)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("def other(rewards, k):\n    return rewards\n", "no function 'mine'; it defines other"),
        ("mine = 1\n", "no function 'mine'; it defines no function"),
        ("import nowhere_to_be_found\n", "fails on import: ModuleNotFoundError"),
        ("def mine(\n", "fails on import: SyntaxError"),
        ("raise SystemExit(3)\n", "fails on import: SystemExit: 3"),
    ],
)
def test_a_file_that_does_not_serve(tmp_path, text, sentence):
    path = tmp_path / "mine.py"
    path.write_text(text)
    with pytest.raises(InputError, match=sentence):
        resolve(f"{path}:mine")
