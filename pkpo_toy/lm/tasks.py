"""Verifiable tasks: problems drawn at a level of difficulty, and checkers that leave no doubt."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate
from operator import xor

import numpy as np

from pkpo_toy.errors import InputError, unknown

DIGITS = "0123456789"


@dataclass(frozen=True)
class Problem:
    """A prompt and one right answer to it."""

    prompt: str
    answer: str


@dataclass(frozen=True)
class Task:
    """What is asked. Levels count from 1; `reward(problem, text)` in [0, 1], 1 if all is right.

    count: how many different problems a level has, None if nobody has counted them.
    """

    description: str
    levels: int
    alphabet: str
    draw: Callable[[int, np.random.Generator], Problem]
    reward: Callable[[Problem, str], float]
    count: Callable[[int], int | None] = lambda level: None


def task_named(name: str, level: int) -> Task:
    """The task of that name, if it has that level. Raises InputError."""
    if name not in TASKS:
        raise unknown("task", name, TASKS)
    if not 1 <= level <= TASKS[name].levels:
        raise InputError(f"level of {name} must be 1 to {TASKS[name].levels}, got {level}.")
    return TASKS[name]


def fraction_right(problem: Problem, text: str) -> float:
    """The share of the answer's characters that stand in their place; 1 needs the same length."""
    right = sum(a == b for a, b in zip(problem.answer, text, strict=False))
    return right / max(len(problem.answer), len(text))


FACTORS = [((2, 2), (10, 10)), ((10, 2), (100, 10)), ((10, 10), (100, 100))]
"""From these to below those, for each level of `multiply`."""


def _multiply(level: int, rng: np.random.Generator) -> Problem:
    a, b = (int(number) for number in rng.integers(*FACTORS[level - 1]))
    return Problem(f"{a}*{b}=", str(a * b))


def _products(level: int) -> int:
    (least, smallest), (most, largest) = FACTORS[level - 1]
    return (most - least) * (largest - smallest)


def _countdown(level: int, rng: np.random.Generator) -> Problem:
    """The target is the value of a random expression, so there is always an answer."""
    numbers = [str(number) for number in rng.integers(1, 10, size=level + 1)]
    while True:
        signs = rng.choice(list("+-*"), size=level)
        text = numbers[0] + "".join(sign + x for sign, x in zip(signs, numbers[1:], strict=True))
        target = value_of(text)
        if target is not None and 0 <= target <= 99:
            given = ",".join(str(number) for number in rng.permutation(numbers))
            return Problem(f"{given}>{target}=", text)


def value_of(text: str) -> int | None:
    """The value of numbers joined by + - * (products first), None for anything else."""
    if not re.fullmatch(r"\d+([+*-]\d+)*", text, re.ASCII) or len(text) > 100:
        return None
    terms = re.findall(r"([+-]?)([\d*]+)", text)
    return sum((-1 if sign == "-" else 1) * _product(term) for sign, term in terms)


def _product(term: str) -> int:
    value = 1
    for factor in term.split("*"):
        value *= int(factor)
    return value


def _countdown_reward(problem: Problem, text: str) -> float:
    """1 for the target from exactly the given numbers in any order; else 1/(2 + distance), or 0."""
    given, _, target = problem.prompt.rstrip("=").partition(">")
    value = value_of(text)
    if value is None or sorted(re.findall(r"\d+", text)) != sorted(given.split(",")):
        return 0.0
    distance = abs(value - int(target))
    return 1.0 if distance == 0 else float(Fraction(1, 2 + distance))


def _parity_chain(level: int, rng: np.random.Generator) -> Problem:
    bits = rng.integers(0, 2, size=4 * level).tolist()
    return Problem("".join(map(str, bits)) + "=", "".join(map(str, accumulate(bits, xor))))


TASKS: dict[str, Task] = {
    "multiply": Task(
        "the product of two numbers in digits: 1x1, 2x1, 2x2 digits",
        3, DIGITS + "*=", _multiply, fraction_right, _products,
    ),
    "countdown": Task(
        "an expression of all given numbers (2, 3, 4) that hits a target; many are right",
        3, DIGITS + ",>=+-*", _countdown, _countdown_reward,
    ),
    "parity_chain": Task(
        "the running parity of a string of 4, 8, 12 bits, bit by bit",
        3, "01=", _parity_chain, fraction_right, lambda level: 2 ** (4 * level),
    ),
}  # fmt: skip
