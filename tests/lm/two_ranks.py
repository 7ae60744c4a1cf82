"""Two processes with what torchrun gives them, forked from one that has imported torch.

torchrun itself starts a command in test_ranks.py.
"""

import os
import socket
import subprocess
from collections.abc import Sequence

from tests.warm import WarmPopen


def as_two_ranks(
    command: Sequence[str], folder: os.PathLike[str]
) -> list[subprocess.CompletedProcess[str]]:
    """What each rank of `python -m COMMAND` left."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    shared = {"WORLD_SIZE": "2", "LOCAL_WORLD_SIZE": "2", "TORCHELASTIC_RUN_ID": "test",
              "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}  # fmt: skip
    ranks = [
        WarmPopen(
            command, cwd=folder, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env={**os.environ, **shared, "RANK": rank, "LOCAL_RANK": rank},
        )
        for rank in ("0", "1")
    ]  # fmt: skip
    try:
        told = [rank.communicate(timeout=180) for rank in ranks]
    finally:
        for rank in ranks:
            rank.kill()
            rank.wait()
    return [
        subprocess.CompletedProcess(command, rank.returncode, *each)
        for rank, each in zip(ranks, told, strict=True)
    ]
