"""Blocks of plain rows problem,sample,reward read as arrays, as programs write them by the million.

A block is plain where nothing has to be judged: no quoted CSV, no escapes, every line of JSON like
the first but for its values, the samples of each problem numbered on. Only such blocks are taken.
All others are left to the reader of rows, so that what is refused, and how, is said in one place.
"""

from __future__ import annotations

import csv
import re
from typing import Any

import numpy as np
from pydantic_core import from_json

from pkpo_toy.errors import InputError
from pkpo_toy.samples.evaluation import Collector
from pkpo_toy.samples.rows import json_object
from pkpo_toy.samples.samples import label
from pkpo_toy.samples.tables import Reader
from pkpo_toy.typing import Array, Integers

LONGEST_NAME = 256
"""Bytes of a problem's name."""

LONGEST_NUMBER = 18
"""Digits of a sample's number: every such number fits into 64 bits."""

_PAIR = re.compile(rb'"([^"]*)"\s*:\s*(?:"([^"]*)"|([^"\s,{}\[\]]+))')
_LOW_BYTES = np.array([256**size - 1 for size in range(9)], dtype="<u8")


def taken(reader: Reader, into: Collector, first: int, data: bytes) -> bool:
    """Whether the lines, of which `first` is the number of the first, are plain: then they are in.

    reader: of problem,sample,reward, which has read all lines before.
    """
    try:
        block = _Block(data)
        fields = _csv(block, reader.present) if reader.header else _json(block)
        problems, places = _problems(block, *fields["problem"])
        samples = _whole_numbers(block, *fields["sample"])
        rewards = _rewards(block, *fields["reward"])
    except _NotPlainError:
        return False
    if not reader.keys.add_numbered(range(first, first + len(places)), problems, places, samples):
        return False
    into.add_columns(problems, rewards, places)
    return True


class _NotPlainError(Exception):
    """There is something to be judged."""


def _must(be: bool | np.bool) -> None:
    if not be:
        raise _NotPlainError


class _Block:
    """Whole lines: their bytes, where each starts and ends, and the eight bytes from each place."""

    def __init__(self, data: bytes) -> None:
        padded = data + b"\n" + bytes(LONGEST_NAME + 8)
        self.data = data
        self.bytes = np.frombuffer(padded, np.uint8, len(data) + 1)
        self.words: Integers = np.ndarray(len(padded) - 7, "<u8", padded, strides=(1,))
        end = feed = np.flatnonzero(self.bytes < ord(" "))
        if self.bytes[end[0]] == ord("\r"):
            end, feed = end[::2], end[1::2]
            _must(len(end) == len(feed) and (feed - end == 1).all())
            _must((self.bytes[end] == ord("\r")).all())
        _must((self.bytes[feed] == ord("\n")).all())
        self.start, self.end = np.append(0, feed[:-1] + 1), end
        try:
            data.decode()
        except UnicodeDecodeError:
            raise _NotPlainError from None

    def places(self, sign: bytes, each: int) -> Integers:
        """Where the sign stands in each row, (R, each), if it stands that often in every row."""
        places = np.flatnonzero(self.bytes == ord(sign))
        _must(len(places) == each * len(self.start))
        found = places.reshape(-1, each)
        _must((found[:, 0] >= self.start).all() and (found[:, -1] < self.end).all())
        return found

    def must_read(self, text: bytes, start: Integers) -> None:
        """Each row has this text at its start."""
        for at in range(0, len(text), 8):
            part = text[at : at + 8]
            words = self.words[start + at] & _LOW_BYTES[len(part)]
            _must((words == int.from_bytes(part, "little")).all())

    def texts(self, start: Integers, end: Integers) -> list[bytes]:
        """What stands between these places."""
        return [self.data[a:b] for a, b in zip(start.tolist(), end.tolist(), strict=True)]


Fields = dict[str, tuple[Integers, Integers]]
"""By column: where the value of each row starts, and where it ends."""


def _csv(block: _Block, columns: list[str]) -> Fields:
    _must(b'"' not in block.data and (block.end - block.start).max() < csv.field_size_limit())
    commas = block.places(b",", len(columns) - 1)
    starts = np.column_stack([block.start, commas + 1]).T
    ends = np.column_stack([commas, block.end]).T
    return dict(zip(columns, zip(starts, ends, strict=True), strict=True))


