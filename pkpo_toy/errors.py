"""Errors and their messages. Every room may import them."""

from collections.abc import Iterable
from difflib import get_close_matches
from typing import ClassVar

LONGEST = 300  # characters of a message


class PkpoError(Exception):
    """What the command line reports in one sentence, ending with this exit code."""

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str) -> None:
        super().__init__(one_sentence(message))


class Interruption(BaseException):
    """The user or the system ends the run; no Exception, lest `except Exception` hide it."""

    exit_code: int


class InputError(PkpoError, ValueError):
    """The user's input is out of its domain; the message names argument, domain and value."""

    exit_code = 2


def one_sentence(text: str) -> str:
    """The text on one line of at most LONGEST characters, its middle left out where it is longer.

    Control characters, which could move the cursor or hide the text, are shown as escapes.
    """
    if len(text) > LONGEST:
        text = f"{text[: LONGEST // 2]} ... {text[-LONGEST // 3 :]}"
    text = " ".join(text.split())
    shown = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
    return shown if len(shown) <= LONGEST else shown[: LONGEST - 3] + "..."


def unknown(kind: str, name: object, choices: Iterable[str]) -> InputError:
    """The error for a name that is not in a table: the nearest valid name, then all of them."""
    known = sorted(choices)
    near = get_close_matches(str(name).lower(), known, n=1, cutoff=0.4)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    text = f"unknown {kind} {str(name)[:60]!r}.{hint} Choose from: "
    if not known:
        return InputError(f"unknown {kind} {str(name)[:60]!r}. There are none to choose from.")
    listed = ", ".join(known)
    if len(text + listed) >= LONGEST:
        listed = listed[: LONGEST - len(text) - 5].rpartition(",")[0] + ", .."
    return InputError(f"{text}{listed}.")
