"""Study files: TOML -> the cells it asks for.

A file names its study and gives values to the study's Config. A list where the Config wants a
single value multiplies into cells; `[[variants]]` tables each override the top level and multiply
on their own; `[quick]` holds the smaller values of a quick look.
"""

from __future__ import annotations

import itertools
import json
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import ValidationError

from pkpo_toy.errors import InputError, unknown
from pkpo_toy.studies.study import Study
from pkpo_toy.studies.table import STUDIES, SUITES
from pkpo_toy.training.config import Config

MAX_BYTES = 1_000_000
MAX_CELLS = 20_000  # what can be checked in about ten seconds
Table = dict[str, Any]
PROBLEM = {"bandit", "problem"}  # settings that name the problem which `options` are of


@dataclass(frozen=True)
class StudyFile:
    """A study, the name its results go under, and the values its file gives."""

    name: str
    study: str
    values: Table
    variants: tuple[Table, ...] = ({},)
    quick: Table | None = None

    @property
    def definition(self) -> Study:
        return STUDIES[self.study]


def packaged(study: str) -> str:
    """The text of the study file that ships with the package."""
    return files("pkpo_toy.studies").joinpath(f"{study}.toml").read_text("utf-8")


def packaged_names() -> set[str]:
    """The study files that ship with the package: one for each study, and settings of their own."""
    folder = files("pkpo_toy.studies")
    return {file.name.removesuffix(".toml") for file in folder.iterdir() if ".toml" in file.name}


def load(name: str) -> StudyFile:
    """The study of that name, or the one described by a TOML file at that path."""
    if name in packaged_names():
        return parse(packaged(name), name, f"{name}.toml")
    path = Path(name)
    if path.suffix != ".toml":
        raise unknown("study", name, packaged_names() | SUITES.keys())
    # A user's variance.toml must not share a folder of results with the study of that name, nor
    # quick.toml the one of quick looks.
    taken = path.stem in packaged_names() | SUITES.keys() | {"quick"}
    return parse(_read(path), path.name if taken else path.stem, str(path))


def _read(path: Path) -> str:
    try:
        if not path.is_file():
            raise InputError(f"no study file {str(path)!r}.")
        if path.stat().st_size > MAX_BYTES:
            raise InputError(f"{path}: a study file has at most {MAX_BYTES:,} bytes.")
        return path.read_bytes().decode("utf-8-sig")  # Windows editors put a mark first
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: not UTF-8 (byte {error.start}).") from None
    except (OSError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"cannot read study file {str(path)!r}: {error}.") from None


def parse(text: str, name: str, origin: str) -> StudyFile:
    """Split the text of a study file into values, variants and quick values."""
    try:
        table = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError, ValueError) as error:
        what = "nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise InputError(f"{origin}: not valid TOML: {what}.") from None
    study = table.pop("study", None)
    if study is None:
        raise InputError(f'{origin}: needs a line study = "NAME", one of: {", ".join(STUDIES)}.')
    if not isinstance(study, str) or study not in STUDIES:
        raise unknown(f"study in {origin}", study, STUDIES)
    variants, quick = table.pop("variants", [{}]), table.pop("quick", {})
    if not isinstance(variants, list) or not all(isinstance(v, dict) for v in variants):
        raise InputError(f"{origin}: variants must be written as [[variants]] tables.")
    if not isinstance(quick, dict):
        raise InputError(f"{origin}: quick must be written as a [quick] table.")
    return _checked(StudyFile(name, study, table, tuple(variants) or ({},), quick), origin)


def _checked(file: StudyFile, origin: str) -> StudyFile:
    fields = file.definition.config.model_fields
    for table in (file.values, *file.variants, file.quick or {}):
        for key in table:
            if key not in fields:
                raise unknown(f"setting of study {file.study!r} in {origin}:", key, fields)
    return file


def with_quick(file: StudyFile) -> StudyFile:
    """The study with its `[quick]` values in force."""
    return with_values(file, file.quick or {})


def with_settings(file: StudyFile, settings: Iterable[str]) -> StudyFile:
    """The study with `key=value` settings in force. Raises InputError."""
    return with_values(file, settings_of(settings))


