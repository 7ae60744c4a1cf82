"""Errors and their messages. Every room may import them."""

from collections.abc import Iterable
from difflib import get_close_matches
from typing import ClassVar


class PkpoError(Exception):
    """What the command line reports in one sentence, ending with this exit code."""

    exit_code: ClassVar[int] = 1


class Interruption(BaseException):
    """The user or the system ends the run; no Exception, lest `except Exception` hide it."""

    exit_code: int


class InputError(PkpoError, ValueError):
    """The user's input is out of its domain; the message names argument, domain and value."""

    exit_code = 2


def unknown(kind: str, name: object, choices: Iterable[str]) -> InputError:
    """The error for a name that is not in a table: the nearest valid name, then all of them."""
    known = sorted(choices)
    near = get_close_matches(str(name), known, n=1, cutoff=0.4)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    return InputError(f"unknown {kind} {name!r}.{hint} Choose from: {', '.join(known)}.")
