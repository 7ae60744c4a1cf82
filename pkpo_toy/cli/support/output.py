"""The one file a command is asked to write, refused before any work if it cannot be one."""

from __future__ import annotations

from pathlib import Path

from pkpo_toy.errors import InputError


def checked_target(option: str, name: str) -> Path:
    """The path to write.

    Raises InputError unless its folder is there and what it would replace is an ordinary file:
    replacing a device would remove it.
    """
    path = Path(name)
    if not path.parent.is_dir():
        raise InputError(f"{option} {name!r}: there is no folder {str(path.parent)!r}.")
    if path.exists() and not path.is_file():
        raise InputError(f"{option} {name!r} is not an ordinary file.")
    return path
