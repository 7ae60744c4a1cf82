"""Strict reading of CSV and of JSON lines: the wanted columns, row by row, with line numbers.

What the file is shows in its first line: JSON lines begin with `{`, everything else is CSV with a
header. Nothing is guessed, repaired or skipped except blank lines and a byte-order mark. A file is
read line by line, so one that is not a table is refused at its first bad line, however large it is.
"""

from __future__ import annotations

import csv
import json
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from difflib import get_close_matches
from itertools import count
from pathlib import Path
from reprlib import Repr
from typing import BinaryIO, NoReturn

from pkpo_toy.errors import InputError

LONGEST_LINE = 2**24
"""Bytes. A longer line is no row of a table; reading it whole would fill the memory."""

MOST_BLANK_LINES = 10_000
"""In a row. Without a bound a file of newlines would be read to its end."""

Line = tuple[int, str]
Kind = tuple[str, ...]

_short = Repr()
_short.maxstring = _short.maxother = _short.maxlong = 60


def shown(value: object) -> str:
    """The value as an error quotes it: on one line, shortened, escaped."""
    return _short.repr(value).encode("ascii", "backslashreplace").decode()


@dataclass
class Table:
    """Values by column; for every row the line it starts on and, if kept, its text as in the file.

    `header` is the text of a CSV header, empty for JSON lines. CSV values are text, JSON values
    what JSON makes of them.
    """

    source: str
    header: str
    names: tuple[str, ...]
    columns: dict[str, list[object]]
    lines: list[int] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)

    def fault(self, row: int, problem: str) -> InputError:
        """The error for a row (counted from 0), with file and line."""
        return fault(self.source, self.lines[row], problem)


def read_table(path: str | Path, kinds: Sequence[Kind], *, keep_text: bool = False) -> Table:
    """The table in a file, or in standard input for "-": the first kind of columns that it has.

    The rows' own text is kept on demand only: it may be far larger than the wanted columns.

    Raises: InputError naming file and line if it cannot be read, is not UTF-8, is empty, has no
    kind in full, or a row does not fit.
    """
    with _opened(path) as (stream, source):
        lines = _numbered_lines(stream, source)
        first = next((line for line in lines if line[1].strip()), None)
        if first is None:
            raise InputError(f"{source} is empty: a table needs {_wanted(kinds)}.")
        if first[1].lstrip().startswith("{"):
            return _json_table(_chain(first, lines), source, kinds, keep_text)
        return _csv_table(_chain(first, lines), source, kinds, keep_text)


@contextmanager
def _opened(path: str | Path) -> Iterator[tuple[BinaryIO, str]]:
    if str(path) == "-":
        yield sys.stdin.buffer, "standard input"
        return
    source = os.fspath(path) if str(path).isprintable() else shown(str(path))
    try:
        stream = open(path, "rb")  # noqa: SIM115
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise InputError(f"cannot read {source}: {reason}.") from error
    with stream:
        yield stream, str(source)


def _chain(first: Line, lines: Iterator[Line]) -> Iterator[Line]:
    yield first
    yield from lines


def _numbered_lines(stream: BinaryIO, source: str) -> Iterator[Line]:
    blank = 0
    for number in count(1):
        raw = stream.readline(LONGEST_LINE + 1)
        if not raw:
            return
        if len(raw) > LONGEST_LINE:
            raise fault(source, number, f"longer than {LONGEST_LINE} bytes, this is not a table")
        try:
            text = raw.decode()
        except UnicodeDecodeError:
            raise fault(source, number, "not UTF-8 text") from None
        if "\0" in text:
            raise fault(source, number, "a NUL character, this is not a text file")
        if number == 1:
            text = text.removeprefix("\ufeff")
        blank = blank + 1 if text.isspace() else 0
        if blank > MOST_BLANK_LINES:
            raise fault(source, number, f"more than {MOST_BLANK_LINES} blank lines in a row")
        yield number, text


