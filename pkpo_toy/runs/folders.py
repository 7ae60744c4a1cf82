"""Names of results folders, none of which leads out of the root of all results."""

import os
import re
from pathlib import Path

from pkpo_toy.errors import InputError

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}")


def check_name(argument: str, name: str) -> str:
    """The name, if a folder can have it.

    Raises InputError unless it is 1 to 100 letters, digits, dots, dashes or underscores and starts
    with neither a dot nor a dash (so no separators, no "..", no control characters).
    """
    if _NAME.fullmatch(name):
        return name
    shown = repr(name if len(name) <= 100 else name[:100] + "...")
    raise InputError(
        f"{argument} must be 1 to 100 letters, digits, dots, dashes or underscores,"
        f" not starting with a dot or dash, got {shown}"
    )


def results_folder(root: Path, name: str) -> Path:
    """The folder root/name.

    Raises InputError for a bad name and where the folder is a link that leads out of the root.
    """
    folder = root / check_name("the name of a results folder", name)
    there = Path(os.path.realpath(folder))  # unlike `resolve`, says nothing of links in a circle
    if there.parent != Path(os.path.realpath(root)):
        raise InputError(f"the results folder must lie in {root}, got {folder} -> {there}")
    return folder
