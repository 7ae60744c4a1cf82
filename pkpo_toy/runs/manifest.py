"""manifest.json: what was run, with what, by whom it can be told apart, and when."""

import json
import platform
import subprocess
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from pkpo_toy.runs.cells import SCHEMA
from pkpo_toy.runs.errors import Corrupt, disk_errors
from pkpo_toy.runs.files import sync_folder, write_json

MANIFEST = "manifest.json"
PACKAGES = ("pkpo-toy", "numpy", "pandas", "matplotlib", "torch", "transformers", "distributed")

Manifest = dict[str, Any]


def new_manifest(description: Mapping[str, Any], keys: list[str]) -> Manifest:
    """The manifest of a run that begins now.

    `description` is the caller's: study, seed, resolved configuration. Times are in `times` alone.
    """
    return {
        "schema": SCHEMA,
        **description,
        "cells": keys,
        "failed": [],
        "summary": None,
        "versions": _versions(),
        "git": _git(Path(__file__).parent.parent),
        "platform": platform.platform(),
        "command": [Path(sys.argv[0]).name, *sys.argv[1:]],
        "times": {"started": now(), "finished": None},
    }


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def read_manifest(folder: Path) -> Manifest | None:
    """The folder's manifest, None where there is none. Raises Corrupt, DiskError."""
    path = folder / MANIFEST
    with disk_errors(path):
        if not path.exists():
            return None
        data = path.read_bytes()
    try:
        manifest = json.loads(data)
    except ValueError as error:
        raise Corrupt(f"{path} is not a manifest: {error}") from error
    if not isinstance(manifest, dict):
        raise Corrupt(f"{path} is not a manifest: not a JSON object")
    return manifest


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Replace the folder's manifest. Raises DiskError."""
    write_json(folder / MANIFEST, manifest)
    sync_folder(folder)


def same_run(one: Manifest, other: Manifest) -> bool:
    """Whether two manifests tell of the same finished work: all but where, how and when."""
    circumstances = {"versions", "git", "platform", "command", "times"}
    if not one.get("times", {}).get("finished"):
        return False
    names = (one.keys() | other.keys()) - circumstances
    return all(one.get(name) == other.get(name) for name in names)


def _versions() -> dict[str, str]:
    found = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def _git(folder: Path) -> dict[str, Any] | None:
    """Commit and whether files differ from it; None without git or where it does not keep these.

    (An installed copy may lie inside a repository that has nothing to do with it.)
    """
    commit = _git_output(folder, "rev-parse", "HEAD")
    if commit is None or _git_output(folder, "ls-files", "--error-unmatch", ".") is None:
        return None
    changes = _git_output(folder, "status", "--porcelain", "--untracked-files=no", "--", ".")
    return {"commit": commit, "dirty": bool(changes)}


def _git_output(folder: Path, *arguments: str) -> str | None:
    command = ["git", "-C", str(folder), *arguments]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=5, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()
