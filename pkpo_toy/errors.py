"""What is said when the user's input is wrong: one sentence, one home, importable from every room."""

from collections.abc import Iterable
from difflib import get_close_matches


class InputError(ValueError):
    """The user's input is out of its domain; the message names argument, domain and value."""


def unknown(kind: str, name: object, choices: Iterable[str]) -> InputError:
    """The error for a name that is not in a table: the nearest valid name, then all of them."""
    known = sorted(choices)
    near = get_close_matches(str(name), known, n=1, cutoff=0.4)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    return InputError(f"unknown {kind} {name!r}.{hint} Choose from: {', '.join(known)}.")
