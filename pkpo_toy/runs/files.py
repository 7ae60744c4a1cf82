"""Files that are whole or absent: a temporary file in the same folder, fsync, then os.replace."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO

from pkpo_toy.runs.errors import disk_errors

TEMPORARY = ".tmp"


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """A file that takes the place of `path` when the block ends, and vanishes if it fails.

    The rename reaches the disk with the next `sync_folder`; until then a power cut may bring back
    the old file, never a part of the new one.
    Raises DiskError.
    """
    temporary = path.with_name(path.name + TEMPORARY)
    with disk_errors(path):
        try:
            with open(temporary, "wb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, path)
        except BaseException:
            with suppress(OSError):
                temporary.unlink(missing_ok=True)
            raise


def write_file(path: Path, data: bytes) -> None:
    """Write a whole file, or leave the old one. Raises DiskError."""
    with replacing(path) as file:
        file.write(data)


def write_json(path: Path, value: Any) -> None:
    """Write a JSON file for people to read, or leave the old one. Raises DiskError."""
    write_file(path, (json.dumps(value, indent=2) + "\n").encode())


def sync_folder(folder: Path) -> None:
    """Make the renames in a folder durable. Raises DiskError."""
    with disk_errors(folder):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def make_folder(folder: Path) -> None:
    """Create a folder and show that a file can be written in it. Raises DiskError."""
    with disk_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / (".probe" + TEMPORARY)
        write_file(probe, bytes(4096))
        probe.unlink()


def remove_temporaries(folder: Path) -> None:
    """Remove what a killed run left half-written. Only for the holder of the folder's lock."""
    with disk_errors(folder):
        for path in folder.glob("*" + TEMPORARY):
            path.unlink()
