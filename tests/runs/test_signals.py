"""Ctrl-C once and twice, SIGTERM, and the death of the parent alone."""

import os
import signal
import threading
import time
from pathlib import Path

import pytest

from pkpo_toy.runs import Interrupted
from pkpo_toy.runs.lock import Lock
from pkpo_toy.runs.signals import Signals, signals_held
from tests.runs.driving import (
    RESULTS,
    alive,
    children,
    contents,
    crowding,
    drive,
    pids,
    started,
    until,
)

pytestmark = pytest.mark.faults

SIGNALS = {
    "ctrl-c": [signal.SIGINT],
    "ctrl-c twice": [signal.SIGINT, signal.SIGINT],
    "sigterm": [signal.SIGTERM],
    "ctrl-c, sigterm": [signal.SIGINT, signal.SIGTERM],
}


@pytest.mark.parametrize("way", SIGNALS)
@pytest.mark.parametrize("jobs", [1, 2])
def test_signal_in_mid_cell_ends_at_once_and_keeps_what_is_done(
    tmp_path: Path, way: str, jobs: int
) -> None:
    notes = tmp_path / "pids"
    options = {
        "count": 6,
        "function": "sleep_from_two",
        "spec": {"pids": str(notes)},
        "execute": {"jobs": jobs},
    }
    with started(tmp_path, options) as process:
        until(lambda: len(pids(notes)) >= 2 + jobs)
        time.sleep(0.1)
        began = time.monotonic()
        for signum in SIGNALS[way]:
            os.killpg(process.pid, signum)
            time.sleep(0.02)
        output, errors = process.communicate(timeout=60)
        took = time.monotonic() - began
        assert process.returncode == 128 + SIGNALS[way][0]
        assert took < crowding()
        name = SIGNALS[way][0].name
        assert errors == f"{name} after 2 of 6 cells; results so far in {RESULTS}\n"
        assert output.count("done") == 2
        suffixes = [Path(name).suffix for name in contents(tmp_path / RESULTS)]
        assert suffixes.count(".csv") == 2
        assert ".tmp" not in suffixes
        assert not any(map(alive, pids(notes).values()))


@pytest.mark.parametrize("delay", [0.0, 0.1, 0.3])
def test_ctrl_c_while_workers_start_leaves_no_traceback(tmp_path: Path, delay: float) -> None:
    options = {"count": 50, "spec": {"seconds": 1.0}, "execute": {"jobs": 2}}
    # Cold, for a second in which workers start.
    with started(tmp_path, options, PYTHONUNBUFFERED="1") as process:
        until(lambda: bool(children(process.pid)))
        time.sleep(delay)
        for worker in children(process.pid):
            os.kill(worker, signal.SIGINT)
        time.sleep(0.1)
        os.killpg(process.pid, signal.SIGINT)
        _, errors = process.communicate(timeout=60)
        assert process.returncode == 130, errors
        assert errors.startswith("SIGINT after 0 of 50 cells")
        assert errors.count("\n") == 1


def test_workers_leave_ctrl_c_to_their_parent(tmp_path: Path) -> None:
    notes = tmp_path / "pids"
    options = {"count": 8, "spec": {"pids": str(notes), "seconds": 0.2}, "execute": {"jobs": 2}}
    with started(tmp_path, options) as process:
        until(lambda: len(pids(notes)) >= 2)
        for pid in set(pids(notes).values()):
            os.kill(pid, signal.SIGINT)
        output, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors
    assert "end 8 0 0" in output
    assert len(notes.read_text().splitlines()) == 8


def test_a_cell_that_swallows_the_signal_does_not_stop_it(tmp_path: Path) -> None:
    notes = tmp_path / "calls"
    spec = {"calls": str(notes), "bad": [0], "how": "swallow", "seconds": 60}
    with started(tmp_path, {"count": 2, "function": "trouble", "spec": spec}) as process:
        until(notes.exists)
        time.sleep(0.1)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
        assert process.returncode == 130
        assert errors.startswith("SIGINT after 0 of 2 cells")


def test_what_was_interrupted_is_resumed(tmp_path: Path) -> None:
    options = {"count": 40, "spec": {"seconds": 0.02}}
    with started(tmp_path, options) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)
        stored = len(list((tmp_path / RESULTS / "cells").glob("*.csv")))
        assert process.returncode == 143
        assert 0 < stored < 40
        assert f"end {40 - stored} {stored} 0" in drive(tmp_path, options)


def test_handlers_of_before_are_back(monkeypatch: pytest.MonkeyPatch) -> None:
    # Not that of a run which another test interrupted: such a one stays until the next signal.
    before = signal.default_int_handler
    signal.signal(signal.SIGINT, before)
    with Signals():
        assert signal.getsignal(signal.SIGINT) != before
    assert signal.getsignal(signal.SIGINT) == before
    with pytest.raises(Interrupted), Signals():
        signal.raise_signal(signal.SIGINT)
    signal.raise_signal(signal.SIGINT)  # within the grace: ignored
    monkeypatch.setattr("pkpo_toy.runs.signals.GRACE_SECONDS", 0.0)
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) == before


def test_shield_holds_a_signal_back() -> None:
    steps = []

    def write(signals: Signals) -> None:
        with signals.shield():
            signal.raise_signal(signal.SIGTERM)
            steps.append("written")
        steps.append("never")

    with Signals() as signals, pytest.raises(Interrupted):
        write(signals)
    assert steps == ["written"]


@pytest.mark.parametrize("how", ["sleep_from_two", "hold"])
def test_workers_end_with_a_killed_parent_and_the_lock_is_free(tmp_path: Path, how: str) -> None:
    notes = tmp_path / "pids"
    options = {"count": 4, "function": how, "spec": {"pids": str(notes)}, "execute": {"jobs": 2}}
    with started(tmp_path, options) as process:
        until(lambda: len(pids(notes)) >= (4 if how == "sleep_from_two" else 2))
        os.kill(process.pid, signal.SIGKILL)
        process.wait(10)
        until(lambda: not any(map(alive, pids(notes).values())), seconds=2.0)
        with Lock(tmp_path / RESULTS):
            pass


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_that_another_thread_takes_waits_until_a_worker_is_started(signum: int) -> None:
    done = False
    with pytest.raises(Interrupted), Signals():  # noqa: PT012
        with signals_held():
            thread = threading.Thread(
                target=signal.pthread_kill, args=(threading.get_ident(), signum)
            )
            thread.start()
            thread.join()
            done = True
        pytest.fail("the signal is lost")
    assert done


def test_holding_signals_back_leaves_what_is_installed() -> None:
    before = [signal.getsignal(signum) for signum in (signal.SIGINT, signal.SIGTERM)]
    with signals_held():
        pass
    assert before == [signal.getsignal(signum) for signum in (signal.SIGINT, signal.SIGTERM)]
