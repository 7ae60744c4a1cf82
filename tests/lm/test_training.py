"""A run of the study: it learns, resumes to the same numbers, and tells its faults."""

import json
import signal
import time

import numpy as np
import pandas as pd
import pytest
import torch

from pkpo_toy.errors import InputError
from pkpo_toy.lm import checkpoints, setup
from pkpo_toy.lm.config import LmConfig
from pkpo_toy.lm.evaluation import pass_rates
from pkpo_toy.lm.loss import Batch
from pkpo_toy.lm.ranks import Ranks
from pkpo_toy.lm.setup import OPTIMISERS, build_optimiser
from pkpo_toy.lm.study import _frame, train_cell
from pkpo_toy.lm.trainer import Training
from pkpo_toy.simulator.optimisers import OPTIMISERS as OPTIMISERS_OF_THE_SIMULATOR
from pkpo_toy.studies.lm import summarize
from tests.lm import tiny
from tests.warm import WarmPopen, run_warm

SPREAD = ("cumulative_solve_rate_", "entropy_")
SMALL = {
    "level": 1,
    "width": 16,
    "layers": 1,
    "problems": 40,
    "held_out": 10,
    "prompts": 4,
    "n": 4,
    "k_opt": 2,
    "k_eval": (1, 2),
    "eval_samples": 4,
    "steps": 6,
    "log_every": 3,
    "warm_start": 40,
    "warm_step_size": 1e-2,
    "step_size": 3e-3,
    "replicates": 1,
}


def as_options(settings):
    """Settings as `pkpo-toy run` takes them."""
    return [f"--set={key}={json.dumps(value)}" for key, value in settings.items()]


def config(**changes):
    return LmConfig(**{**SMALL, **changes})


def logs(**changes):
    return Training(config(**changes), 0, Ranks()).finish()


def test_the_same_settings_give_the_same_numbers():
    assert train_cell(config()).equals(train_cell(config(threads=1)))
    assert not train_cell(config()).equals(train_cell(config(seed=1)))


def test_records_have_the_columns_of_learning_curves():
    records = train_cell(config(replicates=2))
    summary = summarize(records)
    wanted = ["label", "step", "k_eval", "value", "low", "high", "cumulative_solve_rate", "entropy"]
    assert [name for name in summary if not name.startswith(SPREAD)][:8] == wanted
    assert summary["step"].unique().tolist() == [0, 3, 6]
    assert summary["k_eval"].unique().tolist() == [1, 2]
    assert (summary["runs"] == 2).all()
    assert (summary["label"] == "k = 2").all()
    assert (
        records.groupby(["step", "replicate"])["cumulative_solve_rate"].first().between(0, 1).all()
    )
    assert (records["value"].between(0, 1) & (records["se"] >= 0)).all()


def test_the_interval_has_both_parts():
    """Two runs, values .2 and .4, se .03 and .05: within .0017, between .02 / 2."""
    rows = {"label": "k", "replicate": [0, 1], "step": 0, "k_eval": 1, "value": [0.2, 0.4]}
    rest = {"se": [0.03, 0.05], "cumulative_solve_rate": 0.0, "entropy": 1.0, "k": 1}
    row = summarize(pd.DataFrame({**rows, **rest})).iloc[0]
    # Student's t with one degree of freedom is tan(0.95 pi / 2).
    t = np.tan(0.95 * np.pi / 2)
    half = np.sqrt(1.959964**2 * (0.03**2 + 0.05**2) / 2 + t**2 * 0.02 / 2)
    assert row["value"] == pytest.approx(0.3)
    assert row["high"] - row["value"] == pytest.approx(half)
    assert row["value"] - row["low"] == pytest.approx(half)


def test_pass_rates_are_unbiased_with_their_standard_error():
    rewards = np.array([[1, 0, 0, 0], [1, 1, 0, 0], [0, 0, 0, 0]], dtype=float)
    rates = pass_rates(rewards, (1, 2))
    assert rates[0][1] == pytest.approx(0.25)
    assert rates[1][1] == pytest.approx((1 / 2 + 5 / 6 + 0) / 3)
    assert rates[0][2] == pytest.approx(np.std([0.25, 0.5, 0], ddof=1) / np.sqrt(3))


def test_all_start_from_the_same_warm_start():
    one, other = (Training(config(k_opt=k), 0, Ranks()) for k in (1, 3))
    for a, b in zip(one.model.parameters(), other.model.parameters(), strict=True):
        assert torch.equal(a, b)
    again = Training(config(), 1, Ranks())
    assert not torch.equal(next(again.model.parameters()), next(one.model.parameters()))


