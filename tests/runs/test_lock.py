"""One process per results folder."""

import os
import signal
from pathlib import Path

import pytest

from pkpo_toy.runs import Busy, clean, execute
from pkpo_toy.runs.lock import LOCK, Lock
from tests.runs import toy
from tests.runs.driving import RESULTS, contents, drive, pids, started, until

pytestmark = pytest.mark.faults


def test_the_second_of_two_runs_exits_at_once_and_names_the_holder(tmp_path: Path) -> None:
    notes = tmp_path / "pids"
    options = {"count": 6, "function": "sleep_from_two", "spec": {"pids": str(notes)}}
    with started(tmp_path, options) as first:
        until(lambda: len(pids(notes)) == 3)
        before = contents(tmp_path / RESULTS)
        message = drive(tmp_path, {"count": 6}, code=75)
        assert message.startswith(f"{RESULTS} is in use by process {first.pid} on ")
        with pytest.raises(Busy, match=str(first.pid)):
            execute(toy.cells(2), toy.draw, tmp_path / RESULTS, fresh=True)
        with pytest.raises(Busy, match=str(first.pid)):
            clean(tmp_path / RESULTS, [])
        assert contents(tmp_path / RESULTS) == before
        first.kill()
        first.wait(10)
        drive(tmp_path, {"count": 6})


def test_workers_do_not_inherit_the_lock(tmp_path: Path) -> None:
    notes = tmp_path / "pids"
    spec = {"pids": str(notes)}
    options = {"count": 4, "function": "sleep_from_two", "spec": spec, "execute": {"jobs": 2}}
    with started(tmp_path, options) as process:
        until(lambda: len(pids(notes)) == 4)
        workers = set(pids(notes).values())
        lock = str((tmp_path / RESULTS / LOCK).resolve())
        holders = [
            pid
            for pid in (process.pid, *workers)
            for descriptor in Path(f"/proc/{pid}/fd").iterdir()
            if os.readlink(descriptor) == lock
        ]
        assert holders == [process.pid]
        os.killpg(process.pid, signal.SIGKILL)


def test_the_lock_of_this_process_keeps_this_process_out_too(tmp_path: Path) -> None:
    with Lock(tmp_path), pytest.raises(Busy, match=f"process {os.getpid()}"):
        execute(toy.cells(1), toy.draw, tmp_path)
    execute(toy.cells(1), toy.draw, tmp_path)


def test_an_unsigned_lock_is_still_a_lock(tmp_path: Path) -> None:
    with Lock(tmp_path):
        (tmp_path / LOCK).write_text("")
        with pytest.raises(Busy, match="another process"), Lock(tmp_path):
            pass


def test_the_lock_is_released_empty(tmp_path: Path) -> None:
    with Lock(tmp_path):
        assert (tmp_path / LOCK).read_text()
    assert (tmp_path / LOCK).read_text() == ""
