"""What happens a day into a run in TRL: k goes out of its domain, a reward is missing, it stops."""

import json
import math
import os

import numpy as np
import pandas as pd
import pytest
import torch

from pkpo_toy.errors import InputError
from pkpo_toy.estimators import max_at_k, weights
from tests.cli.conftest import run_inside
from tests.lm import trl_step
from tests.lm.trl_step import N, trained

pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
    pytest.mark.filterwarnings("ignore::UserWarning"),
]


def right(completions, **kwargs):
    """1 for a completion with a 1, 2 or 3 in it."""
    return [float(any(character in "123" for character in text)) for text in completions]


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"k_schedule": "4@0, 5@3"}, "k = 5 with n = 4"),
        ({"k_schedule": "4@0, 3@3", "estimator": "partition"}, "k = 3"),
        ({"k_schedule": "2@0, 4@3", "estimator": "centered_loo"}, "k = 4"),
        ({"k_schedule": "4@0, 2@1500"}, "at step 1500"),
    ],
)
@pytest.mark.parametrize("steps", [6, -1])
def test_a_schedule_that_becomes_undefined_is_refused_before_the_first_step(
    tmp_path, monkeypatch, changes, told, steps
):
    """With epochs the number of steps is known when training begins."""

    def never(completions, **kwargs):
        raise AssertionError("a completion was scored")

    monkeypatch.setattr(trl_step, "reward", never)
    with pytest.raises(InputError, match=told):
        trained(tmp_path, steps=steps, config={"num_train_epochs": 1}, **changes)


@pytest.mark.parametrize("missing", [None, math.nan, math.inf, -math.inf])
def test_a_completion_without_a_finite_reward_weighs_nothing(tmp_path, monkeypatch, missing):
    def reward(completions, **kwargs):
        return [0.5, missing, 0.25, 1.0, *(i / 10 for i in range(4))]

    monkeypatch.setattr(trl_step, "reward", reward)
    with pytest.warns(UserWarning, match="1 completions of step 0 have no finite reward") as told:
        trainer, *_ = trained(tmp_path, steps=2, k=2)
    assert sum("no finite reward" in str(each.message) for each in told) == 1
    wanted = np.zeros(8)
    wanted[[0, 2, 3]] = N * weights([0.5, 0.25, 1.0], 2)
    wanted[4:] = N * weights(np.arange(4) / 10, 2)
    assert np.allclose(trainer.seen[0][0]["advantages"], wanted, atol=1e-6)
    assert [log["unscored"] for log in trainer.state.log_history if "k" in log] == [1 / 8, 1 / 8]
    assert all(p.isfinite().all() for p in trainer.model.parameters())


def test_pass_at_k_and_the_signal_are_logged_in_training_and_evaluation(tmp_path, monkeypatch):
    monkeypatch.setattr(trl_step, "reward", right)
    evaluation = {"eval_strategy": "steps", "eval_steps": 2, "per_device_eval_batch_size": 8}
    trainer, *_ = trained(
        tmp_path, steps=2, k=2, config=evaluation, eval_dataset=trl_step.prompts(4)
    )
    logs = [log for log in trainer.state.log_history if "k" in log]
    for log, (output, rewards) in zip(logs, [trainer.seen[0], trainer.seen[1]], strict=True):
        groups = rewards.view(-1, N).numpy()
        assert log["k"] == 2
        for k in (1, 2, 4):
            assert log[f"pass_at_{k}"] == pytest.approx(max_at_k(groups, k).mean())
        sizes = output["advantages"].abs().view(-1, N).sum(dim=1)
        assert log["groups_without_signal"] == pytest.approx(float((sizes == 0).float().mean()))
        assert 0 <= log["effective_groups"] <= 2
    (evaluated,) = (log for log in trainer.state.log_history if "eval_k" in log)
    groups = np.concatenate([rewards.view(-1, N).numpy() for _, rewards in trainer.seen[2:4]])
    assert evaluated["eval_pass_at_2"] == pytest.approx(max_at_k(groups, 2).mean())


def test_rewards_other_than_0_and_1_are_logged_as_max_at_k(tmp_path):
    trainer, *_ = trained(tmp_path, k=2)
    (log,) = (log for log in trainer.state.log_history if "k" in log)
    groups = trainer.seen[0][1].view(-1, N).numpy()
    assert log["max_at_4"] == pytest.approx(groups.max(axis=1).mean())
    assert not any("pass_at" in name for name in log)