@pytest.mark.parametrize("largest", [setup.LARGEST_KEPT, 0])
def test_a_warm_start_that_is_kept_is_the_one_made_anew(monkeypatch, largest):
    """Whatever the runs that began with it have done since; a large one is not kept."""
    monkeypatch.setattr(setup, "LARGEST_KEPT", largest)
    setup._kept.cache_clear()
    for _ in range(2):
        run = Training(config(warm_start=5, entropy_bonus=0.1), 0, Ranks())
        fresh = setup._warmed_up(setup._start(run.config, run.problems, 0, torch.device("cpu")))
        for one, other in zip(run.model.parameters(), fresh.parameters(), strict=True):
            assert torch.equal(one, other)
        run.finish()
    assert setup._kept.cache_info().hits == (1 if largest else 0)


@pytest.mark.parametrize(
    "changes",
    [
        {"k_opt": "4@0, 1@3"},
        {"estimator": "passk_bootstrap"},
        {"estimator": "rs_grpo"},
        {"estimator": "maxrl", "task": "countdown"},
        {"reward": "fraction", "estimator": "tailrl", "task": "parity_chain"},
        {"epochs": 3, "kl": 0.1, "entropy_bonus": 0.01, "microbatches": 2, "optimiser": "sgd"},
        {"dtype": "bfloat16"},
        {"evaluate": "training"},
    ],
)
def test_every_way_of_training_runs(changes):
    assert all(
        np.isfinite([value for _, value, _ in log.pass_rates]).all() for log in logs(**changes)
    )


def test_rewarded_answers_become_likelier():
    first, *_, last = logs(warm_start=60, prompts=16, steps=60, log_every=60, evaluate="training")
    assert last.pass_rates[0][1] > first.pass_rates[0][1] + 3 * first.pass_rates[0][2]
    assert last.cumulative_solve_rate > 0


def test_the_users_own_estimator(tmp_path):
    path = tmp_path / "mine.py"
    path.write_text("def plain(rewards, k):\n    return rewards / rewards.shape[-1]\n")
    mine = logs(estimator=f"{path}:plain")
    assert str(mine) == str(logs(estimator="reinforce"))  # as text: NaN equals itself


def test_gradient_variance_agrees_with_fresh_batches():
    """From 8 microbatches of one step, averaged, against the spread of 60 whole steps."""
    training = Training(
        config(prompts=16, microbatches=8, warm_start=60, steps=60), 0, Ranks(), None
    )
    parameters = list(training.model.parameters())
    guesses, gradients = [], []
    for step in range(60):
        training.step = step
        guesses.append(training._gradient_variance())
        whole = training._batch(training._drawn())
        value = training._loss(training.model, whole)
        gradients.append(torch.cat([g.flatten() for g in torch.autograd.grad(value, parameters)]))
    wanted = torch.stack(gradients).double().var(dim=0).sum().item()
    assert np.mean(guesses) == pytest.approx(wanted, rel=0.25)


def test_the_reference_stays_where_it_was():
    training = Training(config(kl=0.5), 0, Ranks())
    before = [p.clone() for p in training.reference.parameters()]
    training.finish()
    assert all(map(torch.equal, before, training.reference.parameters()))


def resumed_at_step_4(settings, place):
    """The records of a run that ended within step 5, begun again from its last checkpoint."""
    stopped = Training(settings, 0, Ranks(), place)
    for _ in range(5):  # steps 0 to 4, checkpoints after 2 and 4, and what was shown at step 3
        if stopped.step % 3 == 0:
            stopped._log()
        stopped._update()
        stopped.step += 1
        if stopped.step % 2 == 0:
            stopped._save()
    resumed = Training(settings, 0, Ranks(), place)
    assert resumed.step == 4
    return _frame(settings, 0, resumed.finish())


def test_a_checkpoint_resumes_to_the_same_numbers(tmp_path):
    changes = {"folder": str(tmp_path), "checkpoint_every": 2, "optimiser": "adam"}
    whole = train_cell(config())
    found = resumed_at_step_4(config(**changes), tmp_path / "x")
    assert found.equals(whole)
    assert 0 < found["cumulative_solve_rate"].iloc[-1] < 1
    assert found["entropy"].nunique() == 3  # something was learnt, so that this can fail
    shown = [json.loads(line)["step"] for line in (tmp_path / "x.jsonl").read_text().splitlines()]
    assert shown == sorted(shown)
    assert {step: shown.count(step) for step in set(shown)} == {0: 16, 3: 16, 6: 16}


