"""What surrounds the command: the streams, the environment, the user's Ctrl-C."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from functools import wraps
from io import TextIOWrapper
from pathlib import Path
from typing import Any

from pkpo_toy.errors import Interruption, PkpoError

DISK = 74  # exit code: what was to be written could not be


class OutputError(PkpoError):
    """stdout cannot be written: closed, or on a full disk."""

    exit_code = DISK


class Stopped(Interruption):
    """Ctrl-C outside a run: while something is imported or drawn."""

    exit_code = 130

    def __str__(self) -> str:
        return "interrupted"


def prepare() -> None:
    """Make the surroundings fit for work. Raises OutputError where stdout is closed."""
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w")  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            # A terminal that cannot show a letter shows its code; results are never lost to it.
            stream.reconfigure(errors="backslashreplace")
    # Figures are drawn to files; a notebook's backend may not even be importable here.
    os.environ["MPLBACKEND"] = "agg"
    os.environ.pop("SOURCE_DATE_EPOCH", None)  # no figure holds a date, and a bad one stops it
    for size in ("COLUMNS", "LINES"):
        if not os.environ.get(size, "1").strip("0"):
            del os.environ[size]  # a terminal without width, as some editors' are
    if Path("matplotlibrc").exists():
        _ignore_settings_here()


def _ignore_settings_here() -> None:
    # Figures look the same wherever they are drawn, and a damaged file of settings stops nothing.
    folder = os.getcwd()
    os.chdir(Path(__file__).parent)
    try:
        import matplotlib  # noqa: F401
    finally:
        os.chdir(folder)


def _has_place() -> bool:
    try:
        return bool(os.getcwd())
    except FileNotFoundError:
        return False


def flush() -> None:
    """Write what is still to be written. Raises OutputError where it cannot be."""
    if sys.stdout is None:
        return
    try:
        sys.stdout.flush()
    except BrokenPipeError:  # the reader has seen enough
        _to_nowhere()
    except (OSError, ValueError) as error:
        _to_nowhere()
        reason = getattr(error, "strerror", None) or error
        raise OutputError(f"stdout cannot be written: {reason}") from error


def _to_nowhere() -> None:
    # What is left in the buffer would be tried again, and complained of, at the very end.
    sys.stdout = open(os.devnull, "w")  # noqa: SIM115


def interruptible(command: Callable[..., None]) -> Callable[..., None]:
    """The command, whose Ctrl-C is said in one line with the command that resumes."""

    @wraps(command)
    def run(*arguments: Any, **options: Any) -> None:
        if sys.stdout is None:
            raise OutputError("stdout is closed, and there is something to write to it")
        if not _has_place():
            raise OutputError("the working folder is no longer there")
        try:
            command(*arguments, **options)
        except KeyboardInterrupt:
            raise Stopped from None

    return run
