"""Weights of a frame of samples: by problem, in the order of the rows."""

import numpy as np
import pandas as pd
import pytest

from pkpo_toy.errors import InputError
from pkpo_toy.estimators import weights
from pkpo_toy.samples.weighing import sample_weights

GROUPS = {"b": [0.1, 0.7, 0.4, 1.0], "a": [0.5, 0.2, 0.9], "c": [0.3, 0.3, 0.0, 0.8]}
ROWS = [(p, str(i), r) for p, group in GROUPS.items() for i, r in enumerate(group)]
SAMPLES = pd.DataFrame(ROWS, columns=["problem", "sample", "reward"]).sample(frac=1, random_state=1)


def expected(*arguments, **options):
    by_row = {
        (p, str(i)): w
        for p, group in GROUPS.items()
        for i, w in enumerate(weights(group, *arguments, **options))
    }
    return [by_row[key] for key in zip(SAMPLES["problem"], SAMPLES["sample"], strict=True)]


@pytest.mark.parametrize("scale", ["sum", "mean"])
@pytest.mark.parametrize("estimator", ["centered_loo", "pkpo_loo_minus_one"])
def test_each_problem_is_a_group_of_its_own(estimator, scale):
    result = sample_weights(SAMPLES, 2, estimator, scale=scale)
    assert result.tolist() == expected(2, estimator, scale=scale)


def test_the_default_is_the_packages():
    assert sample_weights(SAMPLES, 2).tolist() == expected(2)


def test_beta_is_passed_on():
    assert sample_weights(SAMPLES, 1, "rs_grpo", beta=3.0).tolist() == expected(
        1, "rs_grpo", beta=3.0
    )


def test_a_random_estimator_follows_the_seed():
    first, again, other = (
        sample_weights(SAMPLES, 2, "passk_bootstrap", seed=seed).tolist() for seed in (1, 1, 2)
    )
    assert first == again != other


@pytest.mark.parametrize("scale", ["sum", "mean"])
def test_an_own_function_is_called_with_whole_groups(tmp_path, scale):
    path = tmp_path / "mine.py"
    path.write_text(
        "def mine(rewards, k):\n"
        "    return (rewards - rewards.mean(axis=-1, keepdims=True)) / rewards.shape[-1]\n"
    )
    result = sample_weights(SAMPLES, 2, f"{path}:mine", scale=scale)
    np.testing.assert_allclose(result, expected(2, "dr_grpo", scale=scale), atol=1e-15)


@pytest.mark.parametrize("own", [True, False])
@pytest.mark.parametrize(("k", "problem"), [(4, "'a'"), (0, "'[abc]'")])
def test_a_k_out_of_domain_names_the_problem(tmp_path, own, k, problem):
    path = tmp_path / "mine.py"
    path.write_text("def mine(rewards, k):\n    return rewards\n")
    with pytest.raises(InputError, match=f"{problem}: .*k.* got .*{k}"):
        sample_weights(SAMPLES, k, f"{path}:mine" if own else "pkpo")


@pytest.mark.parametrize(
    ("options", "sentence"),
    [({"scale": "men"}, "Did you mean 'mean'"), ({"beta": 1.0}, "unknown option 'beta'")],
)
def test_an_own_function_has_the_same_scales_and_no_options(tmp_path, options, sentence):
    path = tmp_path / "mine.py"
    path.write_text("def mine(rewards, k):\n    return rewards\n")
    with pytest.raises(InputError, match=sentence):
        sample_weights(SAMPLES, 2, f"{path}:mine", **options)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"estimator": "pkpo_lo"}, "Did you mean 'pkpo_loo'"),
        ({"scale": "men"}, "Did you mean 'mean'"),
        ({"seed": -1}, "seed must be at least 0"),
        ({"estimator": "pkpo", "beta": 1.0}, "unknown option 'beta'"),
        ({"estimator": "rs_grpo", "beta": -1.0}, "beta must be"),
        ({"estimator": "passk_rloo"}, "passk_rloo needs rewards in"),
    ],
)
def test_what_is_out_of_domain_is_refused(options, sentence):
    with pytest.raises(InputError, match=sentence):
        sample_weights(SAMPLES, 2, **options)
