"""CPU time of `pkpo-toy run paper` by study: its cells, storing them, and its figures.

python scripts/benchmark_paper.py [STUDY...]    (all take about a minute)

Everything runs in this one process, so that the seconds are those of one core; workers share them.
Workers keep their memory, which this process does where glibc is told at its start:
MALLOC_MMAP_THRESHOLD_=33554432 MALLOC_TRIM_THRESHOLD_=268435456 python scripts/benchmark_paper.py
"""

import resource
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from time import process_time

import numpy as np

from pkpo_toy.experiment import carry_out, load, plans
from pkpo_toy.studies.table import SUITES

GOAL = 60.0  # CPU seconds of all studies: half a minute on two cores

Row = Sequence[str]


def cpu_seconds(call: Callable[[], object]) -> float:
    """Of this process and of the children it has waited for."""

    def used() -> float:
        children = resource.getrusage(resource.RUSAGE_CHILDREN)
        return process_time() + children.ru_utime + children.ru_stime

    start = used()
    call()
    return used() - start


def study(name: str, place: Path) -> tuple[int, float, float]:
    """Its cells, CPU seconds to compute and store them, and to draw the figure."""
    (plan,) = plans(name)
    computing = cpu_seconds(lambda: carry_out(plan, place / "results"))
    result = load(place / "results" / plan.name)
    drawing = cpu_seconds(lambda: result.save_figure(place / "figures", again=False, pdf=False))
    return len(plan.cells), computing, drawing


def paper(names: Sequence[str] = SUITES["paper"]) -> tuple[Row, list[Row]]:
    """CPU seconds of `run paper` by study, and each study's share."""
    with tempfile.TemporaryDirectory() as temporary:
        found = {name: study(name, Path(temporary)) for name in names}
    total = sum(computing + drawing for _, computing, drawing in found.values())
    rows = [
        (name, str(cells), f"{computing:.1f}", f"{drawing:.1f}",
         f"{(computing + drawing) / total:.0%}", "")
        for name, (cells, computing, drawing) in found.items()
    ]  # fmt: skip
    sums = np.sum(list(found.values()), axis=0)
    goal = f"{total:.1f} of {GOAL:.0f}" if set(names) == set(SUITES["paper"]) else ""
    rows.append(("all", f"{sums[0]:.0f}", f"{sums[1]:.1f}", f"{sums[2]:.1f}", "100%", goal))
    return ("study", "cells", "computing, s", "drawing, s", "share", "in all, s, of the goal"), rows


def main() -> None:
    head, rows = paper(sys.argv[1:] or SUITES["paper"])
    print("", *("| " + " | ".join(row) + " |" for row in [head, *rows]), sep="\n")


if __name__ == "__main__":
    main()
