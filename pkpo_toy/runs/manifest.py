"""manifest.json: which study was run, with which settings, code and command, and when."""

import json
import platform
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pkpo_toy.files import read_file, sync_folder, write_json
from pkpo_toy.runs.cells import LAYOUT
from pkpo_toy.runs.errors import check_stored

MANIFEST = "manifest.json"

Manifest = dict[str, Any]


def new_manifest(description: Mapping[str, Any], keys: list[str]) -> Manifest:
    """The manifest of a run that begins now.

    `description` is the caller's: study, settings, versions, git. Only `times` holds times.
    """
    return {
        "layout": LAYOUT,
        **description,
        "cells": keys,
        "failed": [],
        "summary": None,
        "platform": platform.platform(),
        "command": typed_command(),
        "times": {"started": now(), "finished": None},
    }


def typed_command() -> list[str]:
    """The command that was typed, as a list; `python -m pkpo_toy` counts as `pkpo-toy`.

    Bytes of a path that are no UTF-8 are shown as escapes: JSON has no other place for them.
    """
    program = Path(sys.argv[0])
    module = program.name == "__main__.py"  # of the package that `python -m` was given
    name = program.parent.name.replace("_", "-") if module else program.name
    words = [name, *sys.argv[1:]]
    return [word.encode("utf-8", "backslashreplace").decode() for word in words]


def now() -> str:
    """The time in UTC to the second, ISO 8601."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def read_manifest(folder: Path) -> Manifest | None:
    """The folder's manifest, None where there is none. Raises Corrupt, DiskError."""
    path = folder / MANIFEST
    data = read_file(path)
    if data is None:
        return None
    check_stored(path, data, "StoredManifest")
    manifest: Manifest = json.loads(data)
    return manifest


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Replace the folder's manifest. Raises DiskError."""
    write_json(folder / MANIFEST, manifest)
    sync_folder(folder)


def same_run(one: Manifest, other: Manifest) -> bool:
    """Whether two manifests agree, and the first is of a finished run.

    The platform, the command, the versions, the commit and the times may differ.
    """
    circumstances = {"versions", "git", "platform", "command", "times"}
    if not one.get("times", {}).get("finished"):
        return False
    names = (one.keys() | other.keys()) - circumstances
    return all(one.get(name) == other.get(name) for name in names)
