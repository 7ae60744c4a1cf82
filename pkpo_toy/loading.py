"""A function of the user's own, named as FILE.py:FUNCTION."""

import hashlib
import importlib.util
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

from pkpo_toy.errors import InputError
from pkpo_toy.sources import imported_sources


def names_a_file(name: str) -> bool:
    """Whether `name` has the form FILE.py:FUNCTION."""
    file, colon, function = name.rpartition(":")
    return bool(colon and function) and file.endswith(".py")


def load_function(kind: str, name: str) -> Callable[..., Any]:
    """The function that FILE.py:FUNCTION names; the file is read once, and again when it changes.

    kind: what it is to be ("estimator", "checker"), for the error's sentence.

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
    return defined[function]


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
        with _importing_from(path.parent):
            spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        about = f"{type(error).__name__}: {error}"
        raise InputError(f"{kind} file {str(path)!r} fails on import: {about}") from error
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
