"""A function of the user's own, named as FILE.py:FUNCTION."""

import hashlib
import importlib.util
import inspect
import io
import os
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from pkpo_toy.errors import InputError, Interruption
from pkpo_toy.sources import imported_sources


class UserCodeError(InputError):
    """A function of the user's own does not give an answer."""


STOPS = (KeyboardInterrupt, Interruption)  # the user's wish to end, which no code may answer


def names_a_file(name: str) -> bool:
    """Whether `name` has the form FILE.py:FUNCTION."""
    file, colon, function = name.rpartition(":")
    return bool(colon and function) and file.endswith(".py")


def load_function(kind: str, name: str) -> Callable[..., Any]:
    """The function that FILE.py:FUNCTION names; the file is read once, and again when it changes.

    kind: what it is to be ("estimator", "checker"), for the error's sentence.

    What it prints goes to stderr: stdout belongs to the result. Whatever it raises comes back as a
    UserCodeError that names the function and the line; `sys.exit` and `os._exit` end nothing, and
    the working folder is what it was.

    Raises InputError for a file or function that is not there, or a file that fails on import.
    """
    file, _, function = name.rpartition(":")
    path = Path(file)
    if not path.is_file():
        raise InputError(f"{kind} {name}: there is no file {str(path)!r}.")
    path = path.resolve()
    used = imported_sources([path], path.parent)
    state = frozenset((file, file.stat().st_mtime_ns, file.stat().st_size) for file in used)
    defined = _defined_in(path, kind, state)
    if function not in defined:
        has = f"it defines {', '.join(defined)}" if defined else "it defines no function"
        raise InputError(f"{str(path)!r} has no function {function!r}; {has}.")
    return _Own(kind, name, path, defined[function])


@dataclass(frozen=True)
class _Own:
    """A user's function, kept from doing harm."""

    kind: str
    name: str
    path: Path
    function: Callable[..., Any]

    @property
    def __signature__(self) -> inspect.Signature:
        return inspect.signature(self.function)

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        try:
            with _kept_in():
                return self.function(*arguments, **options)
        except STOPS:
            raise
        except BaseException as error:
            about = _about(error, self.path)
            raise UserCodeError(f"{self.kind} {self.name} failed: {about}.") from error


def _about(error: BaseException, path: Path) -> str:
    """Kind and text of an error, and the last line of the user's file that led to it."""
    try:
        text = str(error)
    except Exception:
        text = "an error that cannot be printed"
    lines = [at.lineno for at in traceback.extract_tb(error.__traceback__)
             if at.filename == str(path)]  # fmt: skip
    if isinstance(error, SyntaxError):
        lines = [error.lineno]
    where = f" ({path.name}, line {lines[-1]})" if lines else ""
    return (
        f"{type(error).__name__}: {text[:120]}{where}" if text else f"{type(error).__name__}{where}"
    )


class _Exit(BaseException):
    """What `os._exit` of a user's code raises instead of ending the process."""


class _ToStderr(io.TextIOBase):
    """stdout for a user's code: everything goes to stderr, and closing closes nothing."""

    def write(self, text: str) -> int:
        sys.stderr.write(text)
        return len(text)

    def flush(self) -> None:
        sys.stderr.flush()

    def close(self) -> None:
        pass


@contextmanager
def _kept_in() -> Iterator[None]:
    """While a user's code runs: no output on stdout, no end of the process, no other folder."""

    def leave(code: int) -> None:
        raise _Exit(f"os._exit({code})")

    try:
        folder = os.getcwd()
    except FileNotFoundError:
        folder = ""
    stdout, leaving = sys.stdout, os._exit
    sys.stdout, os._exit = _ToStderr(), leave  # type: ignore[assignment]
    try:
        with np.errstate(over="warn", invalid="warn", divide="warn"):
            yield
    finally:
        sys.stdout, os._exit = stdout, leaving
        if folder:
            with suppress(OSError):
                os.chdir(folder)


@lru_cache(maxsize=64)
def _defined_in(
    path: Path, kind: str, state: frozenset[tuple[Path, int, int]]
) -> dict[str, Callable[..., Any]]:
    """What can be called of the file, as it and what it imports from its folder were then."""
    digest = hashlib.sha256(str(path).encode()).hexdigest()[:12]
    spec = importlib.util.spec_from_file_location(f"pkpo_toy_own_{digest}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up there
    try:
        with _importing_from(path.parent), _kept_in():
            spec.loader.exec_module(module)
    except STOPS:
        raise
    except BaseException as error:
        raise InputError(
            f"{kind} file {path.name!r} fails on import: {_about(error, path)}."
        ) from error
    return {name: value for name, value in vars(module).items() if callable(value)}


@contextmanager
def _importing_from(folder: Path) -> Iterator[None]:
    """Let a file import modules that lie beside it.

    They are forgotten afterwards: an edited one must be read again, and two folders may each hold a
    helper of the same name.
    """
    before = set(sys.modules)
    sys.path.insert(0, str(folder))
    try:
        yield
    finally:
        sys.path.remove(str(folder))
        if str(folder) not in sys.path:
            sys.path.append(str(folder))  # for what a function imports when it is called
        for name in set(sys.modules) - before:
            file = getattr(sys.modules[name], "__file__", None)
            if file and Path(file).parent.is_relative_to(folder) and "site-packages" not in file:
                del sys.modules[name]
