"""The one file a command is asked to write, refused before any work if it cannot be one."""

from __future__ import annotations

from pathlib import Path

from pkpo_toy.errors import InputError


def checked_target(option: str, name: str | Path) -> Path:
    """The path to write.

    Raises InputError unless its folder is there and what it would replace is an ordinary file that
    no run keeps: replacing a device or a pipe would remove it.
    """
    from pkpo_toy.runs import is_result

    path, shown = Path(name), f"{option} {str(name)[:100]!r}"
    try:
        if not path.parent.is_dir():
            raise InputError(f"{shown}: there is no folder {str(path.parent)[:100]!r}.")
        if path.exists() and not path.is_file():
            raise InputError(f"{shown} is not an ordinary file.")
        kept = is_result(path.resolve())
    except InputError:
        raise
    except (OSError, ValueError) as error:  # a name too long, a NUL in it
        reason = getattr(error, "strerror", None) or error
        raise InputError(f"{shown} cannot be written: {reason}.") from None
    if kept:
        raise InputError(f"{shown} is a file of stored results; choose another.")
    return path


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
