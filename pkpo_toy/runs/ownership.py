"""Which files in a folder were made by runs: no other file is written over or removed."""

import re
import stat
from pathlib import Path

from pkpo_toy.errors import InputError
from pkpo_toy.files import disk_errors, is_temporary
from pkpo_toy.runs.errors import Corrupt
from pkpo_toy.runs.failures import FAILURES
from pkpo_toy.runs.lock import LOCK
from pkpo_toy.runs.manifest import MANIFEST, read_manifest
from pkpo_toy.runs.store import CELLS, SUMS
from pkpo_toy.runs.summary import SUMMARY

FILES = (MANIFEST, SUMMARY, FAILURES)
_CELL = re.compile(r"[0-9a-f]{20}\.csv(\.corrupt)?")


def check_ours(folder: Path) -> None:
    """Raises InputError where the folder holds files and is not the results folder of a study.

    It is one if it has a manifest. A run that was killed early has written none, and a manifest may
    be damaged: then it is one if it holds the lock, and nothing but what a run makes.
    """
    with disk_errors(folder):
        names = {path.name for path in folder.iterdir()} if folder.is_dir() else set()
    names = {name for name in names if not is_temporary(Path(name))}
    made = {LOCK, CELLS, *FILES}
    if not names or _has_manifest(folder) or (LOCK in names and names <= made):
        return
    strange = sorted(names - made or names)[0]
    raise InputError(
        f"{str(folder)[:100]!r} holds files that no run made, {strange[:60]!r} for one; "
        "choose another folder or name."
    )


def _has_manifest(folder: Path) -> bool:
    try:
        return read_manifest(folder) is not None
    except Corrupt:
        return False


def ours(folder: Path, *, cells_only: bool = False) -> list[Path]:
    """The ordinary files in the folder that have the names which runs give to theirs."""
    with disk_errors(folder):
        cells = folder / CELLS
        there = list(cells.iterdir()) if cells.is_dir() else []
        found = [path for path in there if _CELL.fullmatch(path.name)]
        if not cells_only:
            found += [cells / SUMS, *(folder / name for name in FILES)]
        return sorted(path for path in found if _is_ordinary(path))


def _is_ordinary(path: Path) -> bool:
    try:
        return stat.S_ISREG(path.lstat().st_mode)
    except FileNotFoundError:
        return False


def remove_results(folder: Path) -> None:
    """Remove what runs made in the folder, and nothing else. Raises DiskError."""
    with disk_errors(folder):
        for path in ours(folder):
            path.unlink()


def is_result(path: Path) -> bool:
    """Whether the path is that of a file which runs keep in a results folder."""
    folder = path.parent.parent if path.parent.name == CELLS else path.parent
    kept = path in ours(folder) or path.name == LOCK
    return kept and _has_manifest(folder)
