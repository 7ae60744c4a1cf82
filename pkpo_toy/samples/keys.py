"""That no two rows of a table have the same key, in little memory."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from itertools import chain, count
from typing import Any, TypeAlias

import numpy as np

from pkpo_toy.typing import Integers

FEW = 100_000
"""Rows whose lines are remembered in any case."""

Columns: TypeAlias = Sequence[list[Any]]


class Keys:
    """The keys of the rows met so far: a hash for each, 8 bytes.

    In most files the samples of each problem are numbered on from 0 or 1 in the order of the rows.
    While that holds no key can stand twice, and past `FEW` rows nothing is kept but the number that
    each problem has reached.
    """

    def __init__(self) -> None:
        self._start: int | None = None
        self._numbers: dict[str, count[int]] = {}
        self._numbered: list[tuple[Sequence[int], Columns]] = []
        self._rows = 0
        self._hashes: list[Integers] = []
        self._lines: list[Sequence[int]] = []

    def add(self, lines: Sequence[int], columns: Columns) -> bool:
        """Take the key columns of one row or more; whether a key surely stands twice in them.

        lines: where each row stands in its file; every column has as many entries.
        """
        if not self._rows and len(columns) == 2 and columns[1][0] in ("0", "1"):
            self._start = start = int(columns[1][0])
            self._numbers = defaultdict(lambda: count(start))
        self._rows += len(lines)
        if self._start is not None:
            if self._continue(*columns):
                self._numbered.append((lines, columns))
                if self._rows > FEW:
                    self._numbered.clear()
                return False
            self._recall(self._start, columns[0])
        return self._add_hashes(lines, columns)

    def add_numbered(
        self, lines: Sequence[int], problems: list[str], places: Integers, numbers: Integers
    ) -> bool:
        """Take rows whose samples are numbered on; False, with nothing taken, if they are not.

        problems: each once; places (R,): of each row's problem among them; numbers (R,): samples.
        """
        if self._start is None:
            return False
        reached = [next(self._numbers[problem]) for problem in problems]
        rows = np.bincount(places, minlength=len(problems))
        due = np.arange(len(places)) + np.repeat(reached - np.cumsum(rows) + rows, rows)
        fits = bool((numbers[np.argsort(places, kind="stable")] == due).all())
        for problem, number, more in zip(problems, reached, rows.tolist(), strict=True):
            self._numbers[problem] = count(number + more * fits)
        if fits:
            self._rows += len(places)
            if self._rows > FEW:
                self._numbered.clear()
            else:
                named = np.array(problems, dtype=object)[places].tolist()
                self._numbered.append((lines, [named, list(map(str, numbers.tolist()))]))
        return fits

    def repeated(self) -> tuple[int, int] | None:
        """The line of the first row whose key stood before, and the line where it did.

        The latter is 0 if it is not known any more. Rows with equal hashes are taken for equal: by
        chance once in 1e7 files of 1e6 rows.
        """
        if not self._hashes or not _repeats(hashes := np.concatenate(self._hashes)):
            return None
        order = np.argsort(hashes, kind="stable")
        again = np.flatnonzero(hashes[order[1:]] == hashes[order[:-1]])
        second = again[np.argmin(order[again + 1])]
        lines = list(chain.from_iterable(self._lines))
        return lines[order[second + 1]], lines[order[second]]

    def _continue(self, problems: list[str], samples: list[str]) -> bool:
        """Whether every row has the next number of its problem."""
        return list(map(str, map(next, map(self._numbers.__getitem__, problems)))) == samples

    def _recall(self, start: int, problems: list[str]) -> None:
        """The hashes of the rows before those with these problems, which are not numbered on."""
        just, dropped = Counter(problems), self._rows > FEW + len(problems)
        self._start = None
        for lines, columns in self._numbered:
            self._add_hashes(lines, columns)
        for problem, number in self._numbers.items() if dropped else ():
            samples = list(map(str, range(start, next(number) - just[problem])))
            self._add_hashes([0] * len(samples), [[problem] * len(samples), samples])

    def _add_hashes(self, lines: Sequence[int], columns: Columns) -> bool:
        hashes = np.fromiter(map(hash, zip(*columns, strict=True)), np.int64, len(lines))
        self._hashes.append(hashes)
        self._lines.append(lines)
        return _repeats(hashes)


def _repeats(hashes: Integers) -> bool:
    """Whether one stands twice."""
    ordered = np.sort(hashes)
    return bool((ordered[1:] == ordered[:-1]).any())
