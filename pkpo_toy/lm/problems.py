"""Which problems are trained on and which are held out, from a task or from the user's file."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from pathlib import Path
from zlib import crc32

import numpy as np

from pkpo_toy.errors import InputError
from pkpo_toy.lm.checkers import Reward, checker_named
from pkpo_toy.lm.tasks import Problem, task_named
from pkpo_toy.samples.tables import Column, read_table

REPEATS = 100_000
HELD_OUT = 5
"""Every fifth prompt or so, by its checksum, is never trained on."""


@dataclass(frozen=True)
class Problems:
    """Problems to train on, problems held out, and what an answer earns."""

    training: tuple[Problem, ...]
    held_out: tuple[Problem, ...]
    reward: Reward
    alphabet: str

    @property
    def longest(self) -> int:
        """Characters of the longest right answer."""
        return max(len(problem.answer) for problem in self.training + self.held_out)


@lru_cache(maxsize=8)  # the cells of a study mostly share them
def from_task(name: str, level: int, training: int, held_out: int, seed: int) -> Problems:
    """Different problems of a task's level, as many as asked for or as there are."""
    task, rng = task_named(name, level), np.random.default_rng(seed)
    drawn = (task.draw(level, rng) for _ in range(100 * (training + held_out)))
    different = islice(_different(drawn), task.count(level))
    return _split(different, training, held_out, task.reward, task.alphabet)


def from_file(
    path: str, checker: str, training: int, held_out: int, *, exact: bool = False
) -> Problems:
    """The prompts and answers of a JSON lines file (`prompt`, `answer`), in its order.

    exact: the checker may return 0 and 1 only.

    Raises InputError naming file and line where a line does not fit.
    """
    columns = (
        Column("prompt", _text, "text", key=True),
        Column("answer", _answer, "text or a number"),
    )
    table = read_table(Path(path), [columns])
    problems = [Problem(*row) for row in table.rows]
    for row, problem in enumerate(problems):
        if checker == "regex" and not _is_pattern(problem.answer):
            raise table.fault(row, f"answer {problem.answer!r} is not a regular expression")
    letters = "".join(sorted({c for p in problems for c in p.prompt + p.answer}))
    return _split(problems, training, held_out, checker_named(checker, exact=exact), letters)


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _answer(value: object) -> str | None:
    good = isinstance(value, str | int | float) and not isinstance(value, bool)
    return str(value) if good else None


def _is_pattern(text: str) -> bool:
    try:
        re.compile(text)
    except re.error:
        return False
    return True


def _split(
    different: Iterable[Problem], training: int, held_out: int, reward: Reward, alphabet: str
) -> Problems:
    parts: tuple[list[Problem], list[Problem]] = ([], [])
    for problem in different:
        parts[crc32(problem.prompt.encode()) % HELD_OUT == 0].append(problem)
        if len(parts[0]) >= training and len(parts[1]) >= held_out:
            break
    if not parts[0] or not parts[1]:
        raise InputError(
            "problems must leave some to train on and some held out (about one in "
            f"{HELD_OUT}), got {len(parts[0])} and {len(parts[1])}."
        )
    return Problems(
        tuple(islice(parts[0], training)), tuple(islice(parts[1], held_out)), reward, alphabet
    )


def _different(drawn: Iterable[Problem]) -> Iterator[Problem]:
    """Each prompt once, until so many in a row were known that there are hardly others."""
    seen, known = set[str](), 0
    for problem in drawn:
        known = known + 1 if problem.prompt in seen else 0
        if not known:
            seen.add(problem.prompt)
            yield problem
        elif known > REPEATS:
            return