def settings_of(texts: Iterable[str]) -> Table:
    """The values of `key=value` texts, read as TOML, else as they stand. Raises InputError."""
    return dict(map(_setting, texts))


def _setting(text: str) -> tuple[str, Any]:
    key, equals, value = text.partition("=")
    if not equals:
        raise InputError(f"--set takes key=value, got {text!r}.")
    try:
        read = tomllib.loads(f"value = {value}")
    except (ValueError, RecursionError):
        read = {"value": value.strip()}
    if len(read) > 1:
        raise InputError(f"--set takes one key=value, got {text!r}.")
    return key.strip(), read["value"]


def with_values(file: StudyFile, values: Table) -> StudyFile:
    """Replace a value where the file gives it: in the variants that sweep it, else at the top.

    A variant that fixes a key to a single value (k_opt = 1 of a baseline, say) keeps it. Where all
    do, those with this value are left, or all get it if none has it. Another
    problem starts without the options of the file's.
    Raises InputError for a setting that the study does not have.
    """
    fields = file.definition.config.model_fields
    for key in values:
        if key not in fields:
            raise unknown(f"setting of study {file.study!r}:", key, fields)
    variants, top = list(file.variants), dict(file.values)
    if PROBLEM & values.keys() and "options" in top:
        top["options"] = {}  # they were those of the file's own problem
    for key, value in values.items():
        config = file.definition.config
        sweeping = [
            i
            for i, variant in enumerate(variants)
            if key in variant and len(_options(config, key, variant[key])) > 1
        ]
        if not sweeping and all(key in variant for variant in variants):
            wanted = _options(config, key, value)
            kept = [variant for variant in variants if variant[key] in wanted]
            variants = kept or [{**variant, key: value} for variant in variants]
        for i in sweeping:
            variants[i] = {**variants[i], key: value}
        if not sweeping:
            top[key] = value
    return replace(file, values=top, variants=tuple(variants))


def _options(config: type[Config], key: str, value: Any) -> Sequence[Any]:
    """The values a setting takes over the cells; a list by nature is one value."""
    if not isinstance(value, list):
        return (value,)
    if key in config.listed():
        return value if value and all(isinstance(v, list) for v in value) else (value,)
    if not value:
        raise InputError(f"{key} must have at least one value, got [].")
    return value


def expand(file: StudyFile) -> list[Config]:
    """Every cell the study asks for, in the order of the file, each once."""
    config = file.definition.config
    cells: dict[str, Config] = {}
    for variant in file.variants:
        table = {**file.values, **variant}
        options = [_options(config, key, value) for key, value in table.items()]
        _refuse_if_too_many(options)
        for choice in itertools.product(*options):
            cell = build(config, dict(zip(table, choice, strict=True)), file.study)
            cells[cell.model_dump_json()] = cell
    return list(cells.values())


def _refuse_if_too_many(options: Sequence[Sequence[Any]]) -> None:
    total = 1
    for values in options:
        total *= len(values)
    if total > MAX_CELLS:
        raise InputError(f"a study has at most {MAX_CELLS:,} cells, this one asks for {total:,}.")


def build(config: type[Config], values: Table, origin: str) -> Config:
    """A checked Config; the first fault found is told in one sentence. Raises InputError."""
    try:
        with np.errstate(over="raise", invalid="raise", divide="raise"):
            return config.model_validate_json(json.dumps(values, default=str))
    except ValidationError as error:
        raise InputError(f"{origin}: {_sentence(error)}") from None
    except FloatingPointError as error:
        raise InputError(f"{origin}: numbers leave the range of float64 ({error}).") from None
    except MemoryError as error:
        raise InputError(f"{origin}: more memory is needed than there is ({error}).") from None
    except (TypeError, OverflowError, RecursionError) as error:
        raise InputError(f"{origin}: {type(error).__name__}: {error}.") from None


def _sentence(error: ValidationError) -> str:
    first = error.errors(include_url=False)[0]
    where = ".".join(str(part) for part in first["loc"]) or "configuration"
    cause = first.get("ctx", {}).get("error")
    if isinstance(cause, InputError):
        return str(cause)
    message = first["msg"].removeprefix("Value error, ")
    return f"{where}: {message[0].lower()}{message[1:]}, got {first['input']!r}."
