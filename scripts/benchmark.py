"""Time and memory of what matters, next to a yardstick measured in the same process.

    python scripts/benchmark.py [SECTION...]

prints the named sections (all by default) as Markdown tables. Beside each ratio to the floor, which
is work that cannot be left out, stands the goal. Times are the CPU's for this one thread, so that
other programs on the machine disturb them little.
"""

import argparse
import gc
import os
import platform
import tracemalloc
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from time import thread_time

import benchmark_runs
import benchmark_training
import numpy as np

from pkpo_toy.estimators import weights

FORMS = ("pkpo", "pkpo_loo", "pkpo_loo_minus_one", "centered_loo", "group_mean_centered")
SHAPES = ((1024, 16, 8), (65536, 16, 8), (64, 1024, 64), (1, 100_000, 1000), (1, 1_000_000, 1000))

Row = Sequence[str]


def interleaved_medians(calls: dict[str, Callable[[], object]], seconds: float) -> dict[str, float]:
    """Median seconds per call, the calls taking turns so that the machine's moods hit all alike."""
    times: dict[str, list[float]] = {name: [] for name in calls}
    stop = thread_time() + seconds
    while thread_time() < stop or len(next(iter(times.values()))) < 7:
        for name, call in calls.items():
            start = thread_time()
            call()
            times[name].append(thread_time() - start)
    return {name: median(values) for name, values in times.items()}


def peak_memory(call: Callable[[], object]) -> int:
    """Bytes allocated at the worst moment of a call, its result included."""
    gc.collect()
    tracemalloc.start()
    call()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


def estimators() -> tuple[Row, list[Row]]:
    """The public `weights`; the floor is np.argsort of the same rewards."""
    head = ("groups x n, k", "form", "ns per sample", "x floor", "goal", "x input memory", "goal")
    rng = np.random.default_rng(0)
    rows: list[Row] = []
    for groups, n, k in SHAPES:
        rewards = rng.normal(size=(groups, n))
        calls: dict[str, Callable[[], object]] = {"np.argsort": lambda x=rewards: np.argsort(x)}
        for form in FORMS:
            calls[form] = lambda x=rewards, k=k, form=form: weights(x, k, form)
        for call in calls.values():
            call()
        times = interleaved_medians(calls, seconds=1.5)
        for form, seconds in times.items():
            rows.append(
                (
                    f"{groups} x {n}, {k}",
                    form,
                    f"{seconds / rewards.size * 1e9:.1f}",
                    f"{seconds / times['np.argsort']:.2f}",
                    "" if form == "np.argsort" else "2.00",
                    f"{peak_memory(calls[form]) / rewards.nbytes:.1f}",
                    "" if form == "np.argsort" else "4.0",
                )
            )
    return head, rows


SECTIONS: dict[str, Callable[[], tuple[Row, list[Row]]]] = {
    "estimators": estimators,
    **benchmark_training.SECTIONS,
    "runs": benchmark_runs.runs,
}


def machine() -> str:
    """Processor, cores and versions the numbers belong to."""
    info = Path("/proc/cpuinfo")
    names = (
        [line for line in info.read_text().splitlines() if "model name" in line]
        if info.exists()
        else []
    )
    name = names[0].split(":")[1].strip() if names else platform.machine()
    return (
        f"{name}, {os.cpu_count()} cores, {platform.system()}, "
        f"Python {platform.python_version()}, numpy {np.__version__}"
    )


def markdown(head: Row, rows: Sequence[Row]) -> str:
    """An aligned Markdown table."""
    lines = [head, *rows]
    widths = [max(len(line[i]) for line in lines) for i in range(len(head))]
    text = [
        "| " + " | ".join(c.ljust(w) for c, w in zip(line, widths, strict=True)) + " |"
        for line in lines
    ]
    text.insert(1, "|" + "|".join("-" * (w + 2) for w in widths) + "|")
    return "\n".join(text)


def main() -> None:
    parser = argparse.ArgumentParser(description="Time and memory next to a yardstick.")
    parser.add_argument("sections", nargs="*", metavar="SECTION", help=f"of: {', '.join(SECTIONS)}")
    chosen = parser.parse_args().sections or list(SECTIONS)
    wrong = [name for name in chosen if name not in SECTIONS]
    if wrong:
        parser.error(f"unknown section {wrong[0]!r}; choose from: {', '.join(SECTIONS)}")
    print(machine())
    for name in chosen:
        section = SECTIONS[name]
        print(f"\n## {name}: {(section.__doc__ or '').splitlines()[0]}\n")
        print(markdown(*section()))


if __name__ == "__main__":
    main()
