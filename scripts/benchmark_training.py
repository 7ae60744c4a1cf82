"""Time of a training step beside the time to draw and sort alone, and how it grows.

python scripts/benchmark_training.py
"""

import time
from collections.abc import Callable, Sequence

import numpy as np

from pkpo_toy.estimators import ESTIMATORS
from pkpo_toy.simulator.ascent import iterate
from pkpo_toy.simulator.policies import sample_arms
from pkpo_toy.simulator.problem import Problem
from pkpo_toy.simulator.problems import build_problem
from pkpo_toy.simulator.settings import Settings

RUNS, N, ARMS, K = 1024, 16, 100, 4
REPEATS = 7
STEPS = 20

Row = Sequence[str]


def best_of(work: Callable[[], object]) -> float:
    """Seconds of the fastest of a few repeats, the one least disturbed."""
    seconds = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - start)
    return min(seconds)


def step_seconds(problem: Problem, runs: int, n: int) -> float:
    """Seconds of one training step with pkpo_loo_minus_one, SGD, logging left out."""
    settings = Settings(k=K, n=n, steps=STEPS, step_size=0.01, replicates=runs, log_every=STEPS)
    estimator = ESTIMATORS["pkpo_loo_minus_one"].function
    rng = np.random.default_rng(0)
    return best_of(lambda: list(iterate(problem, estimator, settings, rng))) / STEPS


def draw_and_sort_seconds(runs: int, n: int) -> float:
    """Seconds to draw the normals of one step and sort them."""
    rng = np.random.default_rng(0)

    def work() -> None:
        for _ in range(STEPS):
            np.sort(rng.standard_normal((runs, n)), axis=-1)

    return best_of(work) / STEPS


def choice_seconds(runs: int, n: int, arms: int) -> float:
    """Seconds to draw the choices of one step."""
    rng = np.random.default_rng(0)
    logits = np.zeros((runs, arms))

    def work() -> None:
        for _ in range(STEPS):
            sample_arms(logits, n, rng)

    return best_of(work) / STEPS


def steps() -> tuple[Row, list[Row]]:
    """A training step with pkpo_loo_minus_one against drawing alone (Gaussian: and sorting)."""
    gaussian = step_seconds(build_problem("unit_square"), RUNS, N)
    categorical = step_seconds(build_problem("arms", count=ARMS), RUNS, N)
    pairs = {
        "unit_square": (gaussian, draw_and_sort_seconds(RUNS, N)),
        f"arms, {ARMS}": (categorical, choice_seconds(RUNS, N, ARMS)),
    }
    head = ("problem", "runs x n", "ms per step", "ms to draw", "ratio")
    return head, [
        (name, f"{RUNS} x {N}", f"{1e3 * step:.2f}", f"{1e3 * draw:.2f}", f"{step / draw:.1f}")
        for name, (step, draw) in pairs.items()
    ]


def growth() -> tuple[Row, list[Row]]:
    """How a categorical training step's time grows with the runs, the samples and the arms."""
    sizes = [(runs, N, ARMS) for runs in (256, 1024, 4096)]
    sizes += [(RUNS, n, ARMS) for n in (4, 64)] + [(RUNS, N, arms) for arms in (10, 1000)]
    times = [step_seconds(build_problem("arms", count=arms), runs, n) for runs, n, arms in sizes]
    return ("runs", "n", "arms", "ms per step"), [
        (*map(str, size), f"{1e3 * seconds:.2f}")
        for size, seconds in zip(sizes, times, strict=True)
    ]


SECTIONS = {"training": steps, "training_growth": growth}


if __name__ == "__main__":
    for section in SECTIONS.values():
        head, rows = section()
        print("", *(" | ".join(row) for row in [head, *rows]), sep="\n")
