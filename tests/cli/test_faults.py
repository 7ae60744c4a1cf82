"""The command line under real faults: kills, signals, full disks, two runs at once, bad cells."""

import json
import os
import random
import resource
import signal
import subprocess
import sys
import time

import pytest

from tests.drawn import FOLDER
from tests.runs.driving import children, crowding, until
from tests.warm import WarmPopen

pytestmark = pytest.mark.faults

# 18 cells of about a twentieth of a second: enough to be interrupted between any two of them.
CURVES = [
    *("run", "learning_curves", "--name", "learning_curves", "--set", "seed=[1,2]"),
    *("--set", "steps=60", "--set", "replicates=4", "--set", "log_every=30"),
]
OWN = ["run", "variance", "--name", "variance", "--set", "estimators=['own.py:f']"]
# Where the test is not about workers: each takes a second to start.
ALONE = ("--jobs", "1")
# 9 cells, the first of which takes half a second, and the last several.
SLOW = ["run", "variance", "--name", "variance", "--set", "estimates=100000"]


def start(folder, *arguments, warm=True, **options):
    """The command in a process group of its own, as a shell starts it."""
    begin, python = (WarmPopen, []) if warm else (subprocess.Popen, [sys.executable, "-m"])
    return begin(
        [*python, "pkpo_toy", *map(str, arguments)], cwd=folder, text=True, start_new_session=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options,
    )  # fmt: skip


def finish(folder, *arguments, code=0, **options):
    process = start(folder, *arguments, **options)
    stdout, stderr = process.communicate(timeout=300)
    assert process.returncode == code, f"exit {process.returncode}\n{stdout}\n{stderr}"
    assert "Traceback" not in stderr
    return stdout, stderr


def content(folder):
    """Every file of the results; of the manifest all but times, command and circumstances."""
    found = {}
    for path in sorted(p for p in folder.rglob("*") if p.is_file() and p.name != ".lock"):
        data = path.read_bytes()
        if path.name == "manifest.json":
            manifest = json.loads(data)
            data = {k: manifest[k] for k in ("name", "study", "configuration", "cells", "failed")}
        found[str(path.relative_to(folder))] = data
    return found


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("undisturbed")
    finish(folder, *CURVES, "--jobs", 1)
    return content(folder / "results")


def test_thirty_kills_leave_what_an_undisturbed_run_leaves(tmp_path, undisturbed):
    """One in three while the command begins, the others soon after a new cell is stored.

    Every other one of those that begin is killed while Python does.
    """
    chance, folder, complete, mid_run = random.Random(0), tmp_path / "0", 0, 0
    for number in range(30):
        folder.mkdir(exist_ok=True)
        before = len(stored_cells(folder))
        warm = number % 6 != 1
        process = start(folder, *CURVES, "--jobs", 2 if number % 3 == 0 else 1, warm=warm)
        if number % 3 == 1:
            time.sleep(chance.uniform(0.0, 0.5 if warm else 1.5))
        else:
            until(lambda: len(stored_cells(folder)) > before or process.poll() is not None)  # noqa: B023
            time.sleep(chance.uniform(0.0, 0.12))
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        cells = stored_cells(folder)
        assert cells <= undisturbed.keys(), "a cell under a name no run gives"
        mid_run += before < len(cells) < 18
        if len(cells) == 18:
            finish(folder, *CURVES, "--jobs", 1)
            assert content(folder / "results") == undisturbed
            complete += 1
            folder = tmp_path / str(complete)
    assert mid_run >= 10
    folder.mkdir(exist_ok=True)
    finish(folder, *CURVES, "--jobs", 2)
    assert content(folder / "results") == undisturbed


def stored_cells(folder):
    return {
        str(path.relative_to(folder / "results")) for path in folder.glob("results/*/cells/*.csv")
    }


# Two workers, cold and warm, end in the same bytes in the tests of kills.
@pytest.mark.parametrize("how", [["--jobs", "3"], ["--cluster", "local"]])
def test_the_bytes_do_not_depend_on_who_computes(tmp_path, undisturbed, how):
    finish(tmp_path, *CURVES, *how)
    assert content(tmp_path / "results") == undisturbed


