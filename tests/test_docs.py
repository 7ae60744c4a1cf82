"""README and docs against reality: links lead somewhere, commands and code run as written."""

import os
import re
import shlex
from pathlib import Path

import pytest

from pkpo_toy.cli.listing import domain_of
from pkpo_toy.estimators import ESTIMATORS
from tests.warm import run_warm

ROOT = Path(__file__).parent.parent
PAGES = {path.relative_to(ROOT).as_posix(): path.read_text("utf-8")
         for path in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]}  # fmt: skip
COMMAND = re.compile(r"^    (pkpo-toy [^\n#]+?)\s*(?:#.*)?$", re.MULTILINE)
PYTHON = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)#\s]+)(#[^)\s]*)?\)")
# These take minutes, wait for keys or need machines of their own; other tests run them.
ELSEWHERE = re.compile(
    r"run (paper|lm|atlas|FILE|sweep.toml)|less_variance|--cluster|demo|learning_curves|animate"
    r"|[A-Z]{4,}"
)


def runnable(page):
    """The commands of a page that this test runs."""
    return [command for command in COMMAND.findall(PAGES[page]) if not ELSEWHERE.search(command)]


WITH_COMMANDS = [page for page in PAGES if runnable(page)]


def estimator_table():
    """The table of estimators in Markdown, from the rows of the package."""
    lines = ["| key | unbiased for | domain | source |", "|---|---|---|---|"]
    lines += [
        f"| `{e.key}` | {e.unbiased_for} | {domain_of(e)} | {e.source} |"
        for e in ESTIMATORS.values()
    ]
    return "\n".join(lines)


def test_the_table_of_estimators_is_the_table():
    assert estimator_table() in PAGES["docs/estimators.md"]


@pytest.mark.parametrize("page", PAGES)
def test_links_and_pictures_exist(page):
    for target, _ in LINK.findall(PAGES[page]):
        found = target.startswith("https://") or (ROOT / page).parent.joinpath(target).exists()
        assert found, target


def test_every_page_can_be_reached_from_the_readme():
    linked = {target for target, _ in LINK.findall(PAGES["README.md"])}
    assert set(PAGES) - {"README.md"} <= linked


def test_the_readme_fits_two_screens():
    assert len(PAGES["README.md"].splitlines()) <= 120


@pytest.mark.parametrize("page", [page for page, text in PAGES.items() if PYTHON.search(text)])
def test_python_runs_as_written(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for block in PYTHON.findall(PAGES[page]):
        exec(compile(block, page, "exec"), {"__name__": "__main__"})


@pytest.mark.parametrize("page", WITH_COMMANDS)
def test_commands_run_as_written(page, tmp_path):
    (tmp_path / "pkpo_toy").symlink_to(ROOT / "pkpo_toy")
    functions = [block for block in PYTHON.findall(PAGES[page]) if block.startswith("def ")]
    (tmp_path / "mine.py").write_text("\n\n".join(functions))
    for command in runnable(page):
        _, *arguments = shlex.split(command)
        # To start workers takes longer than these runs, and workers have tests of their own.
        alone = ["--jobs", "1"] if arguments[0] == "run" else []
        done = run_warm(["pkpo_toy", *arguments, *alone], cwd=tmp_path)
        assert done.returncode == 0, f"{command}\n{done.stderr}"


def test_the_pages_name_enough_commands_to_be_worth_reading():
    assert {"README.md", "docs/use.md"} <= set(WITH_COMMANDS)


@pytest.mark.parametrize("script", ["scripts/reproduce", "scripts/test", ".ci/run"])
def test_scripts_can_be_run(script):
    assert os.access(ROOT / script, os.X_OK)
