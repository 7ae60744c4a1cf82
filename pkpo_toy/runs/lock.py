"""A lock that lets one process at a time use a results folder, and ends with that process."""

import json
import os
import socket
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

from pkpo_toy.files import disk_errors
from pkpo_toy.runs.errors import Busy

try:
    import fcntl
except ImportError:  # Windows
    import msvcrt

LOCK = ".lock"


class Lock:
    """A context manager that locks a folder: the file .lock in it says which process has the lock.

    `flock` belongs to the open file: the kernel drops it with the process, however that ends, and
    spawned workers do not inherit the descriptor. On release the file is emptied and stays: if it
    were removed, two processes could lock two different files of the same name.
    Raises Busy, naming the holder, and DiskError.
    """

    def __init__(self, folder: Path):
        self.folder = folder
        self._descriptor = -1

    def __enter__(self) -> Self:
        path = self.folder / LOCK
        with disk_errors(path):
            self.folder.mkdir(parents=True, exist_ok=True)
            # O_NOFOLLOW: where .lock is a link, the file that it points to is left alone.
            flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0)
            self._descriptor = os.open(path, flags, 0o644)
        try:
            self._take()
        except BaseException:
            os.close(self._descriptor)
            raise
        return self

    def _take(self) -> None:
        path = self.folder / LOCK
        with disk_errors(path):
            try:
                _lock(self._descriptor)
            except (BlockingIOError, PermissionError):
                raise Busy(self.folder, self._holder()) from None
            os.ftruncate(self._descriptor, 0)
            since = datetime.now(UTC).isoformat(timespec="seconds")
            holder = {"pid": os.getpid(), "host": socket.gethostname(), "since": since}
            os.write(self._descriptor, json.dumps(holder).encode())

    def _holder(self) -> str:
        # The file is empty while its holder has the lock but has not written yet, and on release.
        try:
            signed = json.loads(os.read(self._descriptor, 4096))
            return f"process {signed['pid']} on {signed['host']} since {signed['since']}"
        except (ValueError, KeyError, TypeError):
            return "another process"

    def __exit__(self, *raised: object) -> None:
        with suppress(OSError):
            os.ftruncate(self._descriptor, 0)
        os.close(self._descriptor)


def _lock(descriptor: int) -> None:
    """Raises BlockingIOError or PermissionError where another process has the lock."""
    if "fcntl" in globals():
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return
    # Windows locks bytes: one far behind the holder's name, which others must be able to read.
    os.lseek(descriptor, 1 << 30, os.SEEK_SET)
    msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]
    os.lseek(descriptor, 0, os.SEEK_SET)
