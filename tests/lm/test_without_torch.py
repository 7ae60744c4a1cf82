"""Without the extra everything else works, and asking for it ends in the install command."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pkpo_toy.extras import install_command
from tests.warm import run_warm


def without(*arguments, cwd):
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    return run_warm(["tests.lm.without_extra", *arguments], cwd=cwd, env=environment)


def test_running_lm_names_the_install_command(tmp_path):
    done = without("run", "lm", cwd=tmp_path)
    assert done.returncode == 2
    assert "torch" in done.stderr
    assert install_command("lm") in done.stderr
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "arguments",
    [
        ["list"],
        ["run", "landscape", "--quick", "--jobs", "1"],
        ["weights", "--help"],
        ["run", "--help"],
    ],
)
def test_everything_else_works(arguments, tmp_path):
    done = without(*arguments, cwd=tmp_path)
    assert done.returncode == 0, done.stderr


def test_listing_and_checking_the_study_load_no_torch():
    code = (
        "from pkpo_toy.studies.files import expand, load\n"
        "cells = expand(load('lm'))\nimport sys\n"
        "assert len(cells) == 2, cells\nassert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
