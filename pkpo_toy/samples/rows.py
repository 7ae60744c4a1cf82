"""Files as they come in: opened, unpacked, cut into blocks of numbered lines, parsed as JSON.

Nothing is guessed, repaired or skipped except blank lines and a byte-order mark, and no file is
loaded whole to find out what it is.
"""

from __future__ import annotations

import bz2
import csv
import gzip
import io
import json
import lzma
import os
import sys
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, field
from itertools import chain, islice
from pathlib import Path
from reprlib import Repr
from typing import IO, Any, NoReturn

from pydantic_core import from_json

from pkpo_toy.errors import InputError

HEAD = 2**20
"""Bytes from which a format is told."""

BLOCK = 2**19
"""Bytes read at once. That much white space in a row is no table."""

ROWS = 10_000
"""Of CSV, parsed at once."""

LONGEST_LINE = 2**26
"""Bytes. A longer line is no row of a table; reading it whole would fill the memory."""

LARGEST_DOCUMENT = 2**30
"""Bytes of a JSON document, which is parsed as a whole."""

_UNPACK: dict[bytes, Callable[[IO[bytes]], Any]] = {
    b"\x1f\x8b": lambda packed: gzip.GzipFile(fileobj=packed),
    b"BZh": bz2.BZ2File,
    b"\xfd7zXZ\x00": lzma.LZMAFile,
}

_short = Repr()
_short.maxstring = _short.maxother = _short.maxlong = 60


def shown(value: object) -> str:
    """The value as an error quotes it: on one line, shortened, escaped."""
    return _short.repr(value).encode("ascii", "backslashreplace").decode()


def fault(source: str, line: int, problem: str) -> InputError:
    """The error for one line of a file."""
    return InputError(f"{source}, line {line}: {problem}.")


def _none_taken(first: int, data: bytes) -> bool:
    return False


