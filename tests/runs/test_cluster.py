"""dask.distributed: started here, or a scheduler and workers as a user starts them."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from pkpo_toy.errors import InputError
from pkpo_toy.extras import install_command
from pkpo_toy.runs import execute
from tests.runs import toy
from tests.runs.driving import (
    ENVIRONMENT,
    RESULTS,
    alive,
    contents,
    crowding,
    drive,
    pids,
    started,
    until,
)
from tests.warm import WarmPopen

pytestmark = pytest.mark.faults


def same_but_manifest(one: Path, other: Path) -> bool:
    first, second = contents(one / RESULTS), contents(other / RESULTS)
    del first["manifest.json"], second["manifest.json"]
    return first == second


@pytest.fixture(scope="module")
def quiet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("quiet")
    drive(place, {"count": 24, "function": "multiply", "summary": False})
    return place


def begin(
    stack: ExitStack, *arguments: str, awaited: str, cold: bool = False
) -> tuple[str, subprocess.Popen[str]]:
    """A scheduler or worker, and what it says after the awaited words; cold, BLAS has threads."""
    start, python = (subprocess.Popen, [sys.executable, "-m"]) if cold else (WarmPopen, [])
    process = stack.enter_context(
        start(
            [*python, "distributed.cli." + arguments[0], *arguments[1:]],
            env={**ENVIRONMENT, "OMP_NUM_THREADS": "2", "OPENBLAS_NUM_THREADS": "2"},
            stderr=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
        )
    )
    stack.callback(os.killpg, process.pid, signal.SIGKILL)
    assert process.stderr is not None
    for line in process.stderr:
        found = re.search(awaited + r":\s+(tcp://\S+)", line)
        if found:
            return found[1], process
    raise AssertionError(f"no {awaited}")


def begin_worker(stack: ExitStack, address: str, *options: str, cold: bool = False) -> None:
    single = ("--nthreads", "1", "--no-dashboard")
    begin(stack, "dask_worker", address, *single, *options, awaited="Registered to", cold=cold)


def begin_cluster(stack: ExitStack) -> tuple[str, subprocess.Popen[str]]:
    """The address of a scheduler with two workers, each under its nanny, and the scheduler."""
    local = ("--port", "0", "--host", "127.0.0.1", "--no-dashboard")
    address, process = begin(stack, "dask_scheduler", *local, awaited="Scheduler at")
    for _ in range(2):
        begin_worker(stack, address)
    return address, process


@pytest.fixture(scope="module")
def scheduler() -> Iterator[str]:
    with ExitStack() as stack:
        yield begin_cluster(stack)[0]


def test_a_scheduler_and_workers_give_the_same_bytes(
    tmp_path: Path, quiet: Path, scheduler: str
) -> None:
    options = {"count": 24, "function": "multiply", "summary": False}
    with ExitStack() as stack:
        begin_worker(stack, scheduler, "--no-nanny", cold=True)
        drive(tmp_path, {**options, "execute": {"cluster": scheduler}})
    assert same_but_manifest(tmp_path, quiet)


def test_a_worker_killed_in_mid_run_costs_nothing(tmp_path: Path, scheduler: str) -> None:
    notes = tmp_path / "pids"
    spec = {"pids": str(notes), "seconds": 0.1}
    with started(tmp_path, {"count": 30, "spec": spec, "execute": {"cluster": scheduler}}) as run:
        until(lambda: len(pids(notes)) >= 4)
        os.kill(pids(notes)[3], signal.SIGKILL)
        output, errors = run.communicate(timeout=90)
    assert run.returncode == 0, errors
    assert "end 30 0 0" in output
    assert len(set(pids(notes).values())) >= 2


def test_raising_and_deadly_cells_are_recorded_and_the_others_finish(
    tmp_path: Path, scheduler: str
) -> None:
    for how, text in {"no_answer": "ArithmeticError", "die": "WorkerDied"}.items():
        cells = toy.cells(6, bad=[2], how=how, calls=str(tmp_path / how))
        place = tmp_path / f"toy-{how}"
        outcome = execute(cells, toy.trouble, place, cluster=scheduler)
        assert outcome.ran == 5
        assert [failure.spec["index"] for failure in outcome.failed] == [2]
        assert outcome.failed[0].exception.startswith(text)


def test_a_cell_dask_blames_for_its_neighbour_is_tried_alone(tmp_path: Path) -> None:
    # One worker, no second chance: the cell that waits there dies with the deadly one before it.
    spec = {"bad": [0], "how": "die", "calls": str(tmp_path / "calls"), "seconds": 0.5}
    execution = {"cluster": "local", "jobs": 1}
    options = {"count": 4, "function": "trouble", "spec": spec, "execute": execution}
    unforgiving = {"DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "0"}
    output = drive(tmp_path, options, code=1, **unforgiving)
    assert "end 3 0 1" in output
    assert toy.calls(tmp_path / "calls") == 2


def test_ctrl_c_leaves_the_cluster_to_others(tmp_path: Path, scheduler: str) -> None:
    spec = {"pids": str(tmp_path / "pids"), "seconds": 0.5}
    with started(tmp_path, {"count": 60, "spec": spec, "execute": {"cluster": scheduler}}) as run:
        until(lambda: len(pids(tmp_path / "pids")) >= 2)
        began = time.monotonic()
        os.killpg(run.pid, signal.SIGINT)
        _, errors = run.communicate(timeout=60)
    assert time.monotonic() - began < crowding()
    assert run.returncode == 130
    assert errors.startswith("SIGINT after ")
    assert errors.count("\n") == 1
    assert execute(toy.cells(2), toy.draw, tmp_path / "next", cluster=scheduler).ran == 2


def test_a_scheduler_that_dies_is_named_and_no_cell_blamed(tmp_path: Path) -> None:
    options = {"count": 60, "spec": {"pids": str(tmp_path / "pids"), "seconds": 0.2}}
    with ExitStack() as stack:
        address, process = begin_cluster(stack)
        with started(tmp_path, {**options, "execute": {"cluster": address}}) as run:
            until(lambda: len(pids(tmp_path / "pids")) >= 2)
            process.kill()
            _, errors = run.communicate(timeout=90)
    assert run.returncode == 1
    assert "the dask scheduler has gone" in errors
    assert not (tmp_path / RESULTS / "failures.jsonl").exists()


def test_a_local_cluster_gives_the_same_bytes_and_leaves_nobody(
    tmp_path: Path, quiet: Path
) -> None:
    options = {"count": 24, "function": "multiply", "summary": False}
    message = drive(tmp_path, {**options, "execute": {"cluster": "local", "jobs": 2}})
    assert same_but_manifest(tmp_path, quiet)
    assert len(message.splitlines()) == 25


@pytest.mark.parametrize("how", ["ctrl-c", "parent killed"])
def test_a_local_cluster_ends_with_its_run(tmp_path: Path, how: str) -> None:
    notes = tmp_path / "pids"
    execution = {"cluster": "local", "jobs": 2}
    options: dict[str, Any] = {
        "count": 6,
        "function": "sleep_from_two",
        "spec": {"pids": str(notes)},
        "execute": execution,
    }
    with started(tmp_path, options) as process:
        until(lambda: len(pids(notes)) >= 4)
        time.sleep(0.2)
        began = time.monotonic()
        if how == "ctrl-c":
            os.killpg(process.pid, signal.SIGINT)
            _, errors = process.communicate(timeout=60)
            assert time.monotonic() - began < crowding()
            assert process.returncode == 130
            assert errors == f"SIGINT after 2 of 6 cells; results so far in {RESULTS}\n"
        else:
            process.kill()
            process.wait(10)
        until(lambda: not any(map(alive, pids(notes).values())), 2.0)


def test_no_scheduler_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pkpo_toy.runs.cluster.CONNECT_SECONDS", 0.5)
    with pytest.raises(InputError, match=r"no dask scheduler answers at cluster = 'tcp://127"):
        execute(toy.cells(1), toy.draw, tmp_path / "results", cluster="tcp://127.0.0.1:9")
    assert list(tmp_path.iterdir()) == []


def test_dask_not_installed(tmp_path: Path) -> None:
    hidden = tmp_path / "distributed.py"
    hidden.write_text("raise ImportError('hidden')")
    options = {"count": 1, "execute": {"cluster": "local"}}
    path = os.pathsep.join([str(tmp_path), ENVIRONMENT["PYTHONPATH"]])
    message = drive(tmp_path, options, code=2, PYTHONPATH=path)
    assert message == f"running on a cluster needs dask: {install_command('cluster')}\n"
    assert not (tmp_path / RESULTS / "manifest.json").exists()


AFTERWARDS = """
import logging
from pkpo_toy.runs.cluster import _local_cluster
if __name__ == "__main__":
    with _local_cluster(1):
        pass
    logging.getLogger("distributed.batched").error("a connection broke")
"""


def test_what_dask_logs_of_workers_killed_on_purpose_is_not_shown(tmp_path: Path) -> None:
    (tmp_path / "afterwards.py").write_text(AFTERWARDS)
    command = [sys.executable, str(tmp_path / "afterwards.py")]
    root = Path(__file__).parent.parent.parent
    done = subprocess.run(
        command, cwd=root, env={**os.environ, "PYTHONPATH": str(root)},
        capture_output=True, text=True, check=True, timeout=120,
    )  # fmt: skip
    assert done.stderr == ""
