"""Right or not: an answer's reward, by a named rule or by the user's own function."""

from __future__ import annotations

import re
from collections.abc import Callable
from math import isclose, isfinite

import numpy as np

from pkpo_toy.errors import InputError, unknown
from pkpo_toy.lm.tasks import Problem
from pkpo_toy.loading import load_function, names_a_file

Reward = Callable[[Problem, str], float]
NUMBER = re.compile(r"[-+]?(?:\d[\d,]*\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")


def exact(problem: Problem, text: str) -> float:
    """1 if the text is the answer, blanks around both aside."""
    return float(text.strip() == problem.answer.strip())


def numeric(problem: Problem, text: str) -> float:
    """1 if the last number in the text equals the answer's last number to a relative 1e-6."""
    found, wanted = _last_number(text), _last_number(problem.answer)
    if found is None or wanted is None:
        return 0.0
    return float(isclose(found, wanted, rel_tol=1e-6, abs_tol=1e-9))


def _last_number(text: str) -> float | None:
    numbers = NUMBER.findall(text)
    return float(numbers[-1].replace(",", "")) if numbers else None


def regex(problem: Problem, text: str) -> float:
    """1 if the answer, a regular expression, is found in the text."""
    return float(re.search(problem.answer, text) is not None)


CHECKERS: dict[str, Reward] = {"exact": exact, "numeric": numeric, "regex": regex}


def checker_named(name: str, *, exact: bool = False) -> Reward:
    """A rule of the table, or the user's FILE.py:FUNCTION(prompt, answer, text) -> reward.

    exact: only 0 and 1 are rewards; what the function returns between them would be lost.

    Raises InputError for an unknown rule, and for a file or function that is not there.
    """
    if name in CHECKERS:
        return CHECKERS[name]
    if not names_a_file(name):
        raise unknown("checker", name, CHECKERS)
    own = load_function("checker", name)

    def score(problem: Problem, text: str) -> float:
        value = own(problem.prompt, problem.answer, text)
        if not isinstance(value, int | float | np.integer | np.floating) or not isfinite(value):
            raise InputError(f"checker {name} must return a finite number, got {value!r:.60}.")
        if exact and value not in (0, 1):
            raise InputError(
                f'checker {name} returned {value!r:.60}, but reward = "exact" takes 0 or 1; '
                'reward = "fraction" keeps what it returns.'
            )
        return float(value)

    return score
