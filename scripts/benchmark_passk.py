"""CPU time and memory of `pkpo-toy passk` on 128 problems of 10,000 samples.

python scripts/benchmark_passk.py

The floor is a process that imports pandas and the command line and does nothing.
"""

import re
import resource
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

PROBLEMS, SAMPLES = 128, 10_000
SECONDS, MEGABYTES = 1.5, 200  # goals
REPEATS = 3

Row = Sequence[str]


def write_samples(folder: Path) -> list[Path]:
    """The same samples as JSON lines and as CSV."""
    rng = np.random.default_rng(0)
    rights = (rng.random((PROBLEMS, SAMPLES)) < rng.random((PROBLEMS, 1)) ** 3).astype(int)
    rows = [(p, s, r) for p, row in enumerate(rights.tolist()) for s, r in enumerate(row)]
    lines, table = folder / "samples.jsonl", folder / "samples.csv"
    lines.write_text(
        "".join(f'{{"problem": "p{p}", "sample": {s}, "reward": {r}}}\n' for p, s, r in rows)
    )
    table.write_text("problem,sample,reward\n" + "".join(f"p{p},{s},{r}\n" for p, s, r in rows))
    return [lines, table]


# A process knows its own peak; what its parent is told includes the parent's at the start.
RUN = """
import atexit, pathlib, sys
status = pathlib.Path("/proc/self/status")
def tell():
    if status.exists():
        sys.stderr.write(status.read_text())
atexit.register(tell)
import pandas
from pkpo_toy.cli.main import main
if sys.argv[1:]:
    main()
"""


def cost(*arguments: str) -> tuple[float, float]:
    """CPU seconds and peak megabytes (NaN where Linux does not tell) of the command, at least."""
    found = []
    for _ in range(REPEATS):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        done = subprocess.run(
            [sys.executable, "-c", RUN, *arguments], capture_output=True, text=True, check=True
        )
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        seconds = used.ru_utime + used.ru_stime - before.ru_utime - before.ru_stime
        peak = re.search(r"VmHWM:\s*(\d+)", done.stderr)
        found.append((seconds, int(peak[1]) / 1024 if peak else np.nan))
    return tuple(np.min(found, axis=0).tolist())


def passk() -> tuple[Row, list[Row]]:
    """`pkpo-toy passk` on 1.28 million samples; the floor is to import pandas and the command."""
    floor = cost()
    rows: list[Row] = [("import only", "", f"{floor[0]:.2f}", "", f"{floor[1]:.0f}", "")]
    with tempfile.TemporaryDirectory() as temporary:
        for file in write_samples(Path(temporary)):
            size = f"{file.stat().st_size / 1e6:.0f} MB"
            seconds, memory = cost("passk", str(file))
            rows.append(
                (file.suffix[1:], size, f"{seconds:.2f}", f"{SECONDS}",
                 f"{memory:.0f}", f"{MEGABYTES}")
            )  # fmt: skip
    return ("file", "size", "CPU, s", "goal", "peak memory, MB", "goal"), rows


if __name__ == "__main__":
    head, rows = passk()
    print("", *("| " + " | ".join(row) + " |" for row in [head, *rows]), sep="\n")