def test_a_killed_cell_goes_on_where_it_was(tmp_path):
    folder = tmp_path / "kept"
    changes = {"steps": 100, "log_every": 50}
    given = config(folder=str(folder), checkpoint_every=1, **changes).model_dump(mode="json")
    child = WarmPopen(["pkpo_toy.__main__", "run", "lm", *as_options(given)], cwd=tmp_path)
    while not list(folder.glob("*.safetensors")):
        assert child.poll() is None
        time.sleep(0.05)
    time.sleep(0.2)
    child.send_signal(signal.SIGKILL)
    child.wait()
    (place,) = folder.glob("*.safetensors")
    again = config(folder=str(folder), **changes)
    assert 0 < Training(again, 0, Ranks(), place.with_suffix("")).step < 100
    assert train_cell(again).equals(train_cell(config(**changes)))


def test_checkpoints_of_other_settings_are_not_taken(tmp_path):
    train_cell(config(folder=str(tmp_path)))
    train_cell(config(folder=str(tmp_path), step_size=1e-3))
    assert len(list(tmp_path.glob("*.safetensors"))) == 2
    assert len(list(tmp_path.glob("*.jsonl"))) == 2


@pytest.mark.parametrize("damage", ["truncated", "flipped", "empty"])
def test_a_damaged_checkpoint_is_set_aside(tmp_path, damage):
    path, model = tmp_path / "x.safetensors", torch.nn.Linear(3, 2)
    checkpoints.save(path, model, build_optimiser("adam", model, 0.1), {"step": 3})
    assert checkpoints.load(path, model, build_optimiser("adam", model, 0.1)) == {"step": 3}
    content = path.read_bytes()
    flipped = content[:-1] + bytes([content[-1] ^ 1])
    path.write_bytes({"truncated": content[:-2], "flipped": flipped, "empty": b""}[damage])
    assert checkpoints.load(path, model, build_optimiser("adam", model, 0.1)) is None
    assert not path.exists()
    assert (tmp_path / "x.safetensors.corrupt").exists()
    assert [p.name for p in tmp_path.iterdir()] == ["x.safetensors.corrupt"]


@pytest.mark.parametrize("name", OPTIMISERS)
def test_an_optimisers_state_comes_back(tmp_path, name):
    path, model = tmp_path / "x.safetensors", torch.nn.Linear(3, 2)
    optimiser = build_optimiser(name, model, 0.1)
    model(torch.ones(1, 3)).sum().backward()
    optimiser.step()
    checkpoints.save(path, model, optimiser, {})
    twin = torch.nn.Linear(3, 2)
    restored = build_optimiser(name, twin, 0.1)
    checkpoints.load(path, twin, restored)
    for one, other in ((model, optimiser), (twin, restored)):
        other.zero_grad()
        one(torch.ones(1, 3)).square().sum().backward()
        other.step()
    assert all(map(torch.equal, model.parameters(), twin.parameters()))


@pytest.mark.parametrize("name", OPTIMISERS)
def test_torch_takes_the_steps_of_the_simulator(name):
    gradients = np.random.default_rng(3).normal(size=(40, 1, 5))
    ours = OPTIMISERS_OF_THE_SIMULATOR[name](0.03)
    module = torch.nn.Linear(5, 1, bias=False, dtype=torch.float64)
    theirs = build_optimiser(name, module, 0.03)
    for gradient in gradients:
        before = module.weight.detach().numpy().copy()
        module.weight.grad = -torch.from_numpy(gradient)  # torch descends
        theirs.step()
        moved = module.weight.detach().numpy() - before
        np.testing.assert_allclose(moved, ours.change(gradient), rtol=1e-9, atol=1e-15)


def test_every_optimiser_of_the_simulator_is_here_and_another_is_refused():
    assert OPTIMISERS.keys() == OPTIMISERS_OF_THE_SIMULATOR.keys()
    module = torch.nn.Linear(2, 1, bias=False)
    for name, step in {"sgd": 0.1 * 3.0, "momentum": 0.1 * 3.0, "adam": 0.1}.items():
        before = module.weight.detach().clone()
        optimiser = build_optimiser(name, module, 0.1)
        optimiser.zero_grad()
        (3.0 * module.weight.sum()).backward()
        optimiser.step()
        torch.testing.assert_close(before - module.weight, torch.full((1, 2), step))
    with pytest.raises(InputError, match=r"unknown optimiser 'adamw'. Did you mean 'adam'"):
        build_optimiser("adamw", module, 0.1)


