"""The name that results and figures of a run go under."""

import hashlib
import json
import re
from typing import Any

from pkpo_toy.studies.files import StudyFile, with_values

LONGEST = 80  # characters that settings add to a name
_WORD = re.compile(r"[A-Za-z][A-Za-z0-9.]*|-?[0-9]+(\.[0-9]+)?(e-?[0-9]+)?")


def result_name(file: StudyFile, values: dict[str, Any]) -> str:
    """The file's own name, followed by every setting that the values change.

    variance with k = 2 and n = [16, 64] is `variance-k_2-n_16_64`, so that other settings never
    overwrite what the file itself gives. Settings that make no short plain name (a table of
    options, say) are stood for by six digits of their checksum.
    """
    changed = {key: value for key, value in sorted(values.items()) if _changes(file, key, value)}
    if not changed:
        return file.name
    parts = [_part(key, value) for key, value in changed.items()]
    text = "-".join(part for part in parts if part)
    if not all(parts) or len(text) > LONGEST:
        digest = hashlib.sha256(json.dumps(changed, sort_keys=True, default=str).encode())
        text = f"{text[: LONGEST - 7]}-{digest.hexdigest()[:6]}".lstrip("-")
    return f"{file.name}-{text}"


def _changes(file: StudyFile, key: str, value: Any) -> bool:
    if with_values(file, {key: value}) == file:
        return False
    given = any(key in table for table in (file.values, *file.variants))
    default = file.definition.config.model_fields[key].default
    plain = list(default) if isinstance(default, tuple) else default
    return given or plain != value


def _part(key: str, value: Any) -> str:
    """`key_value`, or nothing where that would not tell one value from another."""
    words = [str(entry) for entry in (value if isinstance(value, list) else [value])]
    return "_".join([key, *words]) if words and all(map(_WORD.fullmatch, words)) else ""
