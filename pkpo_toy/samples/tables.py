"""Tables from CSV or JSON lines: the wanted columns, parsed and checked row by row.

What a file is shows in its first line: JSON lines begin with `{`, everything else is CSV with a
header. Rows are checked as they are read, so a file that is no such table is refused at its first
bad line, however large it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from pkpo_toy.errors import InputError
from pkpo_toy.samples.rows import Line, csv_rows, fault, json_object, numbered_lines, opened, shown


@dataclass(frozen=True)
class Column:
    """A wanted column. `parse` answers None for a value out of its domain, which `domain` words.

    The key columns, which come first, together name a row: no two rows may have the same.
    """

    name: str
    parse: Callable[[object], Any]
    domain: str
    key: bool = False


Kind = tuple[Column, ...]


@dataclass
class Table:
    """The wanted values row by row, the lines the rows start on and, if kept, their text.

    `header` is the text of a CSV header, empty for JSON lines; `present` holds all columns or keys
    that there are, wanted or not.
    """

    source: str
    kind: Kind
    header: str = ""
    present: set[str] = field(default_factory=set)
    rows: list[tuple[Any, ...]] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    _lines: dict[tuple[Any, ...], int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.keys = sum(column.key for column in self.kind)

    def add(self, line: int, values: Sequence[object]) -> None:
        """One more row. Raises: InputError for a value out of its domain, or a repeated key."""
        row = tuple([column.parse(value) for column, value in zip(self.kind, values, strict=True)])
        if None in row:
            at = row.index(None)
            must = f"{self.kind[at].name} must be {self.kind[at].domain}, got {shown(values[at])}"
            raise fault(self.source, line, must)
        key = row[: self.keys]
        first = self._lines.setdefault(key, line)
        if first != line:
            which = ", ".join(f"{c.name} {shown(v)}" for c, v in zip(self.kind, key, strict=False))
            raise fault(self.source, line, f"{which} appears again, first on line {first}")
        self.rows.append(row)

    def fault(self, row: int, problem: str) -> InputError:
        """The error for a row (counted from 0), with file and line."""
        return fault(self.source, list(self._lines.values())[row], problem)


def read_table(path: str | Path, kinds: Sequence[Kind], *, keep_text: bool = False) -> Table:
    """The table in a file, or in standard input for "-": the first kind of columns that it has.

    The rows' own text is kept on demand only: it may be far larger than the wanted columns.

    Raises: InputError naming file and line if it cannot be read, is not UTF-8, is empty, has no
    kind in full, or a row does not fit.
    """
    with opened(path) as (stream, source):
        lines = numbered_lines(stream, source)
        first = next((line for line in lines if line[1].strip()), None)
        if first is None:
            raise InputError(f"{source} is empty: a table needs {_wanted(kinds)}.")
        read = _json_table if first[1].lstrip().startswith("{") else _csv_table
        table = read(_chain(first, lines), source, kinds, keep_text)
    if not table.rows:
        raise InputError(f"{source} has a header but no rows.")
    return table


def with_column(table: Table, name: str, values: Sequence[float]) -> bytes:
    """The table's own text, which must have been kept, with one more column at the end of each row.

    Nothing else changes but blank lines and a byte-order mark, which are left out.

    Raises: InputError if there is such a column already.
    """
    if name in table.present:
        raise InputError(f"{table.source} has a column {name!r} already.")
    rows = zip(table.texts, values, strict=True)
    if not table.header:
        lines = (f'{text.rstrip()[:-1]}, "{name}": {value!r}}}\n' for text, value in rows)
        return "".join(lines).encode()
    header = _appended(table.header, name)
    return (header + "".join(_appended(text, repr(value)) for text, value in rows)).encode()


def _appended(text: str, value: str) -> str:
    row = text.rstrip("\r\n")
    return f"{row},{value}{text[len(row) :] or chr(10)}"


def _chain(first: Line, lines: Iterator[Line]) -> Iterator[Line]:
    yield first
    yield from lines


def _csv_table(lines: Iterator[Line], source: str, kinds: Sequence[Kind], keep_text: bool) -> Table:
    rows = csv_rows(lines, source)
    number, text, fields = next(rows)
    names = [name.strip() for name in fields]
    repeated = [name for name in names if names.count(name) > 1]
    if repeated:
        raise fault(source, number, f"the column {shown(repeated[0])} appears more than once")
    table = Table(source, _kind_of(source, number, names, kinds), text, set(names))
    places = [names.index(column.name) for column in table.kind]
    for number, text, fields in rows:
        if len(fields) != len(names):
            raise fault(source, number, f"{len(fields)} fields where the header has {len(names)}")
        table.add(number, [fields[place] for place in places])
        if keep_text:
            table.texts.append(text)
    return table


def _json_table(
    lines: Iterator[Line], source: str, kinds: Sequence[Kind], keep_text: bool
) -> Table:
    table: Table | None = None
    for number, text in lines:
        if text.isspace():
            continue
        record = json_object(source, number, text)
        table = table or Table(source, _kind_of(source, number, list(record), kinds))
        try:
            values = [record[column.name] for column in table.kind]
        except KeyError:  # every object is judged by the kind of the first
            raise _lacking(source, number, list(record), [table.kind]) from None
        table.present.update(record)
        table.add(number, values)
        if keep_text:
            table.texts.append(text)
    assert table is not None  # the caller has seen a first line
    return table


def _kind_of(source: str, line: int, present: list[str], kinds: Sequence[Kind]) -> Kind:
    """The first kind whose columns are all there."""
    for kind in kinds:
        if all(column.name in present for column in kind):
            return kind
    raise _lacking(source, line, present, kinds)


def _lacking(source: str, line: int, present: list[str], kinds: Sequence[Kind]) -> InputError:
    """What the closest kind lacks, and which of the present names may be meant."""
    similar = {name.casefold(): name for name in present}
    near = {
        column.name: [shown(similar[name]) for name in get_close_matches(column.name, similar, n=1)]
        for kind in kinds
        for column in kind
        if column.name not in present
    }
    closest = max(kinds, key=lambda kind: sum(len(near.get(c.name, "ok")) for c in kind))
    missing = [
        repr(column.name) + "".join(f" (nearest is {name})" for name in near[column.name])
        for column in closest
        if column.name in near
    ]
    names = ", ".join(shown(name) for name in present[:8]) + (", ..." if len(present) > 8 else "")
    problem = f"no column {', '.join(missing)}; needed: {_wanted(kinds)}; present: "
    return fault(source, line, problem + (names or "none"))


def _wanted(kinds: Sequence[Kind]) -> str:
    return " or ".join(",".join(column.name for column in kind) for kind in kinds)