def _csv_table(lines: Iterator[Line], source: str, kinds: Sequence[Kind], keep_text: bool) -> Table:
    rows = _csv_rows(lines, source)
    number, text, fields = next(rows)
    names = tuple(name.strip() for name in fields)
    repeated = [name for name in names if names.count(name) > 1]
    if repeated:
        raise fault(source, number, f"the column {shown(repeated[0])} appears more than once")
    kind = _kind_of(source, number, names, kinds)
    places = [names.index(name) for name in kind]
    table = Table(source, text, names, {name: [] for name in kind})
    columns = [table.columns[name] for name in kind]
    for number, text, fields in rows:
        if len(fields) != len(names):
            raise fault(source, number, f"{len(fields)} fields where the header has {len(names)}")
        for column, place in zip(columns, places, strict=True):
            column.append(fields[place])
        table.lines.append(number)
        if keep_text:
            table.texts.append(text)
    return table


def _csv_rows(lines: Iterator[Line], source: str) -> Iterator[tuple[int, str, list[str]]]:
    """Rows with the line they start on; a quoted field may run over several lines."""
    taken: list[Line] = []

    def feed() -> Iterator[str]:
        for line in lines:
            taken.append(line)
            yield line[1]

    reader = csv.reader(feed(), strict=True)
    while True:
        try:
            fields = next(reader, None)
        except csv.Error as error:
            raise fault(source, taken[0][0], f"not valid CSV ({error})") from None
        if fields is None:
            return
        text = taken[0][1] if len(taken) == 1 else "".join(text for _, text in taken)
        if text.strip():
            yield taken[0][0], text, fields
        taken.clear()


def _json_table(
    lines: Iterator[Line], source: str, kinds: Sequence[Kind], keep_text: bool
) -> Table:
    table: Table | None = None
    for number, text in lines:
        if text.isspace():
            continue
        record = _json_object(source, number, text)
        if table is None:
            kind = _kind_of(source, number, tuple(record), kinds)
            table = Table(source, "", tuple(record), {name: [] for name in kind})
        for name, column in table.columns.items():
            if name not in record:
                _kind_of(source, number, tuple(record), [tuple(table.columns)])
            column.append(record[name])
        table.lines.append(number)
        if keep_text:
            table.texts.append(text)
    assert table is not None  # the caller has seen a first line
    return table


def _json_object(source: str, number: int, text: str) -> dict[str, object]:
    try:
        record = json.loads(text, parse_constant=_no_constant, object_pairs_hook=_unique)
    except (ValueError, RecursionError) as error:
        reason = getattr(error, "msg", None) or str(error)
        raise fault(source, number, f"not a valid JSON object ({reason})") from None
    if not isinstance(record, dict):
        raise fault(source, number, f"each line must hold a JSON object, got {shown(record)}")
    return record


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a number")


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    record = dict(pairs)
    if len(record) < len(pairs):
        raise ValueError("a key appears more than once")
    return record


def _kind_of(source: str, line: int, names: Kind, kinds: Sequence[Kind]) -> Kind:
    """The first kind whose columns are all there."""
    for kind in kinds:
        if set(kind) <= set(names):
            return kind
    raise _lacking(source, line, names, kinds)


def _lacking(source: str, line: int, names: Kind, kinds: Sequence[Kind]) -> InputError:
    """What the closest kind lacks, and which of the present names may be meant."""
    similar = {name.casefold(): name for name in names}
    near = {
        wanted: [shown(similar[found]) for found in get_close_matches(wanted, similar, n=1)]
        for kind in kinds
        for wanted in kind
        if wanted not in names
    }
    closest = max(kinds, key=lambda kind: sum(len(near[w]) / 2 if w in near else 1 for w in kind))
    missing = [
        repr(name) + "".join(f" (nearest is {present})" for present in near[name])
        for name in closest
        if name in near
    ]
    present = ", ".join(shown(name) for name in names[:8]) + (", ..." if len(names) > 8 else "")
    problem = f"no column {', '.join(missing)}; needed: {_wanted(kinds)}; present: "
    return fault(source, line, problem + (present or "none"))


def _wanted(kinds: Sequence[Kind]) -> str:
    return " or ".join(",".join(kind) for kind in kinds)


def fault(source: str, line: int, problem: str) -> InputError:
    """The error for one line of a file."""
    return InputError(f"{source}, line {line}: {problem}.")