@dataclass
class Source:
    """A file that is open for reading, unpacked: what an error calls it, and its first bytes."""

    name: str
    stream: IO[bytes]
    head: bytes = b""
    taken: Callable[[int, bytes], bool] = field(default=_none_taken, repr=False)
    """Asked before each block, with the number of its first line: whether another has read it."""

    def read(self, size: int) -> bytes:
        """At most so many bytes. Raises InputError where packed data is damaged or cut off."""
        try:
            return self.stream.read(size)
        except EOFError:
            raise InputError(f"{self.name} ends in the middle of its packed data.") from None
        except (OSError, zlib.error, lzma.LZMAError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise InputError(f"cannot read {self.name}: {reason}.") from error

    def blocks(self) -> Iterator[tuple[int, list[str]]]:
        """Lines of UTF-8 text without their line feeds, each time with the number of the first.

        Raises InputError at the first line that no table could have.
        """
        number, rest, more = 1, b"", True
        while more:
            data = self.read(max(BLOCK, len(rest)))
            more = bool(data)
            whole, feed, rest = (rest + data).rpartition(b"\n") if more else (rest, b"", b"")
            if feed or whole:
                if not self.taken(number, whole):
                    yield number, self._text(number, whole).split("\n")
                number += whole.count(b"\n") + 1
            if len(rest) > LONGEST_LINE:
                longest = f"longer than {LONGEST_LINE} bytes, this is not a table"
                raise fault(self.name, number, longest)

    def _text(self, number: int, data: bytes) -> str:
        if len(data) > BLOCK // 2 and not data.strip():
            raise fault(self.name, number, f"more than {BLOCK // 2} bytes of blank lines follow")
        try:
            text = data.decode()
        except UnicodeDecodeError as error:
            line = number + data.count(b"\n", 0, error.start)
            raise fault(self.name, line, "not UTF-8 text") from None
        at = data.find(b"\0")
        if at >= 0:
            line = number + data.count(b"\n", 0, at)
            raise fault(self.name, line, "a NUL character, this is not a text file")
        return text.removeprefix("\ufeff") if number == 1 else text

    def document(self) -> bytes:
        """All of a JSON document. Raises InputError for one too large to be parsed whole."""
        data = self.read(LARGEST_DOCUMENT + 1)
        if len(data) > LARGEST_DOCUMENT:
            size = f"{LARGEST_DOCUMENT} bytes"
            raise InputError(f"{self.name} is a JSON document of more than {size}: split it.")
        return data.removeprefix(b"\xef\xbb\xbf")


class _Again(io.RawIOBase):
    """A stream that cannot go back, from its beginning: what was read already, then the rest."""

    def __init__(self, head: bytes, stream: IO[bytes]) -> None:
        self.head, self.rest = head, stream

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self.head[: len(buffer)] or self.rest.read(len(buffer))
        self.head = self.head[len(data) :]
        buffer[: len(data)] = data
        return len(data)


@contextmanager
def opened(path: str | Path) -> Iterator[Source]:
    """A file, or standard input for "-", unpacked if it is packed.

    Raises InputError if it cannot be opened.
    """
    text = os.fspath(path)
    name = "standard input" if text == "-" else text if text.isprintable() else shown(text)
    with ExitStack() as stack:
        try:
            stream = stack.enter_context(_stream(text))
        except (OSError, ValueError) as error:  # ValueError: a NUL in the name
            reason = error.strerror if isinstance(error, OSError) else str(error)
            raise InputError(
                f"cannot read {name if len(name) < 150 else shown(text)}: {reason}."
            ) from error
        again = stream.seekable()
        source = _with_head(Source(name, stream), again)
        for start, unpacked in _UNPACK.items():
            if source.head.startswith(start):
                source = _with_head(Source(name, unpacked(source.stream)), again)
                break
        yield source


def _stream(path: str) -> AbstractContextManager[IO[bytes]]:
    if path != "-":
        return open(path, "rb")
    if sys.stdin is None:
        raise ValueError("it is closed")
    return nullcontext(sys.stdin.buffer)


def _with_head(source: Source, again: bool) -> Source:
    """The source from its beginning, with its first bytes known; `again`: it can go back."""
    start = source.stream.tell() if again else None
    source.head = source.read(HEAD)
    if start is None:
        source.stream = io.BufferedReader(_Again(source.head, source.stream), BLOCK)
    else:
        source.stream.seek(start)
    return source


def json_records(
    source: Source, wanted: Iterable[str]
) -> Iterator[tuple[Sequence[int], list[str], list[Any]]]:
    """Blocks of (line numbers, texts, objects) of JSON lines, blank ones left out.

    No key of `wanted` stands twice in an object; of others the last counts.

    Raises InputError at the first line that holds no JSON object.
    """
    for first, lines in source.blocks():
        numbers: Sequence[int] = range(first, first + len(lines))
        texts = lines
        if not all(lines) or any(map(str.isspace, lines)):
            full = [(i, text) for i, text in zip(numbers, lines, strict=True) if text.strip()]
            numbers, texts = [i for i, _ in full], [text for _, text in full]
        if texts:
            yield numbers, texts, _objects(source.name, numbers, texts, wanted)


def _objects(
    source: str, numbers: Sequence[int], texts: list[str], wanted: Iterable[str]
) -> list[Any]:
    """Parsed fast where each wanted key is seen to stand once a line, with care where not."""
    together = "\n".join(texts)
    if "\\u" not in together and all(together.count(f'"{key}"') <= len(texts) for key in wanted):
        try:
            records = list(map(from_json, texts))
        except ValueError:
            records = []
        if set(map(type, records)) == {dict}:
            return records
    return [json_object(source, *line) for line in zip(numbers, texts, strict=True)]


def json_object(source: str, number: int, text: str) -> dict[str, object]:
    """The object on one line. Raises InputError if the line holds no JSON object."""
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


def csv_rows(source: Source) -> Iterator[list[tuple[int, str, list[str]]]]:
    """Rows, at most ROWS at once: (line it starts on, text, fields); a quoted field may run on.

    Raises InputError at the first row that is not valid CSV.
    """
    blocks = source.blocks()
    for first, lines in blocks:
        if not _is_plain(lines):
            # A quoted field may reach into the next block.
            source.taken = _none_taken
            rows = _quoted_rows(source.name, first, chain([(first, lines)], blocks))
            while part := list(islice(rows, ROWS)):
                yield part
            return
        for start in range(0, len(lines), ROWS):
            part = [
                (number, line + "\n", line.removesuffix("\r").split(","))
                for number, line in enumerate(lines[start : start + ROWS], first + start)
                if line and not line.isspace()
            ]
            if part:
                yield part


def _is_plain(lines: list[str]) -> bool:
    """Whether each line is a row whose fields are what stands between its commas."""
    text = "\n".join(lines)
    inside = text.count("\r") - text.count("\r\n") - text.endswith("\r")
    return '"' not in text and not inside and max(map(len, lines)) < csv.field_size_limit()


def _quoted_rows(
    source: str, first: int, blocks: Iterable[tuple[int, list[str]]]
) -> Iterator[tuple[int, str, list[str]]]:
    taken: list[str] = []

    def feed() -> Iterator[str]:
        for _, lines in blocks:
            for line in lines:
                taken.append(line + "\n")
                yield taken[-1]

    reader = csv.reader(feed(), strict=True)
    while True:
        start = reader.line_num + first
        try:
            fields = next(reader, None)
        except csv.Error as error:
            raise fault(source, start, f"not valid CSV ({error})") from None
        if fields is None:
            return
        if len(fields) > 1 or (fields and fields[0].strip()):
            yield start, "".join(taken), fields
        taken.clear()
