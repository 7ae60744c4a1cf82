"""What a format is, how a file shows which one it has, and how its records are checked."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from typing import Any, TypeVar, cast

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError
from pydantic_core import from_json

from pkpo_toy.errors import InputError
from pkpo_toy.samples.evaluation import Collector
from pkpo_toy.samples.rows import Source, shown

MAGIC = {b"PAR1": "parquet", b"PK\x03\x04": "zip", b"\x80": "pickle", b"(\xb5/\xfd": "zstd"}


@dataclass(frozen=True)
class Head:
    """What the first bytes of a file show: the container, and of JSON the first value.

    The value is that of the first line where that is whole, else as much of the document as the
    head holds. `columns` are those of a parquet file.
    """

    container: str
    value: Any = None
    columns: tuple[str, ...] = ()

    def keys(self) -> set[str]:
        """The keys of the first object, or the columns."""
        return set(self.value) if isinstance(self.value, dict) else set(self.columns)

    def at(self, *path: Any) -> Any:
        """The value at a path of keys and indices, None for the first entry; None if it ends."""
        value = self.value
        for step in path:
            if isinstance(value, dict):
                value = value.get(next(iter(value), None) if step is None else step)
            else:
                listed = isinstance(value, list) and isinstance(step, int) and step < len(value)
                value = value[step] if listed else None
        return value


@dataclass(frozen=True)
class Format:
    """How the results of a tool are told apart and read.

    `read` writes into the collector and returns what was chosen, such as "plus tests", or "".
    `example` is a tiny file of this format in `samples/data`.
    """

    title: str
    files: str
    recognises: Callable[[Head], bool]
    read: Callable[[Source, Collector], str] = field(repr=False)
    example: str


def head_of(source: Source) -> Head:
    """What the first bytes show. Raises InputError where they begin no JSON but look like some."""
    for start, container in MAGIC.items():
        if source.head.startswith(start):
            return Head(container)
    text = source.head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if text[:1] not in (b"{", b"["):
        return Head("text")
    line = text.split(b"\n", 1)[0]
    # The standard library reads what is no Unicode text too: its line is named by the reader.
    for parse in (from_json, json.loads):
        with suppress(ValueError, RecursionError):
            return Head("json", parse(line))
    try:
        return Head("json", from_json(text, allow_partial=True))
    except ValueError as error:
        raise InputError(f"{source.name}: not valid JSON ({error}).") from None


class Record(BaseModel):
    """The fields that are wanted of an object; others are left alone."""

    model_config = ConfigDict(strict=True, frozen=True)


R = TypeVar("R")


@cache
def _adapter(model: Any) -> TypeAdapter[Any]:
    return TypeAdapter(model)


def parsed(model: type[R], text: str | bytes, where: str) -> R:
    """One record from JSON. Raises InputError saying where and what does not fit."""
    try:
        record: R = _adapter(cast("Any", model)).validate_json(text)
        return record
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
    message = first["msg"]
    if first["type"] == "json_invalid":
        raise InputError(f"{where}: not valid JSON ({message.removeprefix('Invalid JSON: ')}).")
    place = ".".join(shown(part).strip("'") for part in first["loc"])
    raise InputError(f"{where}: {place}: {message}, got {shown(first['input'])}.")


def document_of(source: Source, model: type[R]) -> R:
    """The record that is the whole file."""
    return parsed(model, source.document(), source.name)


def lines_of(source: Source, model: type[R]) -> Iterator[tuple[str, R]]:
    """Where it stands and the record, line by line."""
    for where, text in texts_of(source):
        yield where, parsed(model, text, where)


def objects_of(source: Source) -> Iterator[tuple[str, dict[str, Any]]]:
    """Where it stands and the object, line by line. Raises InputError for a line that is none."""
    for where, text in texts_of(source):
        try:
            value = from_json(text)
        except ValueError as error:
            raise InputError(f"{where}: not valid JSON ({error}).") from None
        if not isinstance(value, dict):
            raise InputError(f"{where}: each line must hold a JSON object, got {shown(value)}.")
        yield where, value


def texts_of(source: Source) -> Iterator[tuple[str, str]]:
    """Where it stands and the text, for each line that is not blank."""
    for first, lines in source.blocks():
        for number, text in enumerate(lines, first):
            if text and not text.isspace():
                yield f"{source.name}, line {number}", text


def wanted(record: dict[str, Any], name: str, where: str) -> Any:
    """A field of a record. Raises InputError where it is not there."""
    if name not in record:
        raise InputError(f"{where}: no {name!r}.")
    return record[name]


def number(value: object, where: str, name: str) -> float:
    """A finite number, or true and false as 1 and 0. Raises InputError for anything else."""
    with suppress(OverflowError):  # of an integer of 400 digits
        if isinstance(value, int | float) and math.isfinite(value):
            return float(value)
    raise InputError(f"{where}: {name} must be a finite number, got {shown(value)}.")


def numbers_in(record: dict[str, Any], besides: set[str]) -> list[str]:
    """The keys that hold a number or a truth value."""
    return [k for k, v in record.items() if isinstance(v, int | float) and k not in besides]


def whole(value: float, where: str, name: str) -> int:
    """The count that a mean times n must be. Raises InputError if it is none."""
    count = round(value)
    if abs(value - count) > 1e-6 * max(1.0, abs(value)):
        raise InputError(f"{where}: {name} times n must be a whole number, got {value:.6g}.")
    return count
