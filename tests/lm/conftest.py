"""The language-model tests need torch and friends: left out visibly where missing, never in CI."""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path

import pytest

NEEDED = ("torch", "transformers", "peft", "safetensors", "trl")
MISSING = [name for name in NEEDED if find_spec(name) is None]
TRL_ALONE = {"test_trl.py", "test_trl_long.py", "trl_step.py"}

if MISSING and os.environ.get("CI") == "true":
    raise pytest.UsageError(f"CI leaves no test out, but these are not installed: {MISSING}")


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    """Nothing here can even be imported without torch; without trl alone, only its own tests go."""
    if collection_path.name == "test_without_torch.py" or collection_path.is_dir():
        return None
    needs = {"trl"} if collection_path.name in TRL_ALONE else set()
    lacking = [name for name in MISSING if name != "trl" or name in needs]
    return True if lacking else None


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if MISSING:
        terminalreporter.write_line(
            f"tests/lm: tests left out, not installed: {', '.join(MISSING)}", yellow=True
        )
