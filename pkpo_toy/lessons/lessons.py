"""The lessons: three policies that differ only in the k they are trained for, step by step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from pkpo_toy.errors import InputError, unknown
from pkpo_toy.estimators import ESTIMATORS
from pkpo_toy.simulator.ascent import iterate
from pkpo_toy.simulator.categorical import CategoricalProblem
from pkpo_toy.simulator.exact.normal import normal_tail
from pkpo_toy.simulator.gaussian import GaussianProblem
from pkpo_toy.simulator.policies import softmax
from pkpo_toy.simulator.problem import Problem
from pkpo_toy.simulator.problems import build_problem
from pkpo_toy.simulator.settings import Settings
from pkpo_toy.typing import Array

KS = (1, 4, 16)
SAMPLES = 16
LONGEST = 10_000
# Reports of a run: every step up to this many, then every second, third, ...
REPORTS = 500
# Bins of the real line, so that 0 and 1, where the reward breaks, are edges.
EDGES = np.linspace(-0.2, 1.4, 41)


@dataclass(frozen=True)
class Lesson:
    """A problem, how it is trained on, and the problem in plain words."""

    problem: str
    scene: str
    steps: int
    step_size: float
    optimiser: str = "sgd"
    options: Mapping[str, Any] = field(default_factory=dict)


LESSONS: dict[str, Lesson] = {
    "two_peaks": Lesson(
        problem="two_peaks",
        scene="There are 100 answers, 0 to 99. Those around 40 earn most (up to 1), those around "
        "75 second most (up to 0.6). All three policies start out around 75.",
        steps=300,
        step_size=2.0,
    ),
    "gaussian": Lesson(
        problem="unit_square",
        scene="A throw that lands at x earns x squared, but beyond the edge at 1 it earns "
        "nothing. A policy can move its aim, not steady its hand.",
        steps=200,
        step_size=0.01,
        optimiser="adam",
    ),
    "water_filling": Lesson(
        problem="water_filling",
        scene="The questions all look alike: answer 1 is right for 40% of them, answer 2 for 30%, "
        "answer 3 for 20%, answer 4 for 10%. No policy can tell which one it was asked.",
        steps=300,
        step_size=0.5,
        options={"fractions": (0.4, 0.3, 0.2, 0.1), "per_step": 0},
    ),
}


@dataclass(frozen=True)
class Recording:
    """A lesson that was run.

    policies: label, k, step, arm, probability, reward; an arm is an answer, or the center of a bin
    of throws. values: label, k, step, k_eval, value (exact), optimum, spread, aim: the number of
    equally likely answers with the same entropy, and the center of throws; NaN where there is none.
    """

    name: str
    seed: int
    policies: pd.DataFrame
    values: pd.DataFrame


def lesson_named(name: str) -> Lesson:
    """The lesson of that name. Raises InputError with the nearest name."""
    if name not in LESSONS:
        raise unknown("lesson", name, LESSONS)
    return LESSONS[name]


def record_lesson(name: str, *, seed: int = 0, steps: int | None = None) -> Recording:
    """Train one policy for each k on the lesson's problem, all from the same seed.

    Raises InputError for an unknown lesson, a seed < 0, or steps that are not 1 to 10,000.
    """
    lesson = lesson_named(name)
    count = lesson.steps if steps is None else steps
    if not 1 <= count <= LONGEST:
        raise InputError(f"steps must be from 1 to {LONGEST}, got {count}.")
    if seed < 0:
        raise InputError(f"seed must be an integer >= 0, got {seed}.")
    problem = build_problem(lesson.problem, **lesson.options)
    parts = [_trained(problem, lesson, k, count, seed) for k in KS]
    policies, values = (pd.concat(frames, ignore_index=True) for frames in zip(*parts, strict=True))
    return Recording(name, seed, policies, values)


def estimator_for(k: int) -> str:
    """The paper's own choice: leave-one-out-minus-one, which k = 1 has not, there plain RLOO."""
    return "rloo" if k == 1 else "pkpo_loo_minus_one"


def _trained(
    problem: Problem, lesson: Lesson, k: int, steps: int, seed: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    settings = Settings(
        k=k,
        n=SAMPLES,
        steps=steps,
        step_size=lesson.step_size,
        optimiser=lesson.optimiser,
        log_every=-(-steps // REPORTS),
        k_eval=KS,
    )
    weigh = ESTIMATORS[estimator_for(k)].function
    reports = iterate(problem, weigh, settings, np.random.default_rng(seed))
    found = [(state.step, state.parameters.copy()) for state in reports]
    reported, parameters = [step for step, _ in found], np.concatenate([p for _, p in found])
    frames = (_policies(problem, parameters, reported), _values(problem, parameters, reported))
    policies, values = (frame.assign(label=f"k = {k}", k=k) for frame in frames)
    return policies, values


def _policies(problem: Problem, parameters: Array, steps: list[int]) -> pd.DataFrame:
    """Every policy as a probability per arm: (S, d) parameters give S times A rows."""
    arms, chances, rewards = _bars(problem, parameters)
    return pd.DataFrame(
        {
            "step": np.repeat(steps, len(arms)),
            "arm": np.tile(arms, len(steps)),
            "probability": chances.ravel(),
            "reward": np.tile(rewards, len(steps)),
        }
    )


def _bars(problem: Problem, parameters: Array) -> tuple[Array, Array, Array]:
    """Arms (A,), their probabilities (S, A) and their mean rewards (A,)."""
    if isinstance(problem, GaussianProblem):
        centres = (EDGES[1:] + EDGES[:-1]) / 2
        z = (EDGES[1:-1] - parameters) / problem.sd
        below = np.where(z < 0, normal_tail(z), 1 - normal_tail(z))
        # The outer bins hold all that lies beyond them.
        chances = np.diff(below, axis=1, prepend=0.0, append=1.0)
        return centres, chances, problem.reward(centres)
    assert isinstance(problem, CategoricalProblem)
    # Either there is one problem, or all of them look alike to the policy.
    policy = softmax(problem.logits(parameters)[:, 0])
    rewards = problem.fractions @ problem.rewards
    first = 1 if problem.size > 1 else 0
    return np.arange(first, first + len(rewards), dtype=float), policy, rewards


def _values(problem: Problem, parameters: Array, steps: list[int]) -> pd.DataFrame:
    """The exact pass@k_eval of every policy, beside the best that is possible."""
    exact = problem.exact_max_at_k(parameters, KS)
    nowhere = np.full(len(steps), np.nan)
    bars = isinstance(problem, CategoricalProblem)
    spread = np.exp(problem.entropy(parameters)) if bars else nowhere
    aim = nowhere if bars else parameters[:, 0]
    parts = [
        pd.DataFrame(
            {
                "step": steps,
                "k_eval": k,
                "value": row,
                "optimum": problem.optimum(k),
                "spread": spread,
                "aim": aim,
            }
        )
        for k, row in zip(KS, exact, strict=True)
    ]
    return pd.concat(parts, ignore_index=True)
