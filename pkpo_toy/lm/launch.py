"""Whether torchrun started this process; read without torch."""

import os


def launched_processes() -> int:
    """How many processes torchrun has started; 1 without it.

    WORLD_SIZE alone says nothing: cluster jobs of all kinds have it in their environment.
    """
    return int(os.environ["WORLD_SIZE"]) if "TORCHELASTIC_RUN_ID" in os.environ else 1
