"""The walls of the house, read off the imports: a room knows only what stands before it."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "pkpo_toy"
EVERY = {"estimators", "simulator", "studies", "runs", "plotting", "lm"}
MAY_IMPORT = {
    "estimators": set(),
    "simulator": set(),
    "runs": set(),
    "plotting": set(),
    "studies": {"estimators", "simulator", "lm"},
    "lm": {"estimators", "simulator", "studies"},
    "cli": EVERY,
}
HEAVY = {"torch", "transformers", "trl", "peft"}
GROUND = {"estimators", "simulator"}
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
    parts = source.relative_to(PACKAGE).parts
    return parts[0] if len(parts) > 1 else ""


@pytest.mark.parametrize("source", SOURCES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_a_room_imports_only_what_stands_before_it(source):
    room = room_of(source)
    for name in imported(source):
        parts = name.split(".")
        if parts[0] in HEAVY:
            assert room == "lm", f"{source} imports {name}"
        if room in GROUND and parts[0] not in {"numpy", "pkpo_toy"}:
            assert parts[0] in sys.stdlib_module_names, f"{source} imports {name}"
        if parts[0] == "pkpo_toy" and len(parts) > 1 and parts[1] in (EVERY | {"cli"}) and room:
            assert parts[1] == room or parts[1] in MAY_IMPORT[room], f"{source} imports {name}"


def test_every_room_is_known():
    assert {room_of(source) for source in SOURCES} <= set(MAY_IMPORT) | {""}


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
