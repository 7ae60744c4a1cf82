"""The JSON schema of study files, for editors that complete and check TOML."""

from __future__ import annotations

from typing import Any

from pkpo_toy.studies.study import Study
from pkpo_toy.studies.table import STUDIES

Schema = dict[str, Any]


def study_schema() -> Schema:
    """One schema for all study files: which keys a file may hold depends on its `study`."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "pkpo-toy study file",
        "type": "object",
        "required": ["study"],
        "properties": {"study": {"enum": list(STUDIES)}},
        "allOf": [
            {
                "if": {"properties": {"study": {"const": name}}},
                "then": _file_schema(name, study),
            }
            for name, study in STUDIES.items()
        ],
        "$defs": {
            name: {
                "type": "object",
                "properties": _settings(study),
                "additionalProperties": False,
            }
            for name, study in STUDIES.items()
        },
    }


def _file_schema(name: str, study: Study) -> Schema:
    """A file of that study: its settings at the top, in variants and in quick."""
    table = {"$ref": f"#/$defs/{name}"}
    fields = study.config.model_fields
    return {
        "properties": {
            "study": {"description": study.question},
            **{key: {"$ref": f"#/$defs/{name}/properties/{key}"} for key in fields},
            "variants": {
                "type": "array",
                "items": table,
                "description": "Each table overrides the top level and multiplies on its own.",
            },
            "quick": {**table, "description": "Smaller values, used with --quick."},
        },
        "additionalProperties": False,
    }


def _settings(study: Study) -> Schema:
    """Every setting of a cell, alone or as the list of values that multiplies into cells."""
    schema = study.config.model_json_schema()
    listed = study.config.listed()
    return {
        name: setting if name in listed else _or_list(setting)
        for name, setting in schema["properties"].items()
    }


def _or_list(setting: Schema) -> Schema:
    value = {key: part for key, part in setting.items() if key not in {"title", "default"}}
    about = {key: part for key, part in setting.items() if key in {"title", "default"}}
    return {**about, "anyOf": [value, {"type": "array", "items": value, "minItems": 1}]}
