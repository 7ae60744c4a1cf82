"""Stored results as a user names them: a study under the results folder, or a path."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pkpo_toy.errors import InputError, unknown
from pkpo_toy.runs import read_manifest, results_folder


@dataclass(frozen=True)
class Stored:
    """A results folder and its manifest."""

    folder: Path
    manifest: dict[str, Any]

    @property
    def name(self) -> str:
        return self.folder.resolve().name

    @property
    def study(self) -> str:
        return str(self.manifest["study"])

    @property
    def keys(self) -> list[str]:
        """The cells whose results are there."""
        failed = set(self.manifest["failed"])
        return [key for key in self.manifest["cells"] if key not in failed]


def open_stored(run: str, root: Path) -> Stored:
    """The results of that name under `root`, or in that folder.

    Raises: InputError where there are none, with the nearest name that has some.
    """
    folder = Path(run) if "/" in run else results_folder(root, run)
    manifest = read_manifest(folder)
    if manifest is None:
        there = sorted(path.parent.name for path in root.glob("*/manifest.json"))
        if not there or "/" in run:
            raise InputError(f"no results in {str(folder)!r}; `pkpo-toy run` makes some.")
        raise unknown(f"results in {str(root)!r}:", run, there)
    return Stored(folder, manifest)
