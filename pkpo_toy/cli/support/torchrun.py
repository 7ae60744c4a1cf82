"""A command started by torchrun: one process runs it, the others train along with it."""

from __future__ import annotations

import os
from collections.abc import Callable

from pkpo_toy.errors import PkpoError


def processes() -> int:
    """How many processes torchrun has started; 1 without it."""
    return int(os.environ.get("WORLD_SIZE", "1"))


def together(command: Callable[[], None]) -> None:
    """Run the command, under torchrun on rank 0 alone, which lets the others end with it."""
    if processes() == 1:
        command()
        return
    from pkpo_toy.lm.ranks import current, dismiss
    from pkpo_toy.lm.study import follow_cells

    if current().rank:
        follow_cells()
        return
    try:
        command()
    except (SystemExit, PkpoError):  # the command's own ends; torchrun sees to all others
        dismiss()
        raise
    dismiss()
