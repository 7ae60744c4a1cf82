"""The command line through real processes."""

import os
import subprocess
import sys

import pytest


@pytest.fixture
def cli(tmp_path):
    """Run `pkpo-toy ...` in an empty folder of its own, with the warnings of users' Python."""

    def run(*arguments, stdin="", env=None, code=0):
        done = subprocess.run(
            [sys.executable, "-m", "pkpo_toy", *map(str, arguments)],
            cwd=tmp_path,
            input=stdin,
            capture_output=True,
            text=True,
            env={**os.environ, "COLUMNS": "200", **(env or {})},
            check=False,
        )
        assert done.returncode == code, f"exit {done.returncode}\n{done.stdout}\n{done.stderr}"
        assert "Traceback" not in done.stderr
        return done

    return run


@pytest.fixture
def process(tmp_path):
    """The same in bytes, whatever the exit code."""

    def run(*arguments, stdin=b"", **environment):
        return subprocess.run(
            [sys.executable, "-m", "pkpo_toy", *map(str, arguments)],
            input=stdin,
            capture_output=True,
            cwd=tmp_path,
            env=os.environ | environment,
            check=False,
        )

    return run
