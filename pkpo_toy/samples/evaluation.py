"""Sampling results whatever wrote them: problems with their rewards, or how many were right."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from pkpo_toy.errors import InputError, unknown
from pkpo_toy.samples.rows import shown
from pkpo_toy.samples.tables import Table
from pkpo_toy.typing import Array, Integers


@dataclass(frozen=True)
class Evaluation:
    """P problems in order of appearance, n samples each.

    `rewards` (sum n,) holds them problem by problem, in the order of the file, as bytes where all
    are 0 or 1; None where only the number of successes is known. `c` (P,) counts rewards of 1; None
    unless all are 0 or 1. `left_out` counts the samples that have no score, by reason. `recognised`
    is False for tables of our own, where nothing was told from what the files hold.
    """

    title: str
    problems: list[str]
    n: Integers
    c: Integers | None = None
    rewards: Array | None = None
    left_out: dict[str, int] = field(default_factory=dict)
    recognised: bool = True

    def groups(self) -> list[tuple[Integers, Array]]:
        """The problems with equal n together: their places (p,) and their rewards (p, n)."""
        assert self.rewards is not None
        of_sample = np.repeat(self.n, self.n)
        return [
            (np.flatnonzero(self.n == n), self.rewards[of_sample == n].reshape(-1, n).astype(float))
            for n in np.unique(self.n).tolist()
        ]

    def counts(self) -> pd.DataFrame:
        """One row per problem: problem, n, c. Raises InputError unless all rewards are 0 or 1."""
        if self.c is None:
            assert self.rewards is not None
            at = int(np.argmin(np.isin(self.rewards, (0.0, 1.0))))
            name = self.problems[int(np.searchsorted(np.cumsum(self.n), at, side="right"))]
            got = f"got {self.rewards[at]:g} for problem {shown(name)}"
            raise InputError(f"counting successes needs rewards 0 or 1, {got}.")
        return pd.DataFrame({"problem": self.problems, "n": self.n, "c": self.c})

    def samples(self) -> pd.DataFrame:
        """One row per sample: problem, sample (from 0, as text), reward.

        Raises InputError where only counts are known.
        """
        if self.rewards is None:
            raise InputError(
                f"{self.title}: only how many samples were right is known, not which; "
                "this needs the reward of each."
            )
        sample = np.concatenate([np.arange(n) for n in self.n])
        names = np.repeat(np.array(self.problems, dtype=object), self.n)
        return pd.DataFrame(
            {"problem": names, "sample": sample.astype(str), "reward": self.rewards.astype(float)}
        )

    def only(self, keep: Integers) -> Evaluation:
        """The problems at the places `keep` (m,), in that order."""
        rewards = self.rewards
        if rewards is not None:
            starts = np.cumsum(self.n) - self.n
            parts = [np.arange(starts[i], starts[i] + self.n[i]) for i in keep.tolist()]
            rewards = rewards[np.concatenate(parts)]
        return Evaluation(
            self.title,
            [self.problems[i] for i in keep.tolist()],
            self.n[keep],
            None if self.c is None else self.c[keep],
            rewards,
            self.left_out,
            self.recognised,
        )

    def described(self) -> str:
        """What was read, in one line: title, problems, samples each, what was left out."""
        low, high = int(self.n.min()), int(self.n.max())
        each = f"{low} sample{'s' * (low != 1)} each" if low == high else f"{low} to {high} samples"
        problems = f"{len(self.problems)} problem{'s' * (len(self.problems) != 1)}"
        left = "".join(f"; left out: {count} {why}" for why, count in self.left_out.items())
        return f"{self.title}: {problems}, {each}{left}"


class _Numbers(dict[str, int]):
    """Names numbered in order of appearance."""

    def __missing__(self, name: str) -> int:
        number = self[name] = len(self)
        return number


class Collector:
    """Gathers an evaluation from one file or several; what a format's reader writes into.

    `score` and `group_by` are what the user asked for, to be taken up by `choose` and `grouped`.
    With `keep_table` the last table problem,sample,reward is kept with its text.
    """

    def __init__(
        self, score: str | None = None, group_by: Sequence[str] = (), *, keep_table: bool = False
    ) -> None:
        self.score, self.group_by, self.keep_table = score, tuple(group_by), keep_table
        self.table: Table | None = None
        self.source = ""
        self.left_out: Counter[str] = Counter()
        self.asked: set[str] = set()
        # Of every sample, in as few bytes as will do: the number of its problem, and its reward.
        self._codes, self._rewards = array("H"), array("B")
        self._names = _Numbers()
        self._counts: dict[str, tuple[int, int]] = {}
        self._met: dict[Hashable, str] = {}
        self._seen = 0
        self._known: dict[Hashable, tuple[Hashable, str]] = {}

    def add(self, problem: str | int, rewards: Iterable[float]) -> None:
        """More samples of a problem."""
        name = self._name(problem)
        values: list[Any] = list(rewards)
        if not values:
            self.leave_out("without samples")
            return
        code = self._names[name]
        self._make_room(all(value in (0, 1) for value in values))
        self._rewards.extend(map(int, values) if self._rewards.typecode == "B" else values)
        self._codes.extend([code] * len(values))

    def add_columns(
        self,
        problems: Iterable[str],
        rewards: Sequence[float] | Array,
        places: Integers | None = None,
    ) -> None:
        """A sample for each problem name, which may come again, or for each place among them."""
        codes = np.fromiter(map(self._names.__getitem__, problems), dtype=np.intc)
        codes = codes if places is None else codes[places]
        values = np.asarray(rewards, dtype=np.float64)
        self._make_room(bool(((values == 0) | (values == 1)).all()))
        self._codes.frombytes(codes.astype(self._codes.typecode).tobytes())
        self._rewards.frombytes(values.astype(self._rewards.typecode).tobytes())

    def count(self, problem: str | int, n: int, c: int) -> None:
        """n more samples of a problem, c of them right."""
        name = self._name(problem)
        old_n, old_c = self._counts.get(name, (0, 0))
        self._counts[name] = (old_n + n, old_c + c)

    def leave_out(self, reason: str, samples: int = 1) -> None:
        """Samples without a score, counted by why."""
        self.left_out[reason] += samples

    def once(self, what: str, *key: Hashable) -> None:
        """Raises InputError if this was met before, here or in another file."""
        first = self._met.setdefault((what, *key), self.source)
        if len(self._met) == self._seen:
            named = shown("/".join(map(str, key)))
            raise InputError(f"{self.source}: {what} {named} again, first in {first}.")
        self._seen = len(self._met)

    def same(self, what: str, key: Hashable, value: Hashable) -> None:
        """Raises InputError if this key had another value before."""
        known, where = self._known.setdefault((what, key), (value, self.source))
        if known != value:
            raise InputError(f"{self.source}: {what} {shown(key)} is not that of {where}.")

    def choose(self, kind: str, choices: Iterable[str], default: str | None = None) -> str:
        """The one of these names that `--score` says, the only one, or the default.

        Raises InputError listing the choices.
        """
        self.asked.add("score")
        names = list(choices)
        if self.score is None:
            if default is None and len(names) != 1:
                several = ", ".join(shown(name)[1:-1] for name in names[:12]) or "none"
                raise InputError(
                    f"{self.source} holds several {kind}s; choose by --score: {several}."
                )
            return default or names[0]
        if self.score not in names:
            raise unknown(kind, self.score, names)
        return self.score

    def grouped(self, fields: dict[str, object], where: str) -> str | None:
        """The problem's name made of the fields that `--group-by` names; None without it.

        Raises InputError for a field that is not there.
        """
        self.asked.add("group_by")
        missing = [name for name in self.group_by if name not in fields]
        if missing:
            raise InputError(f"{where}: {unknown('field of --group-by', missing[0], fields)}")
        return "/".join(str(fields[name]) for name in self.group_by) or None

    def evaluation(self, title: str) -> Evaluation:
        """What was gathered. Raises InputError if it is nothing."""
        left = dict(self.left_out)
        if self._counts:
            n, c = np.array(list(self._counts.values()), dtype=np.intp).T
            return Evaluation(title, list(self._counts), n, c, None, left)
        if not self._names:
            gone = ", ".join(f"{count} {why}" for why, count in left.items())
            raise InputError(f"{self.source} holds no scored sample{gone and f'; {gone}'}.")
        codes = np.frombuffer(self._codes, self._codes.typecode)
        rewards = np.frombuffer(self._rewards, self._rewards.typecode)
        n, right = np.zeros((2, len(self._names)), dtype=np.intp)
        for part, values in zip(_parts(codes), _parts(rewards), strict=True):
            n += np.bincount(part, minlength=len(n))
            right += np.bincount(part[values == 1], minlength=len(n))
        rewards = _by_problem(codes, rewards, n)
        c = right if self._rewards.typecode == "B" else None
        return Evaluation(title, list(self._names), n, c, rewards, left)

    def _make_room(self, binary: bool) -> None:
        """Larger types, where the names are many or the rewards not all 0 or 1."""
        if len(self._names) > 2**16 and self._codes.typecode == "H":
            self._codes = _retyped(self._codes, "i")
        if not binary and self._rewards.typecode == "B":
            self._rewards = _retyped(self._rewards, "d")

    def _name(self, problem: str | int) -> str:
        name = str(problem)
        if not name.strip():
            raise InputError(f"{self.source}: a problem must have a name that is not blank.")
        return name


def _retyped(values: array[Any], typecode: str) -> array[Any]:
    """The same values as another type."""
    return array(typecode, np.frombuffer(values, values.typecode).astype(typecode).tobytes())


def _parts(values: Array) -> list[Array]:
    """A long array in parts, which together take little memory when they are worked on."""
    return [values[start : start + 2**20] for start in range(0, len(values), 2**20)]


def _by_problem(codes: Array, rewards: Array, n: Integers) -> Array:
    """The rewards problem by problem, each problem's in the order in which they stand.

    A stable sort by code, part by part: the places of all samples at once would fill the memory.
    """
    ordered = np.empty_like(rewards)
    free = np.cumsum(n) - n
    for part, values in zip(_parts(codes), _parts(rewards), strict=True):
        order = np.argsort(part, kind="stable")
        more = np.bincount(part, minlength=len(n))
        first_in_part = np.cumsum(more) - more
        ordered[np.arange(len(part)) + (free - first_in_part)[part[order]]] = values[order]
        free += more
    return ordered
