"""Worker processes: the same bytes as without, and a dead worker costs its own cell alone."""

import multiprocessing
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from pkpo_toy.errors import InputError
from pkpo_toy.runs import Cell, execute, processes
from pkpo_toy.runs.compute import compute
from pkpo_toy.runs.processes import in_processes, workers_kept
from pkpo_toy.runs.workers import Workers, _watch_parent
from tests.runs import toy
from tests.runs.driving import ROOT, alive, contents, drive, pids, started, until

WAYS: dict[str, tuple[dict[str, Any], dict[str, str]]] = {
    "one thread": ({}, {"OMP_NUM_THREADS": "1"}),
    "two threads": ({}, {"OMP_NUM_THREADS": "2", "PYTHONHASHSEED": "7"}),
    "OpenBLAS threads": ({}, {"OPENBLAS_NUM_THREADS": "3"}),
    "two workers": ({"jobs": 2}, {"OMP_NUM_THREADS": "3", "PYTHONHASHSEED": "1", "LC_ALL": "C"}),
}


@pytest.mark.faults
def test_same_bytes_whatever_the_workers_threads_and_hash_seed(tmp_path: Path) -> None:
    found = {}
    for way, (execution, environment) in WAYS.items():
        options = {"count": 6, "function": "multiply", "execute": execution}
        (tmp_path / way).mkdir()
        drive(tmp_path / way, options, **environment)
        found[way] = contents(tmp_path / way)
        for each in found[way]:
            if each.endswith("manifest.json"):
                found[way][each] = b""
    first = found.pop("one thread")
    assert len(first) == 6 + 4
    assert {way for way, files in found.items() if files != first} == set()


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_a_cell_gives_the_same_bytes_in_a_forked_or_spawned_process(method: str) -> None:
    cell = toy.cells(1)[0]
    context = multiprocessing.get_context(method)
    with context.Pool(1) as pool:
        assert pool.apply(compute, (toy.draw, cell, 0)) == compute(toy.draw, cell, 0)


@pytest.mark.faults
@pytest.mark.usefixtures("warm_workers")
def test_a_cell_that_kills_its_worker_is_found_out_and_no_other_blamed(tmp_path: Path) -> None:
    bad = {"bad": [3], "how": "die", "calls": str(tmp_path / "calls")}
    cells = toy.cells(12, **bad)
    outcome = execute(cells, toy.trouble, tmp_path / "toy", summarize=toy.means, jobs=2)
    assert outcome.ran == 11
    (failure,) = outcome.failed
    assert failure.key == cells[3].key
    assert failure.attempts == toy.calls(tmp_path / "calls") == 3
    assert "killed by SIGKILL" in failure.exception


@pytest.mark.faults
@pytest.mark.usefixtures("warm_workers")
def test_several_deadly_cells_side_by_side(tmp_path: Path) -> None:
    cells = toy.cells(6, bad=[0, 1, 5], how="die", calls=str(tmp_path / "calls"))
    outcome = execute(cells, toy.trouble, tmp_path / "toy", jobs=2, retries=1)
    assert [failure.spec["index"] for failure in outcome.failed] == [0, 1, 5]
    assert outcome.ran == 3


@pytest.mark.faults
def test_a_worker_killed_from_outside_costs_nothing(tmp_path: Path) -> None:
    notes = tmp_path / "pids"
    spec = {"pids": str(notes), "seconds": 0.1}
    with started(tmp_path, {"count": 20, "spec": spec, "execute": {"jobs": 2}}) as process:
        until(lambda: len(pids(notes)) >= 3)
        os.kill(pids(notes)[2], signal.SIGKILL)
        output, errors = process.communicate(timeout=30)
    assert process.returncode == 0, errors
    assert "end 20 0 0" in output


@pytest.mark.usefixtures("warm_workers")
def test_no_worker_is_left_behind(tmp_path: Path) -> None:
    notes = tmp_path / "pids"
    execute(toy.cells(4, pids=str(notes)), toy.draw, tmp_path / "toy", jobs=2)
    until(lambda: not any(map(alive, pids(notes).values())), 2.0)


@pytest.mark.usefixtures("warm_workers")
@pytest.mark.parametrize(("stored", "most"), [(0, 3), (2, 1), (3, 0)])
def test_no_more_workers_than_cells_to_compute(
    tmp_path: Path, stored: int, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    execute(toy.cells(stored), toy.draw, tmp_path / "toy")
    started: list[Any] = []
    start = Workers.Process

    def count(self: Workers, *arguments: Any, **options: Any) -> Any:
        started.append(arguments)
        return start(self, *arguments, **options)

    monkeypatch.setattr(Workers, "Process", count)
    assert execute(toy.cells(3), toy.draw, tmp_path / "toy", jobs=50).ran == most
    assert len(started) == most


@pytest.mark.usefixtures("warm_workers")
def test_few_cells_are_in_flight() -> None:
    taken = []

    def pending() -> Iterator[Cell]:
        for cell in toy.cells(40):
            taken.append(cell)
            yield cell

    results = in_processes(pending(), toy.draw, 2, 0)
    for done in range(1, 20):
        next(results)
        assert len(taken) <= done + 4
    results.close()


def test_a_function_workers_cannot_import_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="importable by workers"):
        execute(toy.cells(2), lambda spec: toy.means(toy.draw(spec)), tmp_path, jobs=2)


