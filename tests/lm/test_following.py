"""Logs that are watched elsewhere: what TensorBoard and W&B are told, also of a resumed run."""

import sys
from contextlib import contextmanager
from importlib.machinery import ModuleSpec
from types import ModuleType

import pytest

from pkpo_toy.lm.config import LmConfig
from pkpo_toy.lm.study import train_cell
from pkpo_toy.lm.trainer import Training
from tests.cli.conftest import run_inside
from tests.lm.test_training import SMALL

NAMES = ["cumulative_solve_rate", "entropy", "k", "pass@1", "pass@2"]


@pytest.fixture
def told(monkeypatch):
    """Stands in for both packages: what they are told, as {folder or id: {(name, step): value}}."""
    kept = {}

    class SummaryWriter:
        def __init__(self, folder, purge_step):
            self.found = kept.setdefault(folder, {})
            for name, step in list(self.found):
                if purge_step is not None and step >= purge_step:
                    del self.found[name, step]

        def __enter__(self):
            return self

        def __exit__(self, *error):
            pass

        def add_scalar(self, name, value, step):
            assert (name, step) not in self.found
            self.found[name, step] = value

        def flush(self):
            pass

    @contextmanager
    def init(**settings):
        found = kept.setdefault(settings["id"], {"settings": settings})
        run = ModuleType("run")
        run.log = lambda values, step: found.update({(name, step): values[name] for name in values})
        yield run

    fakes = {"torch.utils.tensorboard": {"SummaryWriter": SummaryWriter}, "wandb": {"init": init}}
    for name, members in {**fakes, "tensorboard": {}}.items():
        module = ModuleType(name)
        module.__spec__ = ModuleSpec(name, None)
        vars(module).update(members)
        monkeypatch.setitem(sys.modules, name, module)
    return kept


def config(folder, **changes):
    return LmConfig(**{**SMALL, "folder": str(folder), **changes})


def numbers_of(records):
    """What should have been told: {(name, step): value}."""
    rates = {(f"pass@{r.k_eval}", r.step): r.value for r in records.itertuples()}
    rest = ("k", "entropy", "cumulative_solve_rate")
    return rates | {(n, r.step): getattr(r, n) for n in rest for r in records.itertuples()}


@pytest.mark.parametrize("where", ["tensorboard", "wandb"])
def test_every_run_tells_what_its_records_hold(tmp_path, told, where):
    records = train_cell(config(tmp_path, log_to=where, replicates=2))
    assert records.equals(train_cell(config(tmp_path / "silent", replicates=2)))
    assert len(told) == 2
    for replicate, found in enumerate(told.values()):
        found.pop("settings", None)
        assert found == numbers_of(records[records["replicate"] == replicate])
        assert sorted({name for name, _ in found}) == NAMES


def test_the_run_has_its_settings_and_a_name(tmp_path, told):
    train_cell(config(tmp_path, log_to="wandb"))
    ((name, found),) = told.items()
    settings = found["settings"]
    assert (settings["dir"], settings["resume"]) == (str(tmp_path), "allow")
    assert settings["name"] == "k = 2, run 0"
    assert settings["config"]["k_opt"] == 2
    assert (tmp_path / name).with_suffix(".safetensors").is_file()


@pytest.mark.parametrize("where", ["tensorboard", "wandb"])
def test_what_is_made_again_after_an_interruption_is_told_once(tmp_path, told, where, monkeypatch):
    cell = config(tmp_path, log_to=where, checkpoint_every=4, log_every=1)
    update = Training._update

    def stop(self):
        if self.step == 5:
            raise KeyboardInterrupt
        update(self)

    monkeypatch.setattr(Training, "_update", stop)
    with pytest.raises(KeyboardInterrupt):
        train_cell(cell)
    monkeypatch.setattr(Training, "_update", update)
    records = train_cell(cell)
    (found,) = told.values()
    found.pop("settings", None)
    assert found == numbers_of(records)


def test_without_the_package_nothing_begins(tmp_path):
    done = run_inside(
        tmp_path, "run", "lm", "--quick", "--set", "log_to=wandb", "--set", "folder=kept"
    )
    assert done.returncode == 2
    assert "pip install wandb" in done.stderr
    assert not list(tmp_path.iterdir())


def test_without_a_folder_nothing_begins(told):
    with pytest.raises(ValueError, match="folder=FOLDER"):
        LmConfig(log_to="tensorboard")


def test_tensorboard_itself(tmp_path):
    """Read back with its own reader, after a run in two parts."""
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    records = train_cell(config(tmp_path, log_to="tensorboard"))
    (folder,) = (tmp_path / "tensorboard").iterdir()
    read = EventAccumulator(str(folder)).Reload()
    assert sorted(read.Tags()["scalars"]) == NAMES
    for (name, step), value in numbers_of(records).items():
        (found,) = [one for one in read.Scalars(name) if one.step == step]
        assert found.value == pytest.approx(value, rel=1e-6)
