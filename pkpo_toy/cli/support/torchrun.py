"""A command started by torchrun: one process runs it, the others train along with it."""

from __future__ import annotations

from collections.abc import Callable

from pkpo_toy.errors import PkpoError
from pkpo_toy.lm.launch import launched_processes


def together(command: Callable[[], None]) -> None:
    """Run the command, under torchrun on rank 0 alone, which lets the others end with it."""
    if launched_processes() == 1:
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
