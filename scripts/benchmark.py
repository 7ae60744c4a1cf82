"""Time and memory of what matters, next to a yardstick measured in the same process.

    python scripts/benchmark.py [SECTION...]

prints the named sections as Markdown tables; by default all but `paper`, which takes minutes.
Beside each ratio to the floor, which is work that cannot be left out, stands the goal. Times are
the CPU's, so that other programs on the machine disturb them little.
"""

import argparse
import gc
import os
import platform
import tracemalloc
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from time import thread_time

import benchmark_paper
import benchmark_passk
import benchmark_runs
import benchmark_training
import numpy as np

from pkpo_toy.estimators import weights
from pkpo_toy.typing import Array

FORMS = ("pkpo", "pkpo_loo", "pkpo_loo_minus_one", "centered_loo", "group_mean_centered")
SHAPES = ((1024, 16, 8), (65536, 16, 8), (64, 1024, 64), (1, 100_000, 1000), (1, 1_000_000, 1000))

Row = Sequence[str]


def interleaved_times(calls: dict[str, Callable[[], object]], seconds: float) -> dict[str, float]:
    """CPU seconds of each call, the calls taking turns so that the machine's moods hit all alike.

    The tenth of the times that is fastest: the others were disturbed.
    """
    times: dict[str, list[float]] = {name: [] for name in calls}
    stop = thread_time() + seconds
    while thread_time() < stop or len(next(iter(times.values()))) < 7:
        for name, call in calls.items():
            start = thread_time()
            call()
            times[name].append(thread_time() - start)
    return {name: float(np.quantile(values, 0.1)) for name, values in times.items()}


def peak_memory(call: Callable[[], object]) -> int:
    """Bytes allocated at the worst moment of a call, its result included."""
    gc.collect()
    tracemalloc.start()
    call()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


def shapes() -> Iterator[tuple[str, Array, int]]:
    """What each is called, its rewards and its k."""
    rng = np.random.default_rng(0)
    for groups, n, k in SHAPES:
        yield f"{groups} x {n}, {k}", rng.normal(size=(groups, n)), k


def estimators() -> tuple[Row, list[Row]]:
    """`weights` in numpy, times np.argsort of the same rewards, which is the floor."""
    names = (*FORMS, "worst form", "goal", "memory, x input", "goal")
    rows: list[Row] = []
    for name, rewards, k in shapes():
        calls: dict[str, Callable[[], object]] = {"argsort": lambda x=rewards: np.argsort(x)}
        calls |= {form: lambda x=rewards, k=k, form=form: weights(x, k, form) for form in FORMS}
        for call in calls.values():
            call()
        times = interleaved_times(calls, seconds=3)
        floor = times.pop("argsort")
        ratios = (f"{seconds / floor:.2f}" for seconds in times.values())
        memory = max(peak_memory(calls[form]) for form in FORMS) / rewards.nbytes
        nanoseconds = f"{floor / rewards.size * 1e9:.1f}"
        worst = max(times, key=lambda form: times[form])
        rows.append((name, nanoseconds, *ratios, worst, "2.00", f"{memory:.2f}", "4.00"))
    return ("groups x n, k", "np.argsort, ns a sample", *names), rows


def tensors() -> tuple[Row, list[Row]]:
    """`pkpo_loo_minus_one` of tensors on the CPU, times np.argsort; and torch's own functions."""
    import torch

    from pkpo_toy.lm.weights import NATIVE
    from pkpo_toy.lm.weights import weights as tensor_weights

    torch.set_num_threads(1)
    rows: list[Row] = []
    for name, rewards, k in shapes():
        tensor = torch.from_numpy(rewards)
        calls: dict[str, Callable[[], object]] = {
            "argsort": lambda x=rewards: np.argsort(x),
            "numpy": lambda x=rewards, k=k: weights(x, k),
            "ours": lambda x=tensor, k=k: tensor_weights(x, k),
            "torch": lambda x=tensor, k=k: NATIVE["pkpo_loo_minus_one"](x, k),
        }
        for call in calls.values():
            call()
        times = interleaved_times(calls, seconds=2)
        ours, native = times["ours"], times["torch"]
        ratio, goal = f"{ours / times['argsort']:.2f}", "2.00"
        rows.append((name, ratio, goal, f"{ours / times['numpy']:.2f}", f"{native / ours:.1f}"))
    return ("groups x n, k", "x argsort", "goal", "x numpy's weights", "torch's own, x ours"), rows


SECTIONS: dict[str, Callable[[], tuple[Row, list[Row]]]] = {
    "estimators": estimators,
    "tensors": tensors,
    **benchmark_training.SECTIONS,
    "passk": benchmark_passk.passk,
    "runs": benchmark_runs.runs,
    "paper": benchmark_paper.paper,
}
LONG = {"paper"}


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
    chosen = parser.parse_args().sections or [name for name in SECTIONS if name not in LONG]
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
