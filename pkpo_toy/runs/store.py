"""The cells of one results folder: cells/<key>.csv and their checksums in cells/SHA256SUMS.

The CSV files are plain, and `sha256sum -c SHA256SUMS` checks them. A line is appended after its
cell is in place, so a crash in between only costs that cell: a cell without a line counts as
absent and is computed again.
"""

import hashlib
import os
import time
from collections.abc import Collection, Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Literal, Self

from pkpo_toy.files import (
    disk_errors,
    make_folder,
    read_file,
    remove_temporaries,
    sync_folder,
    write_file,
)
from pkpo_toy.runs.errors import Corrupt
from pkpo_toy.runs.tables import read_csv

if TYPE_CHECKING:
    import pandas as pd

CELLS = "cells"
SUMS = "SHA256SUMS"
CORRUPT = ".corrupt"
SYNC_SECONDS = 1.0  # of work that a power cut may cost; the death of the process costs nothing


class Store:
    """The cells of a folder whose lock is held; a context manager. Its methods raise DiskError."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.cells = folder / CELLS
        self._digests: dict[str, bytes] = {}
        self._sums: BinaryIO | None = None
        self._synced = time.monotonic()

    def __enter__(self) -> Self:
        make_folder(self.folder)
        make_folder(self.cells)
        remove_temporaries(self.folder)
        remove_temporaries(self.cells)
        self._digests = read_sums(self.cells)
        return self

    def __exit__(self, *raised: object) -> None:
        if self._sums is not None:
            self._sums.close()

    def path(self, key: str) -> Path:
        """Where the cell is stored."""
        return self.cells / f"{key}.csv"

    def digest(self, key: str) -> str:
        """The checksum of a stored cell, as hex."""
        return self._digests[key].hex()

    def check(self, key: str) -> Literal["valid", "absent", "corrupt"]:
        """Whether a cell is stored, and whether its bytes are those that were written."""
        expected = self._digests.get(key)
        data = read_file(self.path(key))
        if expected is None or data is None:
            return "absent"
        return "valid" if hashlib.sha256(data).digest() == expected else "corrupt"

    def set_aside(self, key: str) -> Path:
        """Move a damaged cell out of the way, to <key>.csv.corrupt."""
        path = self.path(key)
        aside = path.with_name(path.name + CORRUPT)
        with disk_errors(path):
            os.replace(path, aside)
        del self._digests[key]
        return aside

    def write(self, key: str, data: bytes) -> None:
        """Store a cell: the file, then its checksum; both durable within SYNC_SECONDS."""
        write_file(self.path(key), data)
        digest = hashlib.sha256(data)
        with disk_errors(self.cells / SUMS):
            self._append(_line(key, digest.digest()))
        self._digests[key] = digest.digest()
        if time.monotonic() - self._synced > SYNC_SECONDS:
            self.sync()

    def _append(self, line: bytes) -> None:
        if self._sums is None:
            self._sums = open(self.cells / SUMS, "ab", buffering=0)  # noqa: SIM115
            # A crash or a full disk may have left half a line: start a new one.
            line = b"\n" + line if self._sums.tell() else line
        if self._sums.write(line) != len(line):
            self._sums.write(b"\n")  # fails for the reason that cut the line, and so reports it

    def sync(self) -> None:
        """Make all that was written durable."""
        if self._sums is not None:
            with disk_errors(self.cells / SUMS):
                os.fsync(self._sums.fileno())
            sync_folder(self.cells)
        self._synced = time.monotonic()

    def finish(self) -> None:
        """Sort the checksums, so that the file does not depend on the order in which cells ran."""
        self.sync()
        if self._sums is not None:
            self._sums.close()
            self._sums = None
        write_sums(self.cells, self._digests)


def _line(key: str, digest: bytes) -> bytes:
    return f"{digest.hex()}  {key}.csv\n".encode()


def read_sums(cells: Path) -> dict[str, bytes]:
    """Checksums by key; of several lines of a key the last one counts, and half lines none."""
    digests: dict[str, bytes] = {}
    text = (read_file(cells / SUMS) or b"").decode("ascii", "replace")
    for line in text.splitlines(keepends=True):
        hexadecimal, _, name = line.partition("  ")
        if len(hexadecimal) == 64 and name.endswith(".csv\n"):
            with suppress(ValueError):
                digests[name[:-5]] = bytes.fromhex(hexadecimal)
    return digests


def write_sums(cells: Path, digests: dict[str, bytes]) -> None:
    """Write the checksums sorted by key, if that changes anything."""
    stored = {entry.name for entry in os.scandir(cells)}
    data = b"".join(_line(k, digests[k]) for k in sorted(digests) if f"{k}.csv" in stored)
    path = cells / SUMS
    if read_file(path) != data:
        write_file(path, data)
        sync_folder(cells)


def read_cells(folder: Path, keys: Collection[str]) -> Iterator[tuple[str, "pd.DataFrame"]]:
    """The frames of the given cells, one in memory at a time.

    Raises Corrupt for a cell that is absent or fails its checksum.
    """
    digests = read_sums(folder / CELLS)
    for key in keys:
        yield key, read_cell(folder, key, digests.get(key))


def read_cell(folder: Path, key: str, digest: bytes | None) -> "pd.DataFrame":
    """The frame of a cell whose bytes must have this checksum. Raises Corrupt, DiskError."""
    path = folder / CELLS / f"{key}.csv"
    data = read_file(path)
    if data is None or hashlib.sha256(data).digest() != digest:
        raise Corrupt(f"{path} is absent or fails its checksum; run the study again")
    return read_csv(data)
