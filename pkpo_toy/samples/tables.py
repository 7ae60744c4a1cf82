"""Tables from CSV or JSON lines: the wanted columns, parsed and checked block by block.

What a file is shows in its first line: JSON lines begin with `{`, everything else is CSV with a
header. A file that is no such table is refused at its first bad line, however large it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from itertools import chain
from pathlib import Path
from typing import Any, cast

from pydantic_core import from_json

from pkpo_toy.errors import InputError
from pkpo_toy.samples.keys import Keys
from pkpo_toy.samples.rows import Source, csv_rows, fault, json_records, opened, shown

_HASHABLE = frozenset({str, int, float, bool})

MOST_REMEMBERED = 100_000
"""Parsed values kept of a column."""


@dataclass(frozen=True)
class Column:
    """A wanted column. `parse` answers None for a value out of its domain, which `domain` words.

    `types` are those that the value may have in JSON; in CSV all are text. The key columns, which
    come first, together name a row: no two rows may have the same.
    """

    name: str
    parse: Callable[[Any], Any]
    domain: str
    key: bool = False
    types: frozenset[type] = frozenset({str, int, float})


Kind = tuple[Column, ...]


class _Parsed(dict[Any, Any]):
    """The parsed value of each value met, most of which come again and again."""

    def __init__(self, parse: Callable[[Any], Any]) -> None:
        super().__init__()
        self.parse = parse

    def __missing__(self, value: Any) -> Any:
        if len(self) >= MOST_REMEMBERED:
            self.clear()
        parsed = self[value] = self.parse(value)
        return parsed


@dataclass
class Block:
    """Rows that stand together: their lines, their text, the wanted values column by column."""

    lines: Sequence[int]
    texts: list[str]
    columns: list[list[Any]]


class Reader:
    """The first kind of columns that a source has, in blocks of parsed rows.

    `header` is the text of a CSV header, empty for JSON lines; `present` holds all columns or keys
    of the first row, wanted or not; `keys` those of the rows read so far.
    """

    def __init__(self, source: Source, kinds: Sequence[Kind]) -> None:
        self.source, self.kinds = source, kinds
        self.header, self.present = "", list[str]()
        self.kind = cast("Kind", ())
        self.keys = Keys()
        self._raw = (
            self._json() if source.head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"{" else self._csv()
        )
        self._first = next(self._raw, None)
        if self._first is None:
            empty = f"{source.name} is empty: a table needs {_wanted(kinds)}."
            raise InputError(f"{source.name} has a header but no rows." if self.header else empty)
        self._parsed: list[_Parsed] = [_Parsed(column.parse) for column in self.kind]

    def blocks(self) -> Iterator[Block]:
        """The rows. Raises InputError for a value out of its domain, and at the end for a key
        that stands twice."""
        assert self._first is not None
        block: Block | None = self._first
        keys = sum(column.key for column in self.kind)
        while block is not None:
            block.columns = [self._column(at, block) for at in range(len(self.kind))]
            if self.keys.add(block.lines, block.columns[:keys]):
                self._check_keys()
            yield block
            block = next(self._raw, None)
        self._check_keys()

    def fault(self, line: int, problem: str) -> InputError:
        """The error for one line."""
        return fault(self.source.name, line, problem)

    def _column(self, at: int, block: Block) -> list[Any]:
        column, values = self.kind[at], block.columns[at]
        types = column.types if not self.header else frozenset({str})
        if set(map(type, values)) <= types & _HASHABLE:
            parsed = list(map(self._parsed[at].__getitem__, values))
        else:
            parsed = [column.parse(v) if type(v) in types else None for v in values]
        if None in parsed:
            bad = parsed.index(None)
            must = f"{column.name} must be {column.domain}, got {shown(values[bad])}"
            raise self.fault(block.lines[bad], must)
        return parsed

    def _check_keys(self) -> None:
        """Raises InputError for the first row whose key columns stood in a row before."""
        found = self.keys.repeated()
        if found:
            line, first = found
            key = " and ".join(column.name for column in self.kind if column.key)
            of = f"line {first}" if first else "an earlier line"
            raise self.fault(line, f"the {key} of {of} again")

    def _csv(self) -> Iterator[Block]:
        parts = csv_rows(self.source)
        rest = next(parts, [(0, "", list[str]())])
        number, self.header, fields = rest.pop(0)
        if not number:
            return
        names = [name.strip() for name in fields]
        repeated = [name for name in names if names.count(name) > 1]
        if repeated:
            raise self.fault(number, f"the column {shown(repeated[0])} appears more than once")
        self._choose(number, names)
        places = [names.index(column.name) for column in self.kind]
        for part in chain([rest] if rest else [], parts):
            for number, _, fields in part:
                if len(fields) != len(names):
                    have = f"{len(fields)} fields where the header has {len(names)}"
                    raise self.fault(number, have)
            columns = [[fields[place] for _, _, fields in part] for place in places]
            first, last = part[0][0], part[-1][0]
            lines: Sequence[int] = range(first, last + 1)
            if len(lines) != len(part):
                lines = [number for number, _, _ in part]
            yield Block(lines, [text for _, text, _ in part], columns)

    def _json(self) -> Iterator[Block]:
        wanted = {column.name for kind in self.kinds for column in kind}
        for lines, texts, records in json_records(self.source, wanted):
            if not self.kind:
                self._choose(lines[0], list(records[0]))
                wanted.intersection_update(column.name for column in self.kind)
            try:
                columns = [[record[column.name] for record in records] for column in self.kind]
            except KeyError:  # every object is judged by the kind of the first
                names = {column.name for column in self.kind}
                line, record = next(
                    pair for pair in zip(lines, records, strict=True) if not names <= set(pair[1])
                )
                raise lacking(self.source.name, line, list(record), [self.kind]) from None
            yield Block(lines, texts, columns)

    def _choose(self, line: int, present: list[str]) -> None:
        """The first kind whose columns are all there."""
        self.present = present
        for kind in self.kinds:
            if all(column.name in present for column in kind):
                self.kind = kind
                return
        raise lacking(self.source.name, line, present, self.kinds)


@dataclass
class Table:
    """A whole table: the wanted values by column, the lines of the rows and their text."""

    source: str
    kind: Kind
    header: str
    present: list[str]
    columns: list[list[Any]]
    lines: list[int] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)

    @property
    def rows(self) -> list[tuple[Any, ...]]:
        """The wanted values row by row."""
        return list(zip(*self.columns, strict=True))

    def fault(self, row: int, problem: str) -> InputError:
        """The error for a row (counted from 0), with file and line."""
        return fault(self.source, self.lines[row], problem)


def read_table(path: str | Path, kinds: Sequence[Kind], *, keep_text: bool = False) -> Table:
    """The table in a file, or in standard input for "-": the first of kinds whose columns it has.

    The rows' own text is kept on demand only: it may be far larger than the wanted columns.

    Raises InputError naming file and line if it cannot be read, is not UTF-8, is empty, has no
    kind in full, or a row does not fit.
    """
    with opened(path) as source:
        return table_of(Reader(source, kinds), keep_text=keep_text)


def table_of(reader: Reader, *, keep_text: bool = False) -> Table:
    """All that the reader reads. Raises InputError as `read_table`."""
    columns: list[list[Any]] = [[] for _ in reader.kind]
    table = Table(reader.source.name, reader.kind, reader.header, reader.present, columns)
    for block in reader.blocks():
        table.lines += block.lines
        if keep_text:
            table.texts += block.texts
        for column, values in zip(table.columns, block.columns, strict=True):
            column.extend(values)
    return table


def with_column(table: Table, name: str, values: Sequence[float]) -> bytes:
    """The table's own text, which must have been kept, with one more column at the end of each row.

    values: one for each row, in their order.
    Nothing else changes but blank lines and a byte-order mark, which are left out.

    Raises InputError if there is such a column already.
    """
    rows = list(zip(table.texts, map(repr, values), strict=True))
    if table.header:
        if name in table.present:
            raise _taken(table.source, name)
        header = _appended(table.header, name)
        return (header + "".join(_appended(text, value) for text, value in rows)).encode()
    if any(f'"{name}"' in text and name in from_json(text) for text in table.texts):
        raise _taken(table.source, name)
    lines = (f'{text.rstrip()[:-1]}, "{name}": {value}}}\n' for text, value in rows)
    return "".join(lines).encode()


def _taken(source: str, name: str) -> InputError:
    return InputError(f"{source} has a column {name!r} already.")


def _appended(text: str, value: str) -> str:
    row = text.rstrip("\r\n")
    return f"{row},{value}{text[len(row) :] or chr(10)}"


def lacking(source: str, line: int, present: list[str], kinds: Sequence[Kind]) -> InputError:
    """What the closest of kinds lacks, and which of the present names may be meant."""
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
    names = ", ".join(shown(name) for name in present)
    names = names if len(names) <= 80 else f"{names[:80]}..."
    problem = f"no column {', '.join(missing)}; needed: {_wanted(kinds)}; present: "
    return fault(source, line, problem + (names or "none"))


def _wanted(kinds: Sequence[Kind]) -> str:
    return " or ".join(",".join(column.name for column in kind) for kind in kinds)
