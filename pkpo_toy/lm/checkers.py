"""Right or not: an answer's reward, by a named rule or by the user's own function."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Callable
from math import isclose
from pathlib import Path

from pkpo_toy.errors import InputError, unknown
from pkpo_toy.lm.tasks import Problem

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


def checker_named(name: str) -> Reward:
    """A rule of the table, or the user's FILE.py:FUNCTION(prompt, answer, text) -> reward.

    Raises InputError for an unknown rule, and for a file or function that is not there.
    """
    file, colon, function = name.rpartition(":")
    if not colon:
        if name not in CHECKERS:
            raise unknown("checker", name, CHECKERS)
        return CHECKERS[name]
    own = _load(Path(file), function)
    return lambda problem, text: float(own(problem.prompt, problem.answer, text))


def _load(path: Path, function: str) -> Callable[[str, str, str], float]:
    spec = importlib.util.spec_from_file_location("own_checker", path) if path.is_file() else None
    if spec is None or spec.loader is None:
        raise InputError(f"checker {path}:{function}: there is no Python file {str(path)!r}.")
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        kind = type(error).__name__
        raise InputError(f"checker file {str(path)!r} fails on import: {kind}: {error}") from error
    own: Callable[[str, str, str], float] | None = getattr(module, function, None)
    if not callable(own):
        raise InputError(f"{str(path)!r} has no function {function!r}.")
    return own
