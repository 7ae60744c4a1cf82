"""Packages that only parts of the project need, and the command that brings them."""

from __future__ import annotations

import re
from importlib.metadata import PackageNotFoundError, requires

NAME = "pkpo-toy"


def install_command(extra: str) -> str:
    """pip's command for an extra, package by package.

    So it works wherever this package came from: an index, a wheel or a checkout.
    """
    try:
        packages = _needed(extra, requires(NAME) or [])
    except PackageNotFoundError:  # run from its source
        packages = []
    return "pip install " + " ".join(f"'{one}'" for one in packages or [f".[{extra}]"])


def _needed(extra: str, lines: list[str]) -> list[str]:
    found: list[str] = []
    for line in lines:
        package, _, marker = line.partition(";")
        if not re.search(rf"extra == ['\"]{extra}['\"]", marker):
            continue
        own = re.fullmatch(rf"{NAME}\[(.*)\]", package.strip())
        for one in own[1].split(",") if own else ():
            found += _needed(one.strip(), lines)
        found += [] if own else [package.strip()]
    return found
