"""What executing cells costs beside computing them: overhead, resuming, workers, memory.

    python scripts/benchmark_runs.py [CELLS]

prints one Markdown table; CELLS (2000) is the size of the study that is executed and resumed.
"""

import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from pkpo_toy.files import sync_folder, write_file
from pkpo_toy.runs import Cell, execute, generator, make_cell

CELLS = 2000
Row = Sequence[str]


def cells(count: int, seconds: float) -> list[Cell]:
    return [make_cell({"index": i, "seed": 0, "seconds": seconds}, "v1") for i in range(count)]


def draw(spec: dict[str, Any]) -> pd.DataFrame:
    """A cell that takes its seconds and returns three rows."""
    time.sleep(spec["seconds"])
    values = generator(spec["seed"], spec).normal(size=3)
    return pd.DataFrame({"index": spec["index"], "value": values})


def means(spec: dict[str, Any], frame: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame({"index": frame["index"].iloc[:1], "mean": [frame["value"].mean()]})


def carried_out(study: list[Cell], place: Path, jobs: int = 1) -> None:
    """Raises AssertionError where a cell or its summary failed: what failed was not measured."""
    outcome = execute(study, draw, place, summarize=means, jobs=jobs)
    assert not outcome.failed, outcome.failed[0]


def seconds(call: Callable[[], object]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def execution(place: Path, count: int) -> list[Row]:
    """One worker beside a bare loop over the same cells, then the same study resumed."""
    study = cells(count, 0.005)
    bare = seconds(lambda: [means(cell.spec, draw(cell.spec)) for cell in study])
    full = seconds(lambda: carried_out(study, place))
    again = seconds(lambda: carried_out(study, place))
    return [
        (f"bare loop, {count} cells of 5 ms", f"{bare:.1f} s", f"{bare / count * 1e3:.2f} ms"),
        ("overhead on one worker", f"{full - bare:.1f} s", f"{(full - bare) / count * 1e3:.2f} ms"),
        ("resuming the finished study", f"{again:.2f} s", f"{again / count * 1e3:.3f} ms"),
    ]


def disk(place: Path, count: int = 300) -> list[Row]:
    """What the disk itself asks for: a small file written whole, and a folder made durable."""
    place.mkdir()
    files = seconds(lambda: [write_file(place / f"{i}.csv", bytes(100)) for i in range(count)])
    folders = seconds(lambda: [sync_folder(place) for _ in range(count)])
    return [
        ("of that: temporary file, fsync, replace", "", f"{files / count * 1e3:.2f} ms"),
        ("fsync of an unchanged folder (once a second)", "", f"{folders / count * 1e3:.3f} ms"),
    ]


def workers(place: Path, count: int = 60) -> list[Row]:
    """Cells of 0.2 s on one worker and on two."""
    study = cells(count, 0.2)
    one = seconds(lambda: carried_out(study, place / "1"))
    two = seconds(lambda: carried_out(study, place / "2", jobs=2))
    return [(f"two workers, {count} cells of 0.2 s", f"{two:.1f} s", f"x {one / two:.2f}")]


def peak(place: Path, count: int) -> float:
    """Peak resident memory in MB of a process that executes so many cells."""
    program = f"import benchmark_runs as b; b.run_and_report({str(place)!r}, {count})"
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=Path(__file__).parent,
        capture_output=True,
        text=True,
        check=True,
    )
    return float(done.stdout)


def run_and_report(place: str, count: int) -> None:
    carried_out(cells(count, 0.0), Path(place))
    # Not ru_maxrss: that begins with the peak of the process this one was started from.
    used = re.search(r"VmHWM:\s*(\d+)", Path("/proc/self/status").read_text("ascii"))
    print(int(used[1]) / 1024 if used else np.nan)


def memory(place: Path, counts: Sequence[int] = (500, 5000)) -> list[Row]:
    """Peak memory of two studies; what grows is the caller's list of cells and their checksums."""
    few, many = (peak(place / str(count), count) for count in counts)
    each = (many - few) / (counts[1] - counts[0]) * 1024
    return [(f"peak memory, {counts[1]} cells", f"{many:.0f} MB", f"{each:.2f} kB")]


def runs(count: int = CELLS) -> tuple[Row, list[Row]]:
    """Executing and storing cells: overhead, resuming, workers, memory."""
    with tempfile.TemporaryDirectory(dir=os.environ.get("BENCHMARK_DIR")) as temporary:
        place = Path(temporary)
        rows = execution(place / "study", count)
        rows += disk(place / "disk") + workers(place / "workers") + memory(place / "memory")
    return ("what", "in all", "per cell"), rows


def main() -> None:
    head, rows = runs(int(sys.argv[1]) if len(sys.argv) > 1 else CELLS)
    widths = np.max([[len(text) for text in row] for row in [head, *rows]], axis=0)
    for row in [head, ["-" * width for width in widths], *rows]:
        print("| " + " | ".join(t.ljust(w) for t, w in zip(row, widths, strict=True)) + " |")


if __name__ == "__main__":
    main()
