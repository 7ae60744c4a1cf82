"""Without the extra everything else works, and asking for it ends in the install command."""

import subprocess
import sys

import pytest

from pkpo_toy.extras import install_command

# A finder that hides the extra's modules, as if they were not installed.
HIDE = """
import sys
from importlib.machinery import PathFinder
class Hidden(PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        if name.split(".")[0] in {"torch", "transformers", "safetensors", "trl", "peft"}:
            return None
        return super().find_spec(name, path, target)
sys.meta_path[:] = [Hidden if f is PathFinder else f for f in sys.meta_path]
"""


def without(*arguments, cwd):
    code = f"{HIDE}\nsys.argv[1:] = {list(arguments)!r}\nfrom pkpo_toy.cli.main import main\nmain()"
    command = [sys.executable, "-c", code]
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd, check=False)


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
