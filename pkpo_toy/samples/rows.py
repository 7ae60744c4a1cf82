"""Lines of a file, rows of CSV, objects of JSON lines: each with the line it starts on.

Nothing is guessed, repaired or skipped except blank lines and a byte-order mark.
"""

from __future__ import annotations

import csv
import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
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

_short = Repr()
_short.maxstring = _short.maxother = _short.maxlong = 60


def shown(value: object) -> str:
    """The value as an error quotes it: on one line, shortened, escaped."""
    return _short.repr(value).encode("ascii", "backslashreplace").decode()


def fault(source: str, line: int, problem: str) -> InputError:
    """The error for one line of a file."""
    return InputError(f"{source}, line {line}: {problem}.")


@contextmanager
def opened(path: str | Path) -> Iterator[tuple[BinaryIO, str]]:
    """The bytes of a file, of standard input for "-", and what an error calls it."""
    if str(path) == "-":
        if sys.stdin is None:
            raise InputError("cannot read standard input: it is closed.")
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


def numbered_lines(stream: BinaryIO, source: str) -> Iterator[Line]:
    """Lines of UTF-8 text, counted from 1.

    Raises: InputError at the first line that no table could have.
    """
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


def csv_rows(lines: Iterator[Line], source: str) -> Iterator[tuple[int, str, list[str]]]:
    """(line it starts on, text, fields) of each row; a quoted field may run over lines.

    Raises: InputError at the first row that is not valid CSV.
    """
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


def json_object(source: str, number: int, text: str) -> dict[str, object]:
    """The object on one line. Raises: InputError if the line holds no JSON object."""
    try:
        record = _DECODER.decode(text)
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


_DECODER = json.JSONDecoder(parse_constant=_no_constant, object_pairs_hook=_unique)