def _json(block: _Block) -> Fields:
    """The values of objects that differ from the first in values alone.

    What stands around the values is the same in all. It holds every quote, as a text that is a
    value ends at the next one: so the quotes tell where everything stands.
    """
    first = block.data[: block.end[0]]
    pairs = list(_PAIR.finditer(first))
    _must(b"\\" not in block.data and _is_flat(first, pairs))
    edges = [0, *(edge for pair in pairs for edge in pair.span(pair.lastindex or 0)), len(first)]
    around = [first[a:b] for a, b in zip(edges[::2], edges[1::2], strict=True)]
    quotes = block.places(b'"', first.count(b'"'))
    before = np.cumsum([text.count(b'"') for text in around]).tolist()
    starts = [
        block.start,
        *(quotes[:, n] - text.index(b'"') for n, text in zip(before, around[1:-1], strict=False)),
        block.end - len(around[-1]),
    ]
    for text, start in zip(around, starts, strict=True):
        block.must_read(text, start)
    fields: Fields = {}
    for pair, text, start, end in zip(pairs, around, starts, starts[1:], strict=False):
        name, value = pair[1].decode(), (start + len(text), end)
        if pair[2] is not None:
            _must(name != "reward")
        elif name == "problem":
            _whole_numbers(block, *value)
        elif name not in ("sample", "reward"):
            _scalars(block.texts(*value))
        fields[name] = value
    return fields


def _is_flat(text: bytes, pairs: list[re.Match[bytes]]) -> bool:
    """Whether this is an object of just these pairs, no key twice, with what is wanted."""
    try:
        record = json_object("", 0, text.decode())
    except InputError:
        return False
    nested = any(isinstance(value, dict | list) for value in record.values())
    wanted = record.keys() >= {"problem", "sample", "reward"}
    return wanted and not nested and list(record) == [pair[1].decode() for pair in pairs]


def _problems(block: _Block, start: Integers, end: Integers) -> tuple[list[str], Integers]:
    """The names, each once, and for every row the place of its own among them."""
    length = end - start
    _must(length.min() > 0 and length.max() <= LONGEST_NAME)
    new = length[1:] != length[:-1]
    for at in range(0, length.max(), 8):
        words = block.words[start + at] & _LOW_BYTES[np.clip(length - at, 0, 8)]
        new |= words[1:] != words[:-1]
    runs = np.append(0, np.flatnonzero(new) + 1)
    found: dict[bytes, int] = {}
    each = [found.setdefault(text, len(found)) for text in block.texts(start[runs], end[runs])]
    names = [label(text.decode()) for text in found]
    _must(None not in names)
    return [str(name) for name in names], np.repeat(each, np.diff(runs, append=len(start)))


def _whole_numbers(block: _Block, start: Integers, end: Integers) -> Integers:
    """Numbers of digits alone, as an integer is written."""
    length = end - start
    longest = int(length.max())
    _must(length.min() > 0 and longest <= LONGEST_NUMBER)
    _must(not ((block.bytes[start] == ord("0")) & (length > 1)).any())
    numbers = np.zeros(len(start), dtype=np.int64)
    for place in range(longest):
        digit = np.where(place < length, block.bytes[end - 1 - place] - np.uint8(ord("0")), 0)
        _must(digit.max() <= 9)
        numbers += digit.astype(np.int64) * 10**place
    return numbers


def _rewards(block: _Block, start: Integers, end: Integers) -> Array:
    if (end - start == 1).all():
        digit = block.bytes[start] - np.uint8(ord("0"))
        _must(digit.max() <= 9)
        return digit.astype(np.float64)
    try:
        rewards = np.array(_scalars(block.texts(start, end)), dtype=np.float64)  # null is NaN
    except OverflowError:
        raise _NotPlainError from None
    _must(np.isfinite(rewards).all())
    return rewards + 0.0


def _scalars(texts: list[bytes]) -> list[Any]:
    """Numbers, truth values and null, as JSON has them."""
    try:
        values: list[Any] = from_json(b"[" + b",".join(texts) + b"]")
    except ValueError:
        raise _NotPlainError from None
    _must(len(values) == len(texts) and set(map(type, values)) <= {int, float, bool, type(None)})
    return values
