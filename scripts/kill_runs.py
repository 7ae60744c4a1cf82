"""SIGKILL at random moments of `pkpo-toy run`, and whether the results are those of a quiet run.

    python scripts/kill_runs.py [KILLS] [SEED]

KILLS (1000) are shared out 5 : 3 : 2 among one process, two workers and a local dask cluster. Every
run is a process of its own, forked from this one, which has imported everything: imports write no
file and would be most of what a kill costs. Its workers are spawned as ever.

A kill ends the process group. One in three comes at a moment drawn uniformly from the life of an
undisturbed run; the others while cells are stored: within 15 ms, about what a cell takes, after the
run has stored a number of cells that is drawn uniformly from those that are missing. The estimator
sleeps a little, so that a busy machine does not let the run finish before the kill.

Every cell found after a kill must be whole. A run that comes to its end before its kill, or is
let live after two kills with all cells stored, must have left what a run without kills leaves, byte
for byte; then a new one begins in an empty folder.

Prints one Markdown table, and on stderr every 20 kills the row so far. Ctrl-C cuts the row short.
Ends with 1 at the first difference. Linux only.
"""

import json
import os
import random
import select
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn, Self

ESTIMATOR = """import time
def patient(rewards, k):
    time.sleep(0.01)
    return rewards
"""
SETTINGS: dict[str, Any] = {
    "n": 4,
    "k": 1,
    "estimates": 200,
    "estimators": ["../own.py:patient"],
    "seed": list(range(80)),
}
CELLS = len(SETTINGS["seed"])
WAYS = {
    "one process": ["--jobs=1"],
    "two workers": ["--jobs=2"],
    "local dask": ["--jobs=2", "--cluster=local"],
}
SHARES = {"one process": 5, "two workers": 3, "local dask": 2}  # as the start of workers costs
WHILE_STORING = 2 / 3  # of the kills
SECONDS_OF_A_CELL = 0.015
CIRCUMSTANCES = {"times", "command", "git", "platform", "versions"}
MEASURED_EVERY = 10  # runs that end: others use the machine too, and a run's life changes
LONGEST = 600.0  # seconds of a run that nothing disturbs
STORED = Path("results", "killed", "cells")
ROOT = Path(__file__).resolve().parents[1]

Contents = dict[str, object]


