"""Source files and what they import: which code a result depends on."""

import ast
import hashlib
import os
from collections.abc import Collection, Iterable, Iterator
from functools import lru_cache
from pathlib import Path


def fingerprint(files: Iterable[Path], root: Path) -> str:
    """sha256 of source files, as hex: names relative to `root` and contents, in sorted order.

    The same source at another place has the same fingerprint.
    """
    digest = hashlib.sha256()
    for name, file in sorted((file.relative_to(root).as_posix(), file) for file in set(files)):
        content = hashlib.sha256(file.read_bytes()).hexdigest()
        digest.update(f"{name}\0{content}\n".encode())
    return digest.hexdigest()


def imported_sources(
    starts: Iterable[Path], root: Path, without: Collection[Path] = ()
) -> set[Path]:
    """Python files and every file below `root` that they import, directly or through others.

    Read off the text, wherever in a file the import stands: nothing is executed. `root` is the
    folder that absolute imports start from; the files `without` are left out and not followed. A
    file that is not valid Python imports nothing.
    """
    found = set(starts)
    waiting = list(found)
    while waiting:
        file = waiting.pop()
        state = file.stat()
        new = set(_imported_by(file, root, state.st_mtime_ns, state.st_size)).difference(without)
        waiting += new - found
        found |= new
    return {file for file in found if file.is_relative_to(root)}


@lru_cache(maxsize=1024)  # every study of a suite imports much the same files
def _imported_by(file: Path, root: Path, modified: int, size: int) -> list[Path]:
    try:
        tree = ast.parse(file.read_bytes())
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    modules: set[tuple[Path, tuple[str, ...]]] = set()
    for node in _statements(tree):
        if isinstance(node, ast.Import):
            modules.update((root, tuple(alias.name.split("."))) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = file.parents[node.level - 1] if node.level else root
            module = tuple(node.module.split(".")) if node.module else ()
            modules.update((base, (*module, alias.name)) for alias in node.names)
    return _files_of(modules)


def _statements(tree: ast.Module) -> Iterator[ast.AST]:
    """Every statement, however deep. No import stands in an expression, and these are many."""
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        yield node
        for part in ("body", "orelse", "finalbody", "handlers", "cases"):
            waiting += getattr(node, part, ())


def _files_of(modules: Iterable[tuple[Path, tuple[str, ...]]]) -> list[Path]:
    """The files that Python executes to import modules: their own and those of their packages.

    A module is the folder where the search begins, and the names between the dots.
    """
    parts = {(base, names[:depth]) for base, names in modules for depth in range(1, len(names) + 1)}
    paths = [os.path.join(base, *names) for base, names in parts]
    files = [file for path in paths for file in (f"{path}.py", os.path.join(path, "__init__.py"))]
    return [Path(file) for file in files if os.path.isfile(file)]
