"""Bars and signs of life: on a terminal after a second, nowhere else, and never on stdout."""

import os
import pty
import subprocess
import sys
import time

import pytest

from pkpo_toy.cli.support import progress
from pkpo_toy.cli.support.progress import Bar, CellBar
from tests.warm import WarmPopen

SLOW = [
    *("run", "variance", "--name", "variance", "--set", "estimators=['slow.py:f']"),
    *("--set", "n=[4,8,16]", "--set", "k=2", "--set", "estimates=50", "--jobs", "1"),
]


@pytest.fixture
def slow(tmp_path):
    """A run that reads a file for 1.5 seconds and computes three cells, each of 0.7.

    It only waits, and in a user's function: what the run itself prints still goes to stdout.
    """
    own = "import time\ntime.sleep(1.5)\ndef f(rewards, k):\n    time.sleep(0.7)\n"
    (tmp_path / "slow.py").write_text(own + "    return rewards\n")
    return SLOW


def on_a_terminal(arguments, folder):
    """stdout through a pipe, what the terminal saw on stderr."""
    ours, theirs = pty.openpty()
    process = WarmPopen(
        ["pkpo_toy", *arguments], cwd=folder, stderr=theirs,
        stdout=subprocess.PIPE, env={**os.environ, "TERM": "xterm", "COLUMNS": "100"},
    )  # fmt: skip
    os.close(theirs)
    seen = b""
    while True:
        try:
            data = os.read(ours, 4096)
        except OSError:
            break
        if not data:
            break
        seen += data
    stdout = process.communicate()[0]
    assert process.returncode == 0, seen
    os.close(ours)
    return stdout.decode(), seen.decode()


def test_a_bar_counts_cells_on_a_terminal(slow, tmp_path):
    stdout, seen = on_a_terminal(slow, tmp_path)
    assert stdout == "figures/variance.png\nfigures/variance.svg\n"
    assert "planning" in seen
    assert "/3" in seen
    assert "1 running" in seen
    assert "left" in seen


def test_a_bar_waits_for_its_second(monkeypatch, capsys):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    with Bar("quick") as bar:
        bar.show(1, 2)
    assert capsys.readouterr().err == ""


def test_a_bar_appears_while_the_first_step_lasts(monkeypatch, capsys):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.setattr(progress, "PATIENCE", 0.01)
    with CellBar("slow", cells=7, jobs=2, quiet=False):
        time.sleep(0.5)
        assert "slow" in (seen := capsys.readouterr().err)
        assert "0/7" in seen


def test_quiet_is_quiet(slow, tmp_path):
    _, seen = on_a_terminal([*slow, "--quiet"], tmp_path)
    assert seen == ""


def test_a_sign_of_life_where_nothing_can_be_counted(tmp_path):
    rows = "".join(f"p{i // 8},{i % 8},{i % 3 / 2}\n" for i in range(300_000))
    (tmp_path / "many.csv").write_text("problem,sample,reward\n" + rows)
    command = ["weights", "many.csv", "--k", "4", "--out", "out.csv"]
    stdout, seen = on_a_terminal(command, tmp_path)
    assert stdout == ""
    assert "weighing" in seen


def test_what_is_said_above_the_bar_is_as_short_as_a_message(capsys):
    with Bar("study") as bar:
        bar.say("cell failed: " + "x" * 10**6)
    assert len(capsys.readouterr().err) <= 301
