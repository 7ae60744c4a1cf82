"""Two gloo processes: the gradient of one process with twice the prompts, and one command."""

import json
import os
from pathlib import Path

import pandas as pd
import pytest
import torch
from torch.nn import functional

from pkpo_toy.errors import InputError
from pkpo_toy.lm.config import LmConfig
from pkpo_toy.lm.loss import Batch, loss
from pkpo_toy.lm.ranks import Ranks
from pkpo_toy.lm.tokens import Tokens
from pkpo_toy.lm.trainer import Training
from tests.lm.test_training import SMALL, as_options
from tests.lm.two_ranks import as_two_ranks
from tests.warm import run_warm

ROOT = Path(__file__).parents[2]


def joined(ranks, name):
    """Both ranks' tokens as one batch, answers padded to the longer."""
    length = max(rank[name].shape[1] for rank in ranks)
    ids, real = (
        torch.cat([functional.pad(rank[key], (0, length - rank[key].shape[1])) for rank in ranks])
        for key in (name, f"{name}_real")
    )
    return Tokens(ids, real)


CHANGES = [{}, {"microbatches": 2}, {"estimator": "adaptive_loo"}]


def settings_of(changes):
    # level 1 of multiply: all prompts have one length
    return LmConfig(**SMALL, clip_norm=1e9, dtype="float64", **changes)


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """What two ranks write of every change: a folder for each. One start serves all."""
    folder = tmp_path_factory.mktemp("ranks")
    given = [settings_of(changes).model_dump(mode="json") for changes in CHANGES]
    for done in as_two_ranks(["tests.lm.rank_step", json.dumps(given), str(folder)], ROOT):
        assert done.returncode == 0, done.stderr
    return [folder / str(number) for number in range(len(CHANGES))]


@pytest.mark.parametrize("changes", CHANGES, ids=str)
def test_the_gradient_is_that_of_twice_the_prompts(told, changes):
    """And ranks that learn a baseline learn the same one."""
    config, folder = settings_of(changes), told[CHANGES.index(changes)]
    ranks = [torch.load(folder / f"{rank}.pt", weights_only=True) for rank in (0, 1)]
    assert not torch.equal(ranks[0]["prompts"], ranks[1]["prompts"])  # groups of their own
    alone = Training(config, 0, Ranks())
    batch = Batch(
        joined(ranks, "prompts"),
        joined(ranks, "answers"),
        torch.cat([rank["weights"] for rank in ranks]),
    )
    value = loss(alone.model, batch, alone.terms, 2 * config.prompts, config.n)
    wanted = torch.cat([g.flatten() for g in torch.autograd.grad(value, alone.model.parameters())])
    assert wanted.abs().max() > 1e-4
    for rank in ranks:
        torch.testing.assert_close(rank["gradient"], wanted, rtol=1e-9, atol=1e-12)
    assert torch.equal(ranks[0]["parameters"], ranks[1]["parameters"])
    assert (folder / "0.json").read_text() == (folder / "1.json").read_text()
    _, learnt = json.loads((folder / "0.json").read_text())
    assert bool(learnt) == ("estimator" in changes)


def test_one_command_for_two_processes(tmp_path):
    """As the documents write it: torchrun itself, and Python anew for each process."""
    settings = {**SMALL, "k_opt": 2, "steps": 4, "log_every": 4}
    launcher = ["torch.distributed.run", "--nproc-per-node=2", "--standalone"]
    done = run_warm(
        [*launcher, "-m", "pkpo_toy", "run", "lm", "--name", "lm", *as_options(settings)],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("lm.png") == 1
    summary = pd.read_csv(tmp_path / "results/lm/summary.csv")
    assert summary["step"].unique().tolist() == [0, 4]


def test_a_bad_setting_ends_both(tmp_path):
    command = ["pkpo_toy.__main__", "run", "lm", "--set", "level=9"]
    one, other = as_two_ranks(command, tmp_path)
    assert (one.returncode, other.returncode) == (2, 0)
    assert "level of multiply must be 1 to 3, got 9" in one.stderr
    assert list(tmp_path.iterdir()) == []


def test_alone_nothing_is_shared():
    ranks, flags = Ranks(), torch.tensor([True, False])
    assert ranks.gather(3) == [3]
    assert ranks.share("x") == "x"
    assert torch.equal(ranks.any(flags), flags)


def test_workers_and_torchrun_do_not_mix(monkeypatch):
    from pkpo_toy.cli.run import _workers

    monkeypatch.setenv("WORLD_SIZE", "2")
    monkeypatch.setenv("TORCHELASTIC_RUN_ID", "test")
    assert _workers(None) == 1
    with pytest.raises(InputError, match="torchrun"):
        _workers(4)
