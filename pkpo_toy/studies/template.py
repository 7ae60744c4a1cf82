"""A study file to edit: every setting with its meaning and its default."""

from __future__ import annotations

import json
import re
import textwrap
import tomllib
from typing import Any

from pydantic.fields import FieldInfo

from pkpo_toy.studies.files import packaged
from pkpo_toy.studies.table import STUDIES

WIDTH = 100


def template(study: str) -> str:
    """The packaged file of a study with what it leaves to the defaults written out.

    Its opening comment and its tables stay as they are; every setting of the top level follows the
    meaning that the study's Config gives it. A setting at its default is commented out.
    """
    text = packaged(study)
    opening, body = _opening(text)
    values, tables = tomllib.loads(text), _tables(body)
    settings = [
        _setting(name, field, values) for name, field in STUDIES[study].config.model_fields.items()
    ]
    about = "# A list of values is a grid sweep: one run (cell) per combination."
    parts = [opening + about, f'study = "{study}"', *settings, tables]
    return "\n\n".join(part.strip("\n") for part in parts if part) + "\n"


def _opening(text: str) -> tuple[str, str]:
    lines = text.splitlines(keepends=True)
    size = next((i for i, line in enumerate(lines) if not line.startswith("#")), len(lines))
    return "".join(lines[:size]), "".join(lines[size:])


def _tables(body: str) -> str:
    """Variants and quick values as they stand, with the comment right above the first of them."""
    lines = body.splitlines(keepends=True)
    first = next((i for i, line in enumerate(lines) if line.startswith("[")), len(lines))
    while first and lines[first - 1].startswith("#"):
        first -= 1
    return "".join(lines[first:])


def _setting(name: str, field: FieldInfo, values: dict[str, Any]) -> str:
    about = f"{field.description} " if field.description else ""
    default = None if field.is_required() else field.get_default(call_default_factory=True)
    if name in values:
        given = f"{name} = {_text(values[name])}"
        about += "" if default is None else f"Default: {_text(default)}."
    else:
        given = f"# {name} = {_text(default)}"
    comment = textwrap.fill(about, WIDTH, initial_indent="# ", subsequent_indent="# ")
    return "\n".join(part for part in (comment, given) if part.strip("# "))


def _text(value: Any) -> str:
    """A value in TOML: spelt like JSON but for tables."""
    if isinstance(value, dict):
        entries = ", ".join(f"{_key(key)} = {_text(entry)}" for key, entry in value.items())
        return f"{{ {entries} }}" if entries else "{}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_text, value))}]"
    return json.dumps(value, ensure_ascii=False)


def _key(name: str) -> str:
    return name if re.fullmatch("[A-Za-z0-9_-]+", name) else json.dumps(name)