@pytest.mark.faults
def test_a_script_without_a_guard_runs_once(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        "from pathlib import Path\n"
        "print('once')\n"
        "from pkpo_toy.runs import execute\n"
        "from tests.runs import toy\n"
        # One cell has one worker, which would be enough to run the script again.
        f"execute(toy.cells(1), toy.draw, Path({str(tmp_path / 'toy')!r}), jobs=2)\n"
    )
    done = subprocess.run(
        [sys.executable, str(script)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == "once\n"
    assert len(list(tmp_path.glob("toy/cells/*.csv"))) == 1


def only_watch(notes: str) -> None:
    toy.note(notes, f"0 {os.getpid()}\n")
    _watch_parent()


@pytest.mark.faults
def test_the_portable_watch_ends_an_orphan(tmp_path: Path) -> None:
    notes = tmp_path / "pids"
    program = (
        "import time\nfrom pkpo_toy.runs.workers import Workers\n"
        "from tests.runs.test_processes import only_watch\n"
        "if __name__ == '__main__':\n"
        "    workers = Workers(know_script=True)\n"
        f"    workers.Process(target=only_watch, args=({str(notes)!r},)).start()\n"
        "    time.sleep(60)\n"
    )
    script = tmp_path / "script.py"
    script.write_text(program)
    with subprocess.Popen(
        [sys.executable, str(script)], env={**os.environ, "PYTHONPATH": str(ROOT)}
    ) as parent:
        until(lambda: len(pids(notes)) == 1)
        parent.kill()
        parent.wait()
        until(lambda: not any(map(alive, pids(notes).values())), 2.0)


def test_environment_is_as_before_after_a_worker_started() -> None:
    before = dict(os.environ)
    worker = Workers(know_script=False).Process(target=os.getpid)
    worker.start()
    worker.join()
    assert dict(os.environ) == before


@pytest.mark.usefixtures("warm_workers")
def test_workers_that_are_kept_serve_the_next_study_and_are_gone_after(tmp_path: Path) -> None:
    workers = set()
    with workers_kept():
        for name in ("one", "two"):
            notes = tmp_path / f"pids of {name}"
            execute(toy.cells(3, pids=str(notes)), toy.draw, tmp_path / name, jobs=2)
            workers |= set(pids(notes).values())
        assert len(workers) <= 2  # two studies of two workers each would have up to four
        assert all(map(alive, workers))
    until(lambda: not any(map(alive, workers)))


@pytest.mark.faults
@pytest.mark.usefixtures("warm_workers")
def test_kept_workers_that_died_are_replaced(tmp_path: Path) -> None:
    notes = tmp_path / "pids"
    with workers_kept():
        execute(toy.cells(2, pids=str(notes)), toy.draw, tmp_path / "one", jobs=2)
        for worker in set(pids(notes).values()):
            os.kill(worker, signal.SIGKILL)
        outcome = execute(toy.cells(4, name="two"), toy.draw, tmp_path / "two", jobs=2)
        assert (outcome.ran, outcome.failed) == (4, ())
        deadly = toy.cells(3, bad=[1], how="die", calls=str(tmp_path / "calls"))
        outcome = execute(deadly, toy.trouble, tmp_path / "three", jobs=2, retries=1)
        assert [failure.spec["index"] for failure in outcome.failed] == [1]
        assert execute(toy.cells(3, name="four"), toy.draw, tmp_path / "four", jobs=2).ran == 3


@pytest.mark.usefixtures("warm_workers")
def test_a_study_that_wants_more_workers_gets_them(tmp_path: Path) -> None:
    with workers_kept():
        for jobs in (2, 3, 2):
            cells = toy.cells(4)
            assert execute(cells, toy.draw, tmp_path / f"{jobs}", jobs=jobs, fresh=True).ran == 4
            (waiting,) = processes._waiting.get() or []
            assert waiting.jobs >= jobs


def test_workers_keep_their_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MALLOC_TRIM_THRESHOLD_", raising=False)
    with ProcessPoolExecutor(1, mp_context=Workers(know_script=False)) as pool:
        assert int(pool.submit(os.getenv, "MALLOC_TRIM_THRESHOLD_").result()) >= 2**25
    assert "MALLOC_TRIM_THRESHOLD_" not in os.environ
