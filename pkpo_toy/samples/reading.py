"""Files of sampling results, read whatever tool wrote them, and frames as they are."""

from __future__ import annotations

import gc
import glob
import hashlib
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, TypeAlias

import pandas as pd

from pkpo_toy.errors import InputError, unknown
from pkpo_toy.samples.evaluation import Collector, Evaluation
from pkpo_toy.samples.formats.format import Head, head_of
from pkpo_toy.samples.formats.parquet import columns_of
from pkpo_toy.samples.formats.table import FORMATS
from pkpo_toy.samples.rows import Source, opened, shown
from pkpo_toy.samples.samples import COUNTS, SAMPLES
from pkpo_toy.samples.tables import lacking

Files: TypeAlias = str | os.PathLike[str] | Sequence[str | os.PathLike[str]]


def read(
    files: Files,
    *,
    form: str | None = None,
    score: str | None = None,
    group_by: Sequence[str] = (),
) -> Evaluation:
    """One evaluation from one file or several parts; a name with * stands for what it matches.

    form: a key of FORMATS instead of what the file shows; score: which metric, scorer, reward
    column or test set; group_by: the fields whose values together name a problem.

    Raises InputError for what cannot be read, naming file and line or record.
    """
    return gather(files, Collector(score, group_by), form)


def gather(files: Files, into: Collector, form: str | None) -> Evaluation:
    """As `read`, into a collector that may be asked for more. Raises InputError as `read`."""
    if form is not None and form not in FORMATS:
        raise unknown("format", form, FORMATS)
    found: tuple[str, str] | None = None
    for name in _expanded(files):
        with opened(name) as source, _no_garbage():
            into.source = source.name
            key = form or _recognised(source)
            if found and key != found[0]:
                raise InputError(f"{source.name} is {key}, the files before it are {found[0]}.")
            chosen = FORMATS[key].read(source, into)
        if found and chosen != found[1]:
            raise InputError(f"{source.name} holds {chosen}, the files before it {found[1]}.")
        found = (key, chosen)
    assert found is not None
    title = FORMATS[found[0]].title
    for option, given in (("score", into.score), ("group_by", into.group_by)):
        if given and option not in into.asked:
            raise InputError(f"{title} files leave nothing open for --{option.replace('_', '-')}.")
    evaluation = into.evaluation(f"{title}, {found[1]}" if found[1] else title)
    return replace(evaluation, recognised=found[0] != "table")


@contextmanager
def _no_garbage() -> Iterator[None]:
    """Rows by the million hold no cycles, and looking for some takes up to half of the time."""
    looking = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if looking:
            gc.enable()


def evaluation_of(results: pd.DataFrame | Files) -> Evaluation:
    """The evaluation in a frame with problem,n,c or problem,reward, or in files.

    Raises InputError for values out of their domain, naming the row.
    """
    if not isinstance(results, pd.DataFrame):
        return read(results)
    into = Collector()
    into.source = "the frame"
    kind = COUNTS if {"n", "c"} <= set(results) else tuple(c for c in SAMPLES if c.name != "sample")
    columns: list[list[Any]] = []
    for column in kind:
        if column.name not in results:
            raise lacking("the frame", 0, [str(name) for name in results], [COUNTS, kind])
        values = results[column.name].tolist()
        parsed = [column.parse(v) if type(v) in column.types else None for v in values]
        if None in parsed:
            row = parsed.index(None)
            must = f"{column.name} must be {column.domain}, got {shown(values[row])}"
            raise InputError(f"the frame, row {row}: {must}.")
        columns.append(parsed)
    if kind is not COUNTS:
        into.add_columns(columns[0], columns[1])
    else:
        for problem, n, c in zip(*columns, strict=True):
            if c > n:
                raise InputError(f"c must be at most n, got n = {n}, c = {c} for {shown(problem)}.")
            into.once("problem", problem)
            into.count(problem, n, c)
    return into.evaluation("frame")


def _expanded(files: Files) -> list[str]:
    """The names, patterns replaced by what they match. Raises InputError for two alike."""
    given = [files] if isinstance(files, str | os.PathLike) else list(files)
    names: list[str] = []
    for one in [os.fspath(name) for name in given]:
        matches = sorted(glob.glob(one)) if glob.has_magic(one) and not os.path.exists(one) else []
        names += matches or [one]
    if not names:
        raise InputError("at least one file is needed, got none.")
    for name in names:
        if not name:
            raise InputError("a file must have a name, or be - for standard input, got ''.")
        if os.path.isdir(name):
            pattern = os.path.join(name, "*.json")
            raise InputError(f"{name} is a folder: name its files, or a pattern as in '{pattern}'.")
    _check_different(names)
    return names


def _check_different(names: list[str]) -> None:
    """Raises InputError for two files with the same bytes: samples would count twice."""
    sizes: dict[int, list[str]] = {}
    for name in names:
        if os.path.isfile(name):
            sizes.setdefault(os.path.getsize(name), []).append(name)
    for alike in sizes.values():
        met: dict[bytes, str] = {}
        for name in alike if len(alike) > 1 else []:
            digest = _digest(name)
            if digest in met:
                same = f"{name} and {met[digest]} are the same file"
                raise InputError(f"{same}: its samples would count twice.")
            met[digest] = name
    if names.count("-") > 1:
        raise InputError("standard input (-) can be read once.")


def _digest(name: str) -> bytes:
    try:
        with open(name, "rb") as file:
            return hashlib.file_digest(file, "blake2b").digest()
    except OSError as error:
        raise InputError(f"cannot read {name}: {error.strerror}.") from error


def _recognised(source: Source) -> str:
    """The key of the one format that the file has. Raises InputError for none or several."""
    head = head_of(source)
    if head.container in ("zip", "parquet") and not source.stream.seekable():
        raise InputError(f"{source.name}: a {head.container} file must be given by its name.")
    if head.container == "parquet":
        head = replace(head, columns=columns_of(source))
    found = [key for key, one in FORMATS.items() if one.recognises(head)]
    if len(found) > 1:
        raise InputError(f"{source.name} may be {' or '.join(found)}: choose by --format.")
    return found[0] if found else _refuse(source, head)


def _refuse(source: Source, head: Head) -> str:
    """Raises InputError saying what the file is, or which columns a table lacks."""
    name, kind = source.name, head.container
    if kind == "pickle":
        raise InputError(
            f"{name} is a pickle; nothing is loaded with pickle. Write it as JSON lines."
        )
    if kind == "zstd":
        raise InputError(f"{name} is compressed with zstd; unpack it first: zstd -d.")
    if isinstance(head.at(0, 0), str):
        raise InputError(
            f"{name} holds generated text but not whether it is right; evaluate it first."
        )
    keys = head.keys()
    if {"task_id"} <= keys and not keys.isdisjoint({"completion", "solution"}):
        raise InputError(
            f"{name} holds completions but not whether they passed; evaluate them first."
        )
    if not keys and kind == "json":
        raise InputError(f"{name} is no format that is known; `pkpo-toy list formats` names those.")
    if kind == "json":
        raise lacking(name, 1, [shown(key)[1:-1] for key in keys], [COUNTS, SAMPLES])
    has = ", ".join(head.columns[:12])
    raise InputError(f"{name} is a {kind} file of no format that is known; its columns: {has}.")
