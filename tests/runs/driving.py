"""Starting the driver, waiting for it, and looking at what it left."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from tests.warm import WarmPopen

ROOT = Path(__file__).parents[2]
RESULTS = Path("results", "toy")  # relative, so that manifests of two places can be compared

# Without git: a commit made while tests run must not make manifests differ.
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT), "GIT_DIR": os.devnull}


@contextmanager
def started(
    place: Path, options: dict[str, Any], **environment: str
) -> Iterator[subprocess.Popen[str]]:
    """The driver at work in place/results/toy, in a process group that ends with the block.

    With an environment of its own Python starts anew, for that is when most variables are read.
    """
    command = ["tests.runs.driver", str(RESULTS), json.dumps(options)]
    start, python = (subprocess.Popen, [sys.executable, "-m"]) if environment else (WarmPopen, [])
    process = start(
        [*python, *command],
        cwd=place,
        env={**ENVIRONMENT, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    with process:
        try:
            yield process
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


def drive(place: Path, options: dict[str, Any], code: int = 0, **environment: str) -> str:
    """Run the driver to its end, which must have this exit code; its output, errors first."""
    with started(place, options, **environment) as process:
        output, errors = process.communicate(timeout=60 * crowding())
    assert process.returncode == code, errors
    assert "Traceback" not in errors
    return errors + output


def until(condition: Callable[[], bool], seconds: float = 20.0) -> None:
    """Wait for a condition; seconds of a machine with nothing else to do."""
    begin = time.monotonic()
    while not condition():
        assert time.monotonic() - begin < seconds * crowding(), "waited in vain"
        time.sleep(0.01)


def crowding() -> float:
    """How many times longer things take because others use this machine too; at least 1.

    From the load of the last minute or the threads that run at this moment, whichever is more.
    """
    now = Path("/proc/loadavg")
    running = int(now.read_text().split()[3].partition("/")[0]) if now.exists() else 0
    return max(1.0, max(os.getloadavg()[0], running) / (os.cpu_count() or 1))


def contents(folder: Path) -> dict[str, bytes]:
    """Every file of a results folder by name, the manifest without its times."""
    files = {p.relative_to(folder).as_posix(): p for p in folder.rglob("*") if p.is_file()}
    found = {name: path.read_bytes() for name, path in files.items()}
    if "manifest.json" in found:
        manifest = json.loads(found["manifest.json"])
        del manifest["times"]
        found["manifest.json"] = json.dumps(manifest).encode()
    return found


def pids(path: Path) -> dict[int, int]:
    """Which process computed (or computes) which cell, from the file `draw` notes it in."""
    lines = path.read_text().splitlines() if path.exists() else []
    return {int(index): int(pid) for index, pid in (line.split() for line in lines)}


def alive(pid: int) -> bool:
    """Whether a process is there and not a zombie."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def children(pid: int) -> list[int]:
    """The workers of a process that began cold: its children that are spawned interpreters."""
    listed = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [int(child) for child in listed if b"spawn_main" in _command_line(child)]


def _command_line(pid: str) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except FileNotFoundError:
        return b""
