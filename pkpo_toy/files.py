"""Files that are whole or absent: a temporary file in the same folder, fsync, then os.replace."""

import errno
import json
import os
import re
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO

from pkpo_toy.errors import PkpoError

RESULTS, FIGURES = Path("results"), Path("figures")
"""Where results and figures go unless the user says otherwise."""

_TEMPORARY = re.compile(r"\.pkpo-toy-[0-9a-f]{16}\.tmp")


class DiskError(PkpoError):
    """A file cannot be written or read: disk full, read-only, not permitted, over a size limit."""

    exit_code = 74

    def __init__(self, path: Path | str, reason: OSError):
        self.path = Path(path)
        text = str(reason.strerror or reason)
        if text == os.strerror(errno.EEXIST):  # of all calls here, only making a folder says that
            text = "is there and is not a folder"
        super().__init__(f"{self.path}: {text}")


@contextmanager
def disk_errors(path: Path) -> Iterator[None]:
    """Turn every OSError of the enclosed file work into a DiskError that names the path."""
    try:
        yield
    except OSError as error:
        named = Path(error.filename) if isinstance(error.filename, str) else path
        raise DiskError(path if is_temporary(named) else named, error) from error


def _temporary_in(folder: Path) -> Path:
    return folder / f".pkpo-toy-{secrets.token_hex(8)}.tmp"


def is_temporary(path: Path) -> bool:
    """Whether a file has a name that `replacing` gives to what is not yet whole."""
    return _TEMPORARY.fullmatch(path.name) is not None


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A temporary path whose file takes the place of `path` when the block ends.

    If the block fails, the temporary file vanishes and `path` is what it was. The rename reaches
    the disk with the next `sync_folder`; until then a power cut may bring back the old file, never
    a part of the new one.

    Raises DiskError where the disk refuses, or `path` is neither an ordinary file nor free.
    """
    temporary = _temporary_in(path.parent)
    with disk_errors(path):
        _check_ordinary(path)
        try:
            yield temporary
            with open(temporary, "r+b") as file:  # Windows syncs nothing that is open for reading
                os.fsync(file.fileno())
            os.replace(temporary, path)
        except BaseException:
            with suppress(OSError):
                temporary.unlink(missing_ok=True)
            raise


def _check_ordinary(path: Path) -> None:
    # A pipe or a device would be removed by the replacement. A symbolic link may be: the link
    # itself is replaced, and the file it points to stays as it is.
    with suppress(FileNotFoundError):
        mode = path.lstat().st_mode
        if not (stat.S_ISREG(mode) or stat.S_ISLNK(mode)):
            raise OSError(errno.EEXIST, "is not an ordinary file", str(path))


@contextmanager
def replacing_file(path: Path) -> Iterator[BinaryIO]:
    """As `replacing`, with the temporary file open for writing. Raises DiskError."""
    with replacing(path) as temporary, open(temporary, "xb") as file:
        yield file


def write_file(path: Path, data: bytes) -> None:
    """Write a whole file, or leave the old one. Raises DiskError."""
    with replacing_file(path) as file:
        file.write(data)


def write_output(path: Path, data: bytes) -> None:
    """Write a whole file for the user, making its folder; through a symbolic link to its target.

    Raises DiskError.
    """
    with disk_errors(path.parent):
        path.parent.mkdir(parents=True, exist_ok=True)
    with disk_errors(path):
        target = Path(os.path.realpath(path))
    write_file(target, data)
    sync_folder(target.parent)


def write_json(path: Path, value: Any) -> None:
    """Write a JSON file for people to read, or leave the old one. Raises DiskError."""
    write_file(path, (json.dumps(value, indent=2) + "\n").encode())


def read_file(path: Path) -> bytes | None:
    """The bytes of an ordinary file, None where there is none. Raises DiskError.

    A pipe is refused and not waited for.
    """
    with disk_errors(path):
        try:
            descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
        except FileNotFoundError:
            return None
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            raise OSError(errno.EINVAL, "is not an ordinary file", str(path))
        with open(descriptor, "rb") as file:
            return file.read()


def remove_file(path: Path) -> None:
    """Remove an ordinary file, if it is there. Raises DiskError."""
    with disk_errors(path):
        _check_ordinary(path)
        path.unlink(missing_ok=True)


def sync_folder(folder: Path) -> None:
    """Make the renames in a folder durable, where the system can. Raises DiskError."""
    if os.name == "nt":
        return
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
        probe = _temporary_in(folder)
        try:
            probe.write_bytes(bytes(4096))
        finally:
            probe.unlink(missing_ok=True)


def remove_temporaries(folder: Path) -> None:
    """Remove what a killed run left half-written: ordinary files under the names `replacing` gives.

    Only for the holder of the folder's lock. Raises DiskError.
    """
    with disk_errors(folder):
        for path in folder.iterdir():
            if is_temporary(path) and stat.S_ISREG(path.lstat().st_mode):
                path.unlink()
