"""The problems by name, each built from plain values: a study file's or a caller's."""

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from pkpo_toy.checks import check_count, check_finite, check_positive
from pkpo_toy.errors import InputError, unknown
from pkpo_toy.loading import load_function, names_a_file
from pkpo_toy.simulator.categorical import CategoricalProblem
from pkpo_toy.simulator.exact.water_filling import water_filling_pass_at_k, water_filling_policy
from pkpo_toy.simulator.gaussian import GaussianProblem
from pkpo_toy.simulator.problem import Problem
from pkpo_toy.simulator.problem_sets import pass_rates, problem_set
from pkpo_toy.simulator.rewards import UNIT_SQUARE
from pkpo_toy.typing import Array


def unit_square(theta: float = 0.5, sd: float = 0.1, solved_at: float = 0.9) -> GaussianProblem:
    """x ~ N(theta, sd^2), reward x^2 on [0, 1] and 0 elsewhere.

    theta: where training starts; sd > 0; solved_at: the reward that counts as a solution.

    Raises InputError unless theta and solved_at are finite and sd is positive.
    Source: arXiv 2505.15201, figure 1.
    """
    start, solved = float(check_finite("theta", theta)), float(check_finite("solved_at", solved_at))
    width = check_positive("sd", sd)
    search = (-8 * width, 1 + 8 * width)
    return GaussianProblem(UNIT_SQUARE, width, start, solved, search, nonnegative=True)


def arms(
    rewards: Sequence[float] | None = None,
    logits: Sequence[float] | None = None,
    count: int = 10,
    seed: int = 0,
) -> CategoricalProblem:
    """A bandit: softmax policy, one fixed reward for each arm.

    rewards: (A,), or None to draw `count` of them from U(0, 1) with `seed`.
    logits: the policy at the start, (A,), or None for the uniform one.

    Raises InputError if rewards and logits do not name the same arms.
    """
    if rewards is None:
        table = np.random.default_rng(seed).random(check_count("count", count))
    else:
        table = check_finite("rewards", rewards)
    base = np.zeros_like(table) if logits is None else check_finite("logits", logits)
    if table.ndim != 1 or not table.size or base.shape != table.shape:
        raise InputError(
            "rewards and logits must name the same arms, at least one: "
            f"got shapes {table.shape} and {base.shape}."
        )
    return _one_problem(table, base)


def two_peaks() -> CategoricalProblem:
    """100 arms, a peak of reward 1 at arm 40 and one of 0.6 at arm 75, where the policy starts.

    g(x) = .1 + .9 exp(-(x-40)^2 / 50) + .5 exp(-(x-75)^2 / 50)
    pi(x) ~ exp(-((x-75)/5)^2 / 2) + .1 at the start
    Source: arXiv 2509.24261 (RS-GRPO).
    """
    x = np.arange(100.0)
    rewards = 0.1 + 0.9 * np.exp(-((x - 40) ** 2) / 50) + 0.5 * np.exp(-((x - 75) ** 2) / 50)
    return _one_problem(rewards, np.log(np.exp(-(((x - 75) / 5) ** 2) / 2) + 0.1))


def water_filling(
    fractions: Sequence[float] = (0.4, 0.25, 0.15, 0.1, 0.06, 0.04), per_step: int = 1
) -> CategoricalProblem:
    """Problems the policy cannot tell apart: arm a is right for a fraction q_a of them.

    Each group of n samples is drawn for one hidden problem, so
    pass@k = sum_a q_a (1 - (1 - pi_a)^k), whose maximum is known by water-filling.

    fractions: q, (A,), each > 0, summing to 1; per_step: hidden problems a step, 0 for each once.

    Raises InputError if the fractions are not positive or do not sum to 1.
    """
    q = check_finite("fractions", fractions)
    if q.ndim != 1 or not (q > 0).all() or abs(q.sum() - 1) > 1e-9:
        raise InputError(f"fractions must be > 0 and sum to 1, got {fractions!r}.")
    return CategoricalProblem(
        rewards=np.eye(len(q)),
        base=np.zeros((len(q), len(q))),
        features=np.ones((len(q), 1)),
        fractions=q,
        per_step=check_count("per_step", per_step, least=0),
        best=lambda k: water_filling_pass_at_k(q, water_filling_policy(q, k), k),
    )


def _one_problem(rewards: Array, base: Array) -> CategoricalProblem:
    return CategoricalProblem(
        rewards=rewards[None],
        base=base[None],
        features=None,
        fractions=np.ones(1),
        per_step=0,
        best=lambda k: float(rewards.max()),
    )


@dataclass(frozen=True)
class ProblemKind:
    """A row of PROBLEMS: how a problem is built and what it is, in one line."""

    build: Callable[..., Problem]
    description: str


PROBLEMS: dict[str, ProblemKind] = {
    "unit_square": ProblemKind(unit_square, "Gaussian policy, reward x^2 on [0, 1], else 0."),
    "arms": ProblemKind(arms, "Softmax policy over arms with fixed rewards, given or drawn."),
    "two_peaks": ProblemKind(two_peaks, "100 arms, two peaks; training starts on the lower."),
    "water_filling": ProblemKind(
        water_filling, "Problems the policy cannot tell apart; optimum known."
    ),
    "problem_set": ProblemKind(problem_set, "Easy and hard problems, own logits or shared."),
    "pass_rates": ProblemKind(pass_rates, "Problems that start at success rates you measured."),
}


def build_problem(name: str, **options: Any) -> Problem:
    """The problem of that name, or of the user's FILE.py:FUNCTION, built from plain values.

    Raises InputError for an unknown problem or option (with the nearest name), a value out of its
    domain, or a function of the user's that fails or returns no problem.
    """
    if names_a_file(name):
        return _own_problem(name, options)
    if name not in PROBLEMS:
        raise unknown("problem", name, PROBLEMS)
    build = PROBLEMS[name].build
    _check_options(name, build, options)
    try:
        return build(**options)
    except (TypeError, MemoryError) as error:
        given = ", ".join(f"{option} = {value!r}" for option, value in options.items())
        raise InputError(f"problem {name!r} with {given[:100]}: {error}.") from error


def _check_options(name: str, build: Callable[..., Any], options: dict[str, Any]) -> None:
    known = inspect.signature(build).parameters
    takes_any = any(one.kind is inspect.Parameter.VAR_KEYWORD for one in known.values())
    for option in options:
        if option not in known and not takes_any:
            raise unknown(f"option of problem {name!r}:", option, known)


def _own_problem(name: str, options: dict[str, Any]) -> Problem:
    build = load_function("problem", name)
    _check_options(name, build, options)
    problem = build(**options)
    if not isinstance(problem, Problem):
        raise InputError(
            f"problem {name} must return what build_problem returns, got {type(problem).__name__}."
        )
    return problem