def main(kills: int = 1000, seed: int = 0) -> None:
    import_all()
    dice = random.Random(seed)
    with tempfile.TemporaryDirectory() as folder:
        os.environ["TMPDIR"] = tempfile.tempdir = folder  # killed dask clusters leave files there
        Path(folder, "own.py").write_text(ESTIMATOR)
        expected = quiet_contents()
        print("| how | kills | while cells were stored | when all were stored | "
              "runs ended with the same bytes | minutes |")  # fmt: skip
        print("|---|---|---|---|---|---|", flush=True)
        for way, share in SHARES.items():
            Attack(way, kills * share // sum(SHARES.values()), dice, expected).carry_out()


def import_all() -> None:
    """What the runs need, fonts included, so that every one of them begins at once."""
    sys.path.insert(0, str(ROOT))
    os.environ["PYTHONPATH"] = str(ROOT)  # for new processes
    os.environ["MPLBACKEND"] = "agg"
    import distributed  # noqa: F401

    import pkpo_toy
    import pkpo_toy.cli.main
    import pkpo_toy.runs.cluster
    import pkpo_toy.runs.processes

    with tempfile.TemporaryDirectory() as folder:
        few = {**SETTINGS, "estimators": ["pkpo"], "seed": [0, 1]}
        pkpo_toy.run("variance", out=folder, **few).save_figure(Path(folder))


def command(way: str) -> list[str]:
    settings = [f"--set={key}={json.dumps(value)}" for key, value in SETTINGS.items()]
    return ["run", "variance", "--name=killed", "--quiet", *settings, *WAYS[way]]


def quiet_contents() -> Contents:
    """What the command leaves in a new process that nothing disturbs."""
    with tempfile.TemporaryDirectory() as folder:
        words = [sys.executable, "-m", "pkpo_toy", *command("one process")]
        subprocess.run(words, cwd=folder, check=True, stdout=subprocess.DEVNULL)
        return contents(Path(folder))


def contents(place: Path) -> Contents:
    """Every file of results and figures; of the manifest all but when, where and how."""
    found: Contents = {}
    for path in sorted(p for p in place.rglob("*") if p.is_file() and p.name != ".lock"):
        data: object = path.read_bytes()
        if path.name == "manifest.json":
            manifest = json.loads(path.read_bytes())
            data = {key: manifest[key] for key in manifest.keys() - CIRCUMSTANCES}
        found[str(path.relative_to(place))] = data
    return found


def cells_in(place: Path) -> list[str]:
    folder = place / STORED
    return [n for n in os.listdir(folder) if n.endswith(".csv")] if folder.is_dir() else []


@dataclass
class Attack:
    """A row of the table."""

    way: str
    wanted: int
    dice: random.Random
    expected: Contents
    kills: int = 0
    storing: int = 0  # kills of a run that had stored cells of its own, and not all there are
    complete: int = 0  # kills when all cells were stored: while the summary or a figure was made
    finished: int = 0
    life: float = 0.0
    begun: float = field(default_factory=time.monotonic)

    def __str__(self) -> str:
        minutes = (time.monotonic() - self.begun) / 60
        counts = f"{self.kills} | {self.storing} | {self.complete} | {self.finished}"
        return f"| {self.way} | {counts} | {minutes:.1f} |"

    def carry_out(self) -> None:
        try:
            while self.kills < self.wanted:
                with tempfile.TemporaryDirectory() as folder:
                    if self.finished % MEASURED_EVERY == 0:
                        self.measure(Path(folder))
                    else:
                        self.kill_until_it_ends(Path(folder))
                    self.compare(Path(folder))
                self.finished += 1
        finally:
            print(self, flush=True)

    def measure(self, place: Path) -> None:
        """A run that nothing disturbs."""
        begun = time.monotonic()
        with Run(self.way, place) as run:
            run.end_of_itself()
        self.life = time.monotonic() - begun

    def kill_until_it_ends(self, place: Path) -> None:
        stored, complete = 0, self.complete
        while not self.ended_before_its_kill(
            place, stored, last=self.kills >= self.wanted or self.complete - complete >= 2
        ):
            before, stored = stored, self.whole_cells(place)
            self.kills += 1
            self.storing += before < stored < CELLS
            self.complete += stored == CELLS
            if self.kills % 20 == 0:
                print(self, file=sys.stderr, flush=True)

    def ended_before_its_kill(self, place: Path, stored: int, *, last: bool) -> bool:
        with Run(self.way, place) as run:
            if last:
                run.end_of_itself()
            if stored == CELLS or self.dice.random() > WHILE_STORING:
                return run.ends_within(self.dice.uniform(0, self.life))
            last = self.dice.randrange(stored, CELLS)
            while len(cells_in(place)) <= last:
                if run.ends_within(SECONDS_OF_A_CELL):
                    return True
            return run.ends_within(self.dice.uniform(0, SECONDS_OF_A_CELL))

    def whole_cells(self, place: Path) -> int:
        """Stored cells; every one must be what the undisturbed run stored under that name."""
        cells = cells_in(place)
        for name in cells:
            data = (place / STORED / name).read_bytes()
            if data != self.expected[str(STORED / name)]:
                raise SystemExit(f"{self.way}: {name} is not whole: {data[:200]!r}")
        return len(cells)

    def compare(self, place: Path) -> None:
        """Every file with the undisturbed run's."""
        left = contents(place)
        # A figure in the making leaves a hidden temporary file when it is killed; results do not.
        names = {n for n in left if not (n.startswith("figures/.") and n.endswith(".tmp"))}
        names |= self.expected.keys()
        different = [name for name in names if left.get(name) != self.expected.get(name)]
        if different:
            raise SystemExit(f"{self.way}: different after kills: {sorted(different)}")


class Run:
    """The command in a process and a process group of its own, which ends with the block."""

    def __init__(self, way: str, place: Path) -> None:
        self.process = os.fork()
        if self.process == 0:
            become_the_command(way, place)
        os.setpgid(self.process, self.process)
        self.descriptor = os.pidfd_open(self.process)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        os.killpg(self.process, signal.SIGKILL)
        os.waitpid(self.process, 0)
        os.close(self.descriptor)

    def ends_within(self, seconds: float) -> bool:
        if not select.select([self.descriptor], [], [], seconds)[0]:
            return False
        end = os.waitid(os.P_PID, self.process, os.WEXITED | os.WNOWAIT)
        if end is None or end.si_status:
            raise SystemExit(f"the run ended by itself, with status {end and end.si_status}")
        return True

    def end_of_itself(self) -> None:
        if not self.ends_within(LONGEST):
            raise SystemExit(f"the run has not ended after {LONGEST} s")


def become_the_command(way: str, place: Path) -> NoReturn:
    code: object = 1
    try:
        os.setpgid(0, 0)
        os.chdir(place)
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        sys.argv = ["pkpo-toy", *command(way)]
        from pkpo_toy.cli.main import main as run

        run()
    except SystemExit as end:
        code = end.code
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(code if isinstance(code, int) else 1)


if __name__ == "__main__":
    try:
        main(*map(int, sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
