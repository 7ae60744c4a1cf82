"""SIGKILL at any moment, any number of times: the resumed results are those of a quiet run."""

import os
import random
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from tests.runs.driving import RESULTS, contents, drive, started

KILLS = {1: 8, 2: 10}  # workers: kills; the command line is killed thirty times
LONGEST = 0.15  # seconds of life after the first cell
COUNT = {1: 80, 2: 160}


@pytest.mark.faults
@pytest.mark.parametrize("jobs", KILLS)
def test_killed_again_and_again_ends_in_the_same_bytes(tmp_path: Path, jobs: int) -> None:
    options = {"count": COUNT[jobs], "spec": {"seconds": 0.005}, "execute": {"jobs": jobs}}
    quiet, killed = tmp_path / "quiet", tmp_path / "killed"
    quiet.mkdir()
    killed.mkdir()
    drive(quiet, options)
    dice = random.Random(jobs)
    progress = [kill(killed, options, dice) for _ in range(KILLS[jobs])]
    assert sum(0 < cells < COUNT[jobs] for cells in progress) >= 4, progress
    drive(killed, options)
    assert contents(killed / RESULTS) == contents(quiet / RESULTS)


def kill(place: Path, options: dict[str, Any], dice: random.Random) -> int:
    """Start the driver, kill it and its workers some time after a sign of life; cells stored."""
    with started(place, options) as process:
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(dice.uniform(0.0, LONGEST))
        os.killpg(process.pid, signal.SIGKILL)
    folder = place / RESULTS
    for path in folder.rglob("*.csv"):
        assert path.read_bytes().endswith(b"\n")
        assert path.name == "summary.csv" or path.read_bytes().count(b"\n") == 4
    return len(list(folder.glob("cells/*.csv")))
