"""The one file a command is asked to write, refused before any work if it cannot be one."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from glob import glob
from pathlib import Path

from pkpo_toy.errors import InputError


def checked_target(option: str, name: str | Path, reads: Sequence[str] = ()) -> Path:
    """The path to write by a command that reads these files, patterns among them.

    Raises InputError unless its folder is there and what it would replace is an ordinary file that
    is not read, not where stdout goes (/dev/stdout, say) and kept by no run: replacing a device or
    a pipe would remove it.
    """
    from pkpo_toy.runs import is_result

    path, shown = Path(name), f"{option} {str(name)[:100]!r}"
    try:
        if not path.parent.is_dir():
            raise InputError(f"{shown}: there is no folder {str(path.parent)[:100]!r}.")
        if path.exists() and not path.is_file():
            raise InputError(f"{shown} is not an ordinary file.")
        if path.exists() and _is_open(path):
            raise InputError(f"{shown} is where the output goes already; leave {option} out.")
        if path.exists() and any(path.samefile(each) for each in _matches(reads)):
            raise InputError(f"{shown} is read too; choose another.")
        kept = is_result(Path(os.path.realpath(path)))
    except InputError:
        raise
    except (OSError, ValueError) as error:  # a name too long, a NUL in it
        reason = getattr(error, "strerror", None) or error
        raise InputError(f"{shown} cannot be written: {reason}.") from None
    if kept:
        raise InputError(f"{shown} is a file of stored results; choose another.")
    return path


def _is_open(path: Path) -> bool:
    """Whether stdout or stderr goes there."""
    for descriptor in (1, 2):
        with suppress(OSError):  # closed
            if os.path.samestat(path.stat(), os.fstat(descriptor)):
                return True
    return False


def _matches(names: Sequence[str]) -> list[str]:
    """The files that are there under these names and patterns."""
    found = [match for name in names for match in [name, *glob(name)]]
    return [name for name in found if os.path.exists(name)]


def checked_page(option: str, name: str) -> Path:
    """The HTML file to write. Raises InputError as `checked_target`, and for another ending."""
    if not name.lower().endswith((".html", ".htm")):
        raise InputError(f"{option} must end in .html, got {name!r}.")
    return checked_target(option, name)


def open_page(path: Path) -> None:
    """Show the file in the user's browser; where there is none, say so on stderr."""
    import sys
    import webbrowser

    if not webbrowser.open(path.resolve().as_uri()):
        sys.stderr.write(f"no browser was found: open {path} yourself\n")
