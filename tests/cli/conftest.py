"""Ways to run the command line: `inside` this process, or as the real process that users start.

`inside` is at least ten times cheaper and serves whatever is about words, exit codes and files.
What is about the process itself (surroundings, pipes, signals, terminals, workers) takes `cli` or
`process`. `stored` hands out a copy of one finished run.
"""

import io
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from pkpo_toy.cli.main import main
from tests.drawn import draw_once, once
from tests.warm import run_warm, workers_warm


@pytest.fixture(scope="session", autouse=True)
def _drawn_once():
    """The same figure of the same data is drawn once, in a run and in a report."""
    from pkpo_toy.report import compare, sections

    drawn = once(sections.figure_of, lambda result, prefix: (prefix, result.drawing()))

    def figure_of(result, prefix):
        return (drawn if result.drawable else drawn.__wrapped__)(result, prefix)

    with pytest.MonkeyPatch.context() as patch:
        draw_once(patch.setattr)
        for module in (compare, sections):
            patch.setattr(module, "figure_of", figure_of)
        yield


class Done(NamedTuple):
    """What a command left: as of `subprocess.run`."""

    returncode: int
    stdout: str
    stderr: str


def check(done, code):
    assert done.returncode == code, f"exit {done.returncode}\n{done.stdout}\n{done.stderr}"
    assert "Traceback" not in done.stderr
    return done


def run_inside(folder, *arguments, stdin="", columns=200):
    """Run `pkpo-toy ...` in this process with the folder as its place and workers that are warm."""
    with pytest.MonkeyPatch.context() as patch, workers_warm("pkpo_toy"):
        patch.chdir(folder)
        patch.setenv("COLUMNS", str(columns))
        patch.setattr(sys, "argv", ["pkpo-toy", *map(str, arguments)])
        patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin.encode())))
        streams = [io.TextIOWrapper(io.BytesIO(), "utf-8", write_through=True) for _ in range(2)]
        for name, stream in zip(("stdout", "stderr"), streams, strict=True):
            patch.setattr(sys, name, stream)
        with pytest.raises(SystemExit) as end:
            main()
    stdout, stderr = (stream.buffer.getvalue().decode() for stream in streams)
    return Done(int(end.value.code or 0), stdout, stderr)


@pytest.fixture
def inside(tmp_path):
    """Run `pkpo-toy ...` in an empty folder of its own, in this process."""
    return lambda *arguments, stdin="", code=0: check(
        run_inside(tmp_path, *arguments, stdin=stdin), code
    )


# Read while the program runs. Most variables are read when Python starts.
READ_LATE = {"BROWSER", "COLUMNS", "FORCE_COLOR", "NO_COLOR", "PATH"}


def run_process(folder, given, arguments, environment):
    """Run `pkpo-toy ...` as a process: warm if it does not matter how Python starts."""
    command = ["pkpo_toy", *map(str, arguments)]
    place = {"cwd": folder, "env": os.environ | environment}
    if environment.keys() <= READ_LATE:
        return run_warm(command, given, **place)
    return subprocess.run(
        [sys.executable, "-m", *command], input=given, capture_output=True, check=False,
        text=isinstance(given, str), **place,
    )  # fmt: skip


@pytest.fixture
def cli(tmp_path):
    """The same as a process of its own, with the warnings of users' Python."""

    def run(*arguments, stdin="", env=None, code=0):
        return check(
            run_process(tmp_path, stdin, arguments, {"COLUMNS": "200", **(env or {})}), code
        )

    return run


@pytest.fixture
def process(tmp_path):
    """The same in bytes, whatever the exit code."""
    return lambda *arguments, stdin=b"", **environment: run_process(
        tmp_path, stdin, arguments, environment
    )


STORED = ("variance", "--name", "variance", "--set", "n=[8,16]", "--set", "estimates=200")


@pytest.fixture(scope="session")
def finished_run(tmp_path_factory):
    """One small run of `variance` with its figures, and what the command printed."""
    folder = tmp_path_factory.mktemp("stored")
    return folder, check(run_inside(folder, "run", *STORED, "--jobs", 1, "--json"), 0)


@pytest.fixture
def stored(finished_run, tmp_path):
    """A copy of that run in the test's own folder; returns what `run --json` printed."""
    folder, done = finished_run
    for path in Path(folder).iterdir():
        shutil.copytree(path, tmp_path / path.name)
    return done
