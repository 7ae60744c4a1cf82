"""What computes a cell again: the code its numbers depend on, and nothing else."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import pkpo_toy
from pkpo_toy.experiment.planning import sources
from pkpo_toy.studies.table import STUDIES

PACKAGE = Path(pkpo_toy.__file__).parent
PROGRAM = """
import json, sys
from pathlib import Path
from pkpo_toy.experiment import plan
from pkpo_toy.studies.files import load

def keys():
    return [plan(load(name)).cells[0].key for name in ("variance", "audit")]

before, changed = keys(), []
for file in sys.argv[1:]:
    path = Path(sys.path[0], "pkpo_toy", file)
    text = path.read_bytes()
    path.write_bytes(text + b"\\n# edited\\n")
    changed.append([new != old for new, old in zip(keys(), before)])
    path.write_bytes(text)
print(json.dumps(changed))
"""
# (variance, audit) is computed again after an edit of:
EDITS = {
    "lessons/lessons.py": [False, False],  # a caption
    "samples/rows.py": [False, False],  # the wording of a reader's error
    "plotting/figures/variance.py": [False, False],
    "cli/run.py": [False, False],
    "runs/store.py": [False, False],
    "errors.py": [False, False],
    "studies/audit.py": [False, True],
    "simulator/policies.py": [True, True],
    "estimators/pkpo.py": [True, True],
}


@pytest.fixture(scope="module")
def uses():
    """Study -> the files of the package that its cells' keys depend on."""
    return {
        name: {path.relative_to(PACKAGE).as_posix() for path in sources(study)}
        for name, study in STUDIES.items()
    }


def test_edited_copies_of_the_package(tmp_path):
    shutil.copytree(PACKAGE, tmp_path / "pkpo_toy", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "program.py").write_text(PROGRAM)
    done = subprocess.run(
        [sys.executable, tmp_path / "program.py", *EDITS],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert dict(zip(EDITS, json.loads(done.stdout), strict=True)) == EDITS


@pytest.mark.parametrize("name", STUDIES)
def test_captions_messages_figures_and_commands_recompute_nothing(uses, name):
    harmless = {"lessons", "plotting", "cli", "runs", "experiment"}
    assert not {file for file in uses[name] if file.partition("/")[0] in harmless}
    assert not {"__init__.py", "errors.py", "files.py", "studies/table.py"} & uses[name]
    of_models = STUDIES[name].extra == "lm"
    of_samples = {file for file in uses[name] if file.startswith("samples/")}
    # Student's and Wilson's intervals have no reader behind them.
    assert (
        of_models
        or name == "pass_rates"
        or of_samples <= {"samples/__init__.py", "samples/intervals.py"}
    )
    assert of_models or not any(file.startswith("lm/") for file in uses[name])


@pytest.mark.parametrize("name", STUDIES)
def test_estimators_settings_and_its_own_file_recompute_a_study(uses, name):
    own = STUDIES[name].config.__module__.removeprefix("pkpo_toy.").replace(".", "/") + ".py"
    assert {own, "training/config.py", "estimators/pkpo.py"} <= uses[name]
    assert name == "element_weights" or "simulator/policies.py" in uses[name]
