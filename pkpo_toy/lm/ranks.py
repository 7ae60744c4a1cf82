"""Several processes started by torchrun: rank 0 runs the command, the others train along with it.

Each rank samples and scores whole groups of its own; torch's DDP averages the gradients. So N ranks
with B prompts each estimate the same gradient as one process with N B prompts.
"""

from __future__ import annotations

import gc
import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor

from pkpo_toy.errors import InputError
from pkpo_toy.lm.launch import launched_processes


@dataclass(frozen=True)
class Ranks:
    """Which process this is, of how many."""

    rank: int = 0
    size: int = 1

    def gather(self, value: Any) -> list[Any]:
        """Everybody's value, in the order of the ranks."""
        if self.size == 1:
            return [value]
        values: list[Any] = [None] * self.size
        dist.all_gather_object(values, value)
        return values

    def any(self, flags: Tensor) -> Tensor:
        """Of flags of any shape, which are true on some rank, same shape."""
        if self.size > 1:
            found = flags.to(torch.uint8)
            dist.all_reduce(found, op=dist.ReduceOp.MAX)
            return found.bool()
        return flags

    def share(self, value: Any) -> Any:
        """Rank 0's value, on every rank."""
        if self.size == 1:
            return value
        box = [value]
        dist.broadcast_object_list(box)
        return box[0]


def current() -> Ranks:
    """This process among those of torchrun; a process alone where there are none."""
    size = launched_processes()
    if size == 1:
        return Ranks()
    if not dist.is_initialized():
        dist.init_process_group("nccl" if torch.cuda.is_available() else "gloo")
    return Ranks(dist.get_rank(), size)


def device_of(name: str) -> torch.device:
    """The device; of several CUDA devices, each rank takes its own. Raises InputError."""
    if name == "cuda" and "LOCAL_RANK" in os.environ:
        name = f"cuda:{os.environ['LOCAL_RANK']}"
    try:
        return torch.empty(0, device=name).device
    except (RuntimeError, AssertionError) as error:
        reason = str(error).splitlines()[0]
        raise InputError(
            f"device must be one that torch has here, got {name!r}: {reason}"
        ) from None


def follow(work: Callable[[Any], Any]) -> None:
    """Ranks above 0: do with rank 0 every piece of work that it shares, until it dismisses them."""
    ranks = current()
    while (piece := ranks.share(None)) is not None:
        with suppress(InputError):  # rank 0 meets the same and reports it
            work(piece)
    _part()


def dismiss() -> None:
    """Rank 0: let the others end."""
    if dist.is_initialized():
        current().share(None)
        _part()


def _part() -> None:
    """All together, so that nobody's connections close while another still reads.

    What still holds the group (DDP, in cycles) goes first: its threads must have ended before the
    interpreter does, which they would otherwise abort.
    """
    dist.barrier()
    gc.collect()
    dist.destroy_process_group()
    gc.collect()
