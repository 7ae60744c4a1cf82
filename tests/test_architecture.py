"""The walls of the house, read off the imports: a room knows only what stands before it."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "pkpo_toy"
GROUND = {"package", "errors", "extras", "typing", "checks", "files", "sources", "web", "loading"}
MAY_IMPORT = {
    "package": set(),
    "errors": set(),
    "extras": set(),
    "typing": set(),
    "checks": {"errors", "typing"},
    "files": {"errors"},
    "sources": set(),
    "web": set(),
    "loading": {"errors", "sources"},
    "estimators": GROUND,
    "simulator": GROUND,
    "training": GROUND | {"estimators", "simulator"},
    "samples": GROUND | {"estimators"},
    "lm": GROUND | {"estimators", "simulator", "training", "samples"},
    "studies": GROUND | {"estimators", "simulator", "training", "samples", "lm"},
    "lessons": GROUND | {"estimators", "simulator", "training"},
    "runs": GROUND,
    "plotting": GROUND | {"estimators"},
}
MAY_IMPORT["experiment"] = GROUND | {"training", "studies", "runs", "plotting"}
MAY_IMPORT["report"] = GROUND | {"estimators", "studies", "runs", "plotting", "experiment"}
MAY_IMPORT["cli"] = set(MAY_IMPORT)
HEAVY = {"torch", "transformers", "trl", "peft"}
NUMPY_ONLY = {"estimators", "simulator"}
SOURCES = sorted(PACKAGE.rglob("*.py"))


def imported(source: Path) -> set[str]:
    """Every dotted name that the file imports, wherever in the file."""
    names = set()
    for node in ast.walk(ast.parse(source.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{source}: relative import"
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def room_of(source: Path) -> str:
    """The first folder below the package, or the module itself; "" for the package's own files."""
    name = source.relative_to(PACKAGE).parts[0].removesuffix(".py")
    return "" if name.startswith("__") else name


@pytest.mark.parametrize("source", SOURCES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_a_room_imports_only_what_stands_before_it(source):
    room = room_of(source)
    for name in imported(source):
        first, *rest = name.split(".")
        if first in HEAVY:
            assert room == "lm", f"{source} imports {name}"
        if room in NUMPY_ONLY and first not in {"numpy", "pkpo_toy"}:
            assert first in sys.stdlib_module_names, f"{source} imports {name}"
        if first == "pkpo_toy" and room:
            target = rest[0] if rest and rest[0] in MAY_IMPORT else ""
            assert target in MAY_IMPORT[room] | {room}, f"{source} imports {name}"


def test_every_room_is_known():
    assert {room_of(source) for source in SOURCES} <= set(MAY_IMPORT) | {""}


def test_the_rooms_form_no_circle():
    standing: set[str] = set()
    for room, before in MAY_IMPORT.items():
        assert before - {room} <= standing, f"{room} imports what stands after it"
        standing.add(room)


def loaded_by(statement: str) -> set[str]:
    code = f"{statement}; import sys; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return {name.split(".")[0] for name in done.stdout.split()}


def test_importing_the_package_loads_numpy_and_nothing_heavier():
    heavy = {"pandas", "matplotlib", "seaborn", "torch", "rich", "typer", "pydantic", "distributed"}
    assert not loaded_by("import pkpo_toy; pkpo_toy.weights") & heavy


def test_help_loads_nothing_heavy():
    heavy = {"numpy", "pandas", "matplotlib", "seaborn", "torch", "pydantic", "distributed"}
    assert not loaded_by("import pkpo_toy.cli.main") & heavy
