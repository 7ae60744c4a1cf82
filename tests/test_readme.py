"""The README against reality: its commands and code run as written, its table is the table."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from pkpo_toy.cli.listing import domain_of
from pkpo_toy.estimators import ESTIMATORS

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text("utf-8")
COMMANDS = re.findall(r"^    (pkpo-toy [^\n#]+?)\s*(?:#.*)?$", README, re.MULTILINE)
PYTHON = re.findall(r"^```python\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
# These take minutes, wait for keys or need machines of their own; other tests run them.
ELSEWHERE = re.compile(r"run (paper|lm)|--cluster|demo|learning_curves|animate")


def estimator_table():
    """The table of estimators in Markdown, from the rows of the package."""
    lines = ["| key | unbiased for | domain | source |", "|---|---|---|---|"]
    lines += [
        f"| `{e.key}` | {e.unbiased_for} | {domain_of(e)} | {e.source} |"
        for e in ESTIMATORS.values()
    ]
    return "\n".join(lines)


def test_the_table_of_estimators_is_the_table():
    assert estimator_table() in README


def test_links_and_pictures_exist():
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        assert target.startswith("https://") or (ROOT / target).exists(), target


def test_python_runs_as_written(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert PYTHON
    for block in PYTHON:
        exec(compile(block, "README", "exec"), {})


def test_commands_run_as_written(tmp_path):
    (tmp_path / "pkpo_toy").symlink_to(ROOT / "pkpo_toy")
    functions = [block for block in PYTHON if block.startswith("def ")]
    (tmp_path / "mine.py").write_text("\n\n".join(functions))
    mine = [command for command in COMMANDS if not ELSEWHERE.search(command)]
    assert len(mine) >= 8
    for command in mine:
        words = shlex.split(command)
        done = subprocess.run(
            [sys.executable, "-m", "pkpo_toy", *words[1:]],
            cwd=tmp_path, capture_output=True, text=True, check=False,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )  # fmt: skip
        assert done.returncode == 0, f"{command}\n{done.stderr}"


@pytest.mark.parametrize("script", ["scripts/reproduce", "scripts/test", ".ci/run"])
def test_scripts_can_be_run(script):
    assert os.access(ROOT / script, os.X_OK)