def test_a_hugging_face_model_on_the_users_problems(tmp_path):
    data = tmp_path / "data.jsonl"
    rows = ({"prompt": f"{a}*{b}=", "answer": a * b} for a in range(2, 9) for b in range(2, 9))
    data.write_text("\n".join(map(json.dumps, rows)))
    saved = tiny.save(tmp_path / "llama")
    found = logs(model=saved, data=str(data), checker="numeric", held_out=4, folder="")
    assert [log.step for log in found] == [0, 3, 6]


def test_two_jobs_with_a_hugging_face_model_leave_nothing_behind(tmp_path):
    saved = tiny.save(tmp_path / "llama")
    small = {"n": 4, "replicates": 1, "steps": 1, "log_every": 1, "problems": 20, "held_out": 5,
             "prompts": 2, "eval_samples": 4, "k_eval": [1, 2], "k_opt": [1, 2]}  # fmt: skip
    settings = as_options({"model": saved, **small})
    command = ["pkpo_toy.__main__", "run", "lm", "--name", "hf", "--jobs", "2", *settings]
    done = run_warm(command, cwd=tmp_path)
    assert done.returncode == 0
    assert done.stderr == "hf: 2 cells run, 0 reused -> results/hf\n"


@pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing`:FutureWarning")
def test_adapters_are_trained_and_kept(tmp_path):
    saved = tiny.save(tmp_path / "llama")
    training = Training(config(model=saved, lora_rank=2), 0, Ranks(), tmp_path / "x")
    before = {name: p.clone() for name, p in training.model.named_parameters()}
    training.finish()
    changed = {n for n, p in training.model.named_parameters() if not torch.equal(p, before[n])}
    assert changed
    assert all("lora" in name for name in changed)
    kept = checkpoints.load(tmp_path / "x.safetensors", training.model, training.optimiser)
    assert kept["step"] == 6


def test_a_loss_that_is_not_finite_stops_the_run():
    training = Training(config(), 0, Ranks())
    next(training.model.parameters()).data.fill_(float("nan"))
    with pytest.raises((FloatingPointError, RuntimeError)):
        training._update()


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"task": "multiplication"}, "multiply"),
        ({"level": 4}, "1 to 3"),
        ({"k_opt": 5}, "k = 5"),
        ({"estimator": "maxrl", "reward": "fraction"}, "0 or 1"),
        ({"microbatches": 3}, "divide"),
        ({"heads": 3}, "divide"),
        ({"k_eval": (1, 8)}, "eval_samples"),
        ({"data": "nowhere.jsonl"}, "nowhere"),
        ({"optimiser": "adamw"}, "adam"),
        ({"step_size": -1.0}, "step_size"),
        ({"log_to": "tensorbord"}, "tensorboard"),
        ({"log_to": "wandb"}, "pip install wandb"),
    ],
)
def test_settings_out_of_their_domain(changes, told):
    with pytest.raises(ValueError, match=told):
        config(**changes)


def test_the_device_is_checked():
    if not torch.cuda.is_available():
        with pytest.raises(InputError, match="device"):
            Training(config(device="cuda"), 0, Ranks())
    for name in ("abacus", "meta", "cuda:", "", "CPU"):
        with pytest.raises(ValueError, match="device must be"):
            config(device=name)
    assert config(device="cuda:1").device == "cuda:1"  # may be there on another machine


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_a_gpu_finds_the_same_gradient_and_the_same_answers_likely():
    """One batch, drawn on the CPU: its loss and gradient in float64 on both devices."""
    found = {}
    alone = Training(config(dtype="float64"), 0, Ranks())
    drawn = alone._batch(alone._drawn())
    for device in ("cpu", "cuda"):
        training = Training(config(dtype="float64", device=device), 0, Ranks())
        training.model.load_state_dict(alone.model.state_dict())
        place = torch.device(device)
        batch = Batch(drawn.prompts.to(place), drawn.answers.to(place), drawn.weights.to(place))
        value = training._loss(training.model, batch)
        gradient = torch.autograd.grad(value, list(training.model.parameters()))
        found[device] = torch.cat([g.flatten().cpu() for g in gradient])
    assert found["cpu"].abs().max() > 1e-4
    torch.testing.assert_close(found["cpu"], found["cuda"], rtol=1e-9, atol=1e-12)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
@pytest.mark.parametrize("changes", [{}, {"kl": 0.1, "epochs": 2}, {"dtype": "bfloat16"}])
def test_a_run_on_a_gpu_learns(changes):
    changes |= {"warm_start": 60, "prompts": 16, "steps": 60, "log_every": 60, "device": "cuda"}
    first, last = logs(evaluate="training", **changes)
    assert last.pass_rates[0][1] > first.pass_rates[0][1]


def test_no_bar_without_a_terminal(capfd):
    train_cell(config())
    assert capfd.readouterr().err == ""