def test_own_functions_and_options(tmp_path):
    path = tmp_path / "mine.py"
    path.write_text("def mine(rewards, k):\n    return rewards / rewards.shape[-1] ** 2\n")
    for estimator in (f"{path}:mine", lambda rewards, k: rewards / rewards.shape[-1] ** 2):
        trainer, *_ = trained(tmp_path, k=2, estimator=estimator)
        output, rewards = trainer.seen[0]
        assert np.allclose(output["advantages"], rewards.flatten() / N, atol=1e-6)
    options = {"estimator": "rs_grpo", "estimator_options": {"beta": 3.0}}
    trainer, *_ = trained(tmp_path, k=1, **options)
    output, rewards = trainer.seen[0]
    wanted = N * weights(rewards.view(-1, N).numpy(), 1, "rs_grpo", beta=3.0).ravel()
    assert np.allclose(output["advantages"], wanted, atol=1e-6)
    with pytest.raises(InputError, match="unknown option 'alpha' of rs_grpo: it has beta"):
        trained(tmp_path, k=1, estimator="rs_grpo", estimator_options={"alpha": 1.0})


def test_a_hook_of_trls_own_is_used_where_there_is_one(tmp_path, monkeypatch):
    """As trl's pull request 7298 proposes it: called by TRL, so nothing is replaced afterwards."""
    from trl import GRPOTrainer

    monkeypatch.setattr(GRPOTrainer, "_transform_advantages", lambda self, x: x, raising=False)
    trainer, *_ = trained(tmp_path, k=N)
    output, rewards = trainer.seen[0]
    groups = rewards.view(-1, N)
    plain = groups - groups.mean(dim=1, keepdim=True)
    spread = plain / (groups.std(dim=1, keepdim=True) + 1e-4)
    torch.testing.assert_close(output["advantages"], spread.flatten(), rtol=1e-4, atol=1e-5)
    wanted = N * weights(groups.numpy(), N).ravel()
    assert np.allclose(trainer._transform_advantages(output["advantages"]), wanted, atol=1e-6)


STEPS = int(os.environ.get("PKPO_TOY_TRL_STEPS", "8"))
"""Eight in the suite; 200 before a release: PKPO_TOY_TRL_STEPS=200."""


def sometimes_forgetful(completions, trainer_state, **kwargs):
    rewards = right(completions)
    return [None, *rewards[1:]] if trainer_state.global_step == STEPS // 4 else rewards


@pytest.mark.parametrize(
    "estimator", ["passk_bootstrap", "pkpo_loo_minus_one", "adaptive_loo_sizes"]
)
def test_a_run_that_was_interrupted_ends_in_the_same_numbers(tmp_path, monkeypatch, estimator):
    """A schedule, a missing reward, an interruption and a resume; the log says what passk says."""
    monkeypatch.setattr(trl_step, "reward", sometimes_forgetful)
    half = STEPS // 2
    options = {
        "steps": STEPS,
        "k_schedule": f"4@0, 2@{half - 1}, 1@{STEPS - 2}",
        "estimator": estimator,
        "config": {"save_strategy": "steps", "save_steps": half, "log_completions": True},
    }
    whole, *_ = trained(tmp_path / "whole", **options)

    def stop(state, model):
        if state.global_step == half + 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        trained(tmp_path / "parts", callbacks=[trl_step.on("step_end", stop)], **options)
    resumed, *_ = trained(tmp_path / "parts", resume=True, **options)
    for one, other in zip(whole.model.parameters(), resumed.model.parameters(), strict=True):
        assert torch.equal(one, other)
    found = {log["step"]: log for log in resumed.state.log_history if "k" in log}
    assert [found[step]["k"] for step in (1, half, half + 1, STEPS)] == [4, 2, 2, 1]
    assert [step for step, log in found.items() if log["unscored"]] == [STEPS // 4 + 1]
    agree(tmp_path, found)


def agree(folder, logs):
    """pass@k of every step's log against `pkpo-toy passk` on the completions that TRL kept."""
    signal = 0
    for step, log in logs.items():
        kept = pd.read_parquet(folder / f"parts/completions/completions_{step:05d}.parquet")
        rows = pd.DataFrame(
            {
                "problem": np.arange(len(kept)) // N,
                "sample": np.arange(len(kept)) % N,
                "reward": kept["reward" if "reward" in kept else "sometimes_forgetful"],
            }
        ).dropna()
        rows.to_csv(folder / "samples.csv", index=False)
        done = run_inside(folder, "passk", "samples.csv", "--k", "1,2", "--json")
        for k, row in zip((1, 2), json.loads(done.stdout)["rows"], strict=True):
            assert log[f"pass_at_{k}"] == pytest.approx(row["value"], abs=1e-12)
            signal += 0 < row["value"] < 1
    assert signal >= len(logs) / 2  # rates that are neither 0 nor 1, so that this can fail