@pytest.mark.parametrize(("signum", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
@pytest.mark.parametrize("times", [1, 2])
def test_a_signal_ends_the_run_with_one_line(tmp_path, signum, code, times):
    process = start(tmp_path, *SLOW, "--jobs", 2)
    until(lambda: bool(stored_cells(tmp_path)))
    for _ in range(times):
        os.killpg(process.pid, signum)
        time.sleep(0.05)
    sent = time.monotonic()
    stdout, stderr = process.communicate(timeout=30)
    assert process.returncode == code
    assert time.monotonic() - sent < crowding()
    assert stdout == ""
    assert stderr.count("\n") == 1
    assert "of 9 cells" in stderr
    assert "results/variance" in stderr
    assert "resume: pkpo-toy run variance" in stderr


def test_a_signal_leaves_whole_the_figure_that_is_being_drawn(tmp_path):
    """It is drawn while workers are at the next study, and told before the last line."""
    (tmp_path / "drawn").mkdir()  # so that nothing is drawn yet
    environment = os.environ | {FOLDER: str(tmp_path / "drawn")}
    process = start(tmp_path, "run", "paper", "--quick", "--jobs", "2", env=environment)
    until((tmp_path / "results" / "quick" / "element_weights" / "manifest.json").exists)
    os.killpg(process.pid, signal.SIGINT)
    stdout, stderr = process.communicate(timeout=60)
    assert process.returncode == 130
    assert stdout.splitlines()[:2] == [f"figures/quick/landscape.{kind}" for kind in ("png", "svg")]
    assert "resume: pkpo-toy run paper" in stderr.splitlines()[-1]
    figures = [path for path in (tmp_path / "figures").rglob("*") if path.is_file()]
    assert sorted(figures) == sorted(tmp_path / line for line in stdout.splitlines())
    assert (tmp_path / "figures/quick/landscape.svg").read_bytes().endswith(b"</svg>\n")


def test_a_second_run_is_turned_away_and_the_first_goes_on(tmp_path):
    first = start(tmp_path, *SLOW, *ALONE)
    until((tmp_path / "results" / "variance" / "manifest.json").exists)
    _, stderr = finish(tmp_path, "run", "variance", code=75)
    assert f"process {first.pid}" in stderr
    assert first.poll() is None
    os.killpg(first.pid, signal.SIGKILL)
    first.communicate()
    again = ("run", "variance", "--name", "variance", "--set", "estimates=100")
    finish(tmp_path, *again, *ALONE)


def small_files():
    resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))


def test_a_disk_that_takes_no_more_exits_74_and_keeps_old_files(tmp_path):
    finish(tmp_path, "run", "element_weights", *ALONE)
    before = content(tmp_path / "results")
    arguments = ["run", "element_weights", "--name", "element_weights", "--set", "n=2000"]
    _, stderr = finish(tmp_path, *arguments, code=74, preexec_fn=small_files, warm=False)
    assert "results/element_weights" in stderr
    after = content(tmp_path / "results")
    assert before.items() <= {**after, "element_weights/manifest.json": before[
        "element_weights/manifest.json"
    ]}.items()  # fmt: skip
    assert not [path for path in tmp_path.rglob("*") if path.suffix == ".tmp"]


def test_a_file_in_place_of_the_results_exits_74(tmp_path):
    (tmp_path / "results").write_text("mine")
    _, stderr = finish(tmp_path, "run", "element_weights", code=74)
    assert "results" in stderr
    assert (tmp_path / "results").read_text() == "mine"


def test_a_failing_cell_is_named_kept_apart_and_tried_again(tmp_path, inside):
    own = tmp_path / "own.py"
    own.write_text(
        "def f(rewards, k):\n"
        "    if rewards.shape[-1] == 8:\n"
        "        raise RuntimeError('eight is too many')\n"
        "    return rewards\n"
    )
    run = [*OWN, "--set", "n=[4,8,16]", "--set", "k=2", "--set", "estimates=50", "--json"]
    stdout, stderr = finish(tmp_path, *run, code=1)
    assert stderr.startswith("1 of 3 cells failed, first: UserCodeError: estimator own.py:f failed")
    assert {row["n"] for row in json.loads(stdout)["summary"]} == {4, 16}
    assert "RuntimeError: eight is too many" in inside("show", "variance").stdout
    (failure,) = json.loads(inside("show", "variance", "--json").stdout)["failed"]
    assert "own.py" in failure["traceback"]
    _, stderr = finish(tmp_path, *run[:-1], "--quiet", *ALONE, code=1)
    assert stderr.startswith("1 of 3 cells failed, first: UserCodeError: estimator own.py:f failed")
    own.write_text("def f(rewards, k):\n    return rewards\n")
    stdout, _ = finish(tmp_path, *run, *ALONE)
    assert {row["n"] for row in json.loads(stdout)["summary"]} == {4, 8, 16}
    assert json.loads(inside("show", "variance", "--json").stdout)["failed"] == []


def test_a_run_in_which_every_cell_fails_says_so(tmp_path, inside):
    (tmp_path / "own.py").write_text("def f(rewards, k):\n    raise RuntimeError('never')\n")
    _, stderr = finish(tmp_path, *OWN, "--set", "n=[4,8]", *ALONE, code=1)
    assert "2 FAILED" in stderr
    assert "never" in inside("show", "variance").stdout


def test_a_flipped_bit_is_noticed_set_aside_and_computed_again(tmp_path):
    run = ["run", "element_weights", "--name", "element_weights", "--set", "k=[2,3]"]
    finish(tmp_path, *run, *ALONE)
    before = content(tmp_path / "results")
    cell = sorted(tmp_path.glob("results/element_weights/cells/*.csv"))[0]
    data = bytearray(cell.read_bytes())
    data[-3] ^= 1
    cell.write_bytes(data)
    _, stderr = finish(tmp_path, *run, *ALONE)
    assert "corrupt" in stderr
    assert "1 cells run, 1 reused" in stderr
    cell.with_name(cell.name + ".corrupt").unlink()
    assert content(tmp_path / "results") == before


def test_a_worker_killed_in_mid_run_costs_nothing(tmp_path, undisturbed):
    process = start(tmp_path, *CURVES, "--jobs", 2, warm=False)
    until(lambda: bool(children(process.pid)))
    os.kill(children(process.pid)[-1], signal.SIGKILL)
    _, stderr = process.communicate(timeout=300)
    assert process.returncode == 0, stderr
    assert content(tmp_path / "results") == undisturbed
