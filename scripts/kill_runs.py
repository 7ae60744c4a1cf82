"""SIGKILL at random moments of `pkpo-toy run`, and whether the results are those of a quiet run.

    python scripts/kill_runs.py [KILLS] [SEED]

KILLS (1000) are shared out among one process, two workers and a local dask cluster. Each kill ends
the process group somewhere in its life; every file found afterwards must be whole. A run that comes
to its end must have left what an undisturbed run leaves, byte for byte; then a new one is begun.
Prints one Markdown table, whose last row is cut short by Ctrl-C, and ends with 1 at the first
difference.
"""

import hashlib
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

RUN = [sys.executable, "-m", "pkpo_toy", "run", "variance", "--name", "killed", "--quiet"]
SETTINGS: dict[str, Any] = {
    "n": list(range(4, 28)),
    "k": [1, 2],
    "estimates": 20_000,
    "estimators": ["pkpo", "rloo"],
}
CELLS = len(SETTINGS["n"]) * len(SETTINGS["k"])
WAYS = {
    "one process": ["--jobs", "1"],
    "two workers": ["--jobs", "2"],
    "local dask": ["--jobs", "2", "--cluster", "local"],
}
CIRCUMSTANCES = {"times", "command", "git", "platform", "versions"}


def command(way: str) -> list[str]:
    settings = [f"--set={key}={json.dumps(value)}" for key, value in SETTINGS.items()]
    return [*RUN, *settings, *WAYS[way]]


def start(way: str, place: Path) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[1])}
    return subprocess.Popen(
        command(way), cwd=place, env=environment, start_new_session=True,
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
    )  # fmt: skip


def finish(way: str, place: Path) -> float:
    """Run to the end; the seconds it took."""
    begun = time.monotonic()
    process = start(way, place)
    errors = process.communicate()[1]
    if process.returncode:
        raise SystemExit(f"{way}: exit {process.returncode}\n{errors.decode()}")
    return time.monotonic() - begun


def content(place: Path) -> dict[str, object]:
    """Every file of results and figures; of the manifest all but when, where and how."""
    found: dict[str, object] = {}
    for path in sorted(p for p in place.rglob("*") if p.is_file() and p.name != ".lock"):
        data: object = path.read_bytes()
        if path.name == "manifest.json":
            manifest = json.loads(path.read_bytes())
            data = {key: manifest[key] for key in manifest.keys() - CIRCUMSTANCES}
        found[str(path.relative_to(place))] = data
    return found


def check_whole(place: Path, expected: dict[str, object]) -> int:
    """Stored cells; every one must be what the undisturbed run stored under that name."""
    cells = list(place.glob("results/killed/cells/*.csv"))
    for path in cells:
        if path.read_bytes() != expected[str(path.relative_to(place))]:
            raise SystemExit(f"{path} is not whole: {hashlib.sha256(path.read_bytes())}")
    return len(cells)


def kill(way: str, place: Path, seconds: float) -> bool:
    """Start, kill after so many seconds; whether there was still something to kill."""
    process = start(way, place)
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        return True
    return False


def compare(way: str, place: Path, expected: dict[str, object]) -> None:
    """Run to the end what was killed, and compare every file with the undisturbed run's."""
    finish(way, place)
    left = content(place)
    # A figure in the making leaves a hidden temporary file when it is killed; results leave none.
    names = {name for name in left if not (name.startswith("figures/.") and name.endswith(".tmp"))}
    different = {name for name in names | expected.keys() if left.get(name) != expected.get(name)}
    if different:
        raise SystemExit(f"{way}: different after kills: {sorted(different)}")


def attack(way: str, kills: int, dice: random.Random, expected: dict[str, object]) -> None:
    """Print a line of the table."""
    done = finished = midway = 0
    begun = time.monotonic()
    try:
        while done < kills:
            with tempfile.TemporaryDirectory() as folder:
                longest = finish(way, Path(folder))  # how long a run lives: others use the machine
            with tempfile.TemporaryDirectory() as folder:
                place, stored = Path(folder), 0
                while stored < CELLS and done < kills:
                    done += kill(way, place, dice.uniform(0.05, longest))
                    stored = check_whole(place, expected)
                    midway += 0 < stored < CELLS
                compare(way, place, expected)
                finished += 1
    finally:
        minutes = (time.monotonic() - begun) / 60
        print(f"| {way} | {done} | {midway} | {finished} | {minutes:.1f} |", flush=True)


def main(kills: int = 1000, seed: int = 0) -> None:
    dice = random.Random(seed)
    with tempfile.TemporaryDirectory() as folder:
        finish("one process", Path(folder))
        expected = content(Path(folder))
    print("| how | kills | with cells stored in part | runs ended with the same bytes | minutes |")
    print("|---|---|---|---|---|", flush=True)
    for turn, way in enumerate(WAYS):
        share = kills // len(WAYS) + (turn < kills % len(WAYS))
        attack(way, share, dice, expected)


if __name__ == "__main__":
    try:
        main(*map(int, sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
