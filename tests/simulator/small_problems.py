"""A small instance of every row of PROBLEMS, and parameters away from its start."""

import numpy as np
from numpy.typing import NDArray

from pkpo_toy.simulator.problem import Problem
from pkpo_toy.simulator.problems import build_problem

SMALL: dict[str, tuple[str, dict[str, object]]] = {
    "unit_square": ("unit_square", {"theta": 0.8, "sd": 0.3}),
    "arms": ("arms", {"rewards": [0.1, 0.9, 0.4, 0.4], "logits": [0.5, -1.0, 0.0, 0.3]}),
    "binary arms": ("arms", {"rewards": [0, 1, 0, 1, 0]}),
    "signed arms": ("arms", {"rewards": [-1.0, 0.5, 2.0]}),
    "two_peaks": ("two_peaks", {}),
    "water_filling": ("water_filling", {"fractions": [0.5, 0.3, 0.2]}),
    "water_filling, all": ("water_filling", {"fractions": [0.5, 0.3, 0.2], "per_step": 0}),
    "problem_set, own": ("problem_set", {"problems": 3, "arms": 3, "per_step": 2}),
    "problem_set, shared": (
        "problem_set",
        {"problems": 4, "arms": 3, "features": 2, "per_step": 2, "rates": [0.5, 0.1]},
    ),
    "problem_set, all": ("problem_set", {"problems": 3, "arms": 3, "features": 2, "per_step": 0}),
    "pass_rates": ("pass_rates", {"n": [10, 10, 5], "c": [0, 3, 5], "per_step": 2}),
}


def small(case: str) -> Problem:
    name, options = SMALL[case]
    return build_problem(name, **options)


def elsewhere(problem: Problem, runs: int, seed: int = 0) -> NDArray[np.float64]:
    """Parameters around the start, (R, d)."""
    start = problem.start(runs)
    return start + 0.3 * np.random.default_rng(seed).standard_normal(start.shape)
