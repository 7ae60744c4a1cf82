"""Sets of problems: easy and hard ones with shared features, or a user's measured pass rates."""

from collections.abc import Sequence

import numpy as np

from pkpo_toy.checks import check_count, check_finite
from pkpo_toy.errors import InputError
from pkpo_toy.simulator.categorical import CategoricalProblem
from pkpo_toy.typing import Array, ArrayLike

# Counts of 100 samples each, from never solved to nearly always.
EXAMPLE_N = (100,) * 12
EXAMPLE_C = (0, 0, 1, 1, 2, 4, 8, 15, 30, 50, 75, 95)


def problem_set(
    *,
    problems: int = 40,
    arms: int = 16,
    features: int = 0,
    rates: Sequence[float] = (0.4, 0.01),
    per_step: int = 8,
    seed: int = 0,
) -> CategoricalProblem:
    """Problems with one right answer each, some easy and some hard at the start.

    logits_p = base_p + W phi_p. The right answer of p is argmax_a of (T phi_p)_a for a drawn
    teacher T, so some W solves the whole set and the optimum is 1 for every k. With features = 0
    every problem has logits of its own (and a drawn answer); otherwise phi_p is a drawn unit vector
    and what is learnt on one problem moves all the others. base_p starts problem p at success rate
    rates[p mod len(rates)], its other answers being equally likely.

    problems, arms >= 2 answers, features >= 0, rates in (0, 1), per_step >= 0 (0: all of them).

    Raises InputError for a value out of its domain.
    """
    count, answers = check_count("problems", problems), check_count("arms", arms, least=2)
    rng = np.random.default_rng(seed)
    phi = _unit_vectors(check_count("features", features, least=0), count, rng)
    teacher = rng.standard_normal((count if phi is None else features, answers))
    right = np.argmax(teacher if phi is None else phi @ teacher, axis=-1)
    start = np.resize(_check_rates(rates), count)
    rewards = np.eye(answers)[right]
    base = rewards * (np.log(start / (1 - start)) + np.log(answers - 1))[:, None]
    return _uniform_set(rewards, base, phi, per_step)


def pass_rates(
    n: ArrayLike = EXAMPLE_N, c: ArrayLike = EXAMPLE_C, per_step: int = 8
) -> CategoricalProblem:
    """A problem for each row of measured results: c of n samples were right.

    Problem p starts at the success rate (c + 1/2) / (n + 1), so that a problem nobody solved is
    hard, not impossible. Each has an answer that is right, one that is wrong, and its own logits.

    n, c: integers (P,), 0 <= c <= n, n >= 1; per_step >= 0 (0: all of them each step).

    Raises InputError if n and c do not have the same length or leave their domain.
    """
    samples, correct = _check_tallies(n, c)
    rate = (correct + 0.5) / (samples + 1)
    base = np.stack([np.log(rate / (1 - rate)), np.zeros_like(rate)], axis=-1)
    rewards = np.tile([1.0, 0.0], (len(rate), 1))
    return _uniform_set(rewards, base, None, per_step)


def _uniform_set(
    rewards: Array, base: Array, features: Array | None, per_step: int
) -> CategoricalProblem:
    """Every problem met equally often, and solvable: the optimum is 1."""
    return CategoricalProblem(
        rewards=rewards,
        base=base,
        features=features,
        fractions=np.full(len(rewards), 1 / len(rewards)),
        per_step=check_count("per_step", per_step, least=0),
        best=lambda k: 1.0,
    )


def _unit_vectors(width: int, count: int, rng: np.random.Generator) -> Array | None:
    """`count` directions drawn evenly from the sphere, (count, width); None if width is 0."""
    if not width:
        return None
    drawn: Array = rng.standard_normal((count, width))
    drawn /= np.linalg.norm(drawn, axis=1, keepdims=True)
    return drawn


def _check_rates(rates: Sequence[float]) -> Array:
    start = check_finite("rates", rates)
    if start.ndim != 1 or not start.size or not ((start > 0) & (start < 1)).all():
        raise InputError(f"rates must be success rates between 0 and 1, got {rates!r}.")
    return start


def _check_tallies(n: ArrayLike, c: ArrayLike) -> tuple[Array, Array]:
    samples, correct = check_finite("n", n), check_finite("c", c)
    if samples.ndim != 1 or samples.shape != correct.shape or not samples.size:
        raise InputError(
            f"n and c must be lists of one length, got shapes {samples.shape} and {correct.shape}."
        )
    whole = (samples == np.rint(samples)) & (correct == np.rint(correct))
    good = whole & (samples >= 1) & (correct >= 0) & (correct <= samples)
    if not good.all():
        row = int(np.argmin(good))
        raise InputError(
            "n and c must be integers with n >= 1 and 0 <= c <= n, "
            f"got n = {samples[row]:g} and c = {correct[row]:g} at problem {row}."
        )
    return samples, correct
