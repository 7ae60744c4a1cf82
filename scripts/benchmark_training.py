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
from pkpo_toy.training.handover import Handover

RUNS, N, ARMS, K = 1024, 16, 100, 4
# The problems of the study learning_curves: 100 runs, 8 problems a step, Adam.
SET = {"problems": 42, "arms": 16, "features": 20, "rates": (0.4, 0.01, 0.0005), "per_step": 8}
SET_RUNS = 100
CALLS = 200

Row = Sequence[str]


def seconds_of(call: Callable[[], object]) -> float:
    """CPU seconds of a call: the fastest tenth of many, as the others were disturbed."""
    seconds = []
    for _ in range(CALLS):
        start = time.thread_time()
        call()
        seconds.append(time.thread_time() - start)
    return float(np.quantile(seconds, 0.1))


def step_seconds(problem: Problem, runs: int, n: int, optimiser: str = "sgd") -> float:
    """Seconds of one training step with pkpo_loo_minus_one, nothing being measured on the way."""
    settings = Settings(
        k=K,
        n=n,
        steps=CALLS,
        step_size=0.01,
        replicates=runs,
        log_every=1,
        optimiser=optimiser,
    )
    row = ESTIMATORS["pkpo_loo_minus_one"]
    rng = np.random.default_rng(0)
    weigh = Handover(row, row, n, [K]).weight_function(rng, binary=problem.binary)
    states = iterate(problem, weigh, settings, rng)
    next(states)
    return seconds_of(lambda: next(states))


def draw_and_sort_seconds(runs: int, n: int) -> float:
    """Seconds to draw the normals of one step and sort them."""
    rng = np.random.default_rng(0)
    return seconds_of(lambda: np.sort(rng.standard_normal((runs, n)), axis=-1))


def choice_seconds(runs: int, n: int, arms: int) -> float:
    """Seconds to draw the choices of one step."""
    rng = np.random.default_rng(0)
    logits = np.zeros((runs, arms))
    return seconds_of(lambda: sample_arms(logits, n, rng))


def steps() -> tuple[Row, list[Row]]:
    """A training step with pkpo_loo_minus_one; the floor is to draw its numbers and to sort them.

    The goal is half of the ratio that a step had before it was looked at closely.
    """
    gaussian = step_seconds(build_problem("unit_square"), RUNS, N)
    categorical = step_seconds(build_problem("arms", count=ARMS), RUNS, N)
    problem_set = step_seconds(build_problem("problem_set", **SET), SET_RUNS, N, "adam")
    groups = SET_RUNS * int(SET["per_step"])
    floors = draw_and_sort_seconds(RUNS, N), draw_and_sort_seconds(groups, N)
    rows = (
        ("unit_square", RUNS, gaussian, floors[0], 2.1),
        (f"arms, {ARMS}", RUNS, categorical, choice_seconds(RUNS, N, ARMS), 1.2),
        ("learning_curves", groups, problem_set, floors[1], 5.5),
    )
    head = ("problem", "groups x n", "ms per step", "ms, floor", "x floor", "goal")
    return head, [
        (
            name,
            f"{count} x {N}",
            f"{1e3 * step:.2f}",
            f"{1e3 * floor:.2f}",
            f"{step / floor:.1f}",
            f"{goal:.1f}",
        )
        for name, count, step, floor, goal in rows
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
