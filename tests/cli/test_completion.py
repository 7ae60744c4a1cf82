"""TAB: names of the tables, through the real processes that shells start."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pkpo_toy.cli.support.completion import VALUES, keys_of
from pkpo_toy.estimators import ESTIMATORS
from pkpo_toy.lessons.lessons import LESSONS
from pkpo_toy.samples.bias import METRICS_IN_USE
from pkpo_toy.samples.formats.table import FORMATS
from pkpo_toy.samples.metrics import METRICS
from pkpo_toy.simulator.optimisers import OPTIMISERS
from pkpo_toy.simulator.problems import PROBLEMS
from pkpo_toy.studies.files import packaged_names
from pkpo_toy.studies.table import STUDIES, SUITES

ROOT = Path(__file__).parents[2]
PROGRAM = [sys.executable, "-m", "pkpo_toy"]
STUDY_NAMES = [*STUDIES, *sorted(packaged_names() - STUDIES.keys())]
EXAMPLES = ["counts", "samples", "before", "after", *(set(FORMATS) - {"table"}), "all"]
# What is typed before the TAB, and what is offered.
TYPED = {
    "run ": [*STUDY_NAMES, *SUITES],
    "run pa": ["pass_rates", "paper"],
    "run --quick lan": ["landscape"],
    "run bandit --set optimiser=": [f"optimiser={name}" for name in OPTIMISERS],
    "run bandit --set bandit=tw": ["bandit=two_peaks"],
    "run bandit --set estimator=pkpo_loo_": ["estimator=pkpo_loo_minus_one"],
    "show ": STUDY_NAMES,
    "plot variance l": [name for name in STUDY_NAMES if name.startswith("l")],
    "clean tran": ["transforms"],
    "export obj": ["objective_matrix"],
    "export lm --format ": ["csv", "json", "parquet", "markdown", "latex"],
    "report hard": ["hard_problems"],
    "animate d": ["demo", "difficulty"],
    "animate demo --out x.gif --lesson ": list(LESSONS),
    "demo ": list(LESSONS),
    "init mine.toml --from learn": ["learning_curves"],
    "audit --estimator ": list(ESTIMATORS),
    "audit --estimator pkpo --estimator rl": ["rloo"],
    "audit --metric ": [*METRICS_IN_USE, "all"],
    "weights x.csv --k 2 --estimator centered": ["centered_loo"],
    "passk x.csv --format l": [name for name in FORMATS if name.startswith("l")],
    "passk x.csv --metric ": list(METRICS),
    "compare a.csv b.csv --format bigcodeb": ["bigcodebench"],
    "list f": ["formats"],
    "example ": EXAMPLES,
    "list nothing": [],
}


def asked(shell, typed):
    """The variables by which a shell asks."""
    line = f"pkpo-toy {typed}"
    words = line.split(" ")
    if shell == "bash":
        return {
            "_PKPO_TOY_COMPLETE": "complete_bash",
            "COMP_WORDS": "\n".join(words),
            "COMP_CWORD": str(len(words) - 1),
        }
    return {"_PKPO_TOY_COMPLETE": "complete_zsh", "_TYPER_COMPLETE_ARGS": line}


def offered(shell, said):
    """The names in what the program answers that shell."""
    text = said if shell == "bash" else said.partition("((")[2].partition("))")[0]
    return sorted(text.replace('"', "").split())


def test_the_rows_of_the_tables_are_read_off_their_source():
    for file, name, table in [
        ("studies/table.py", "STUDIES", STUDIES),
        ("studies/table.py", "SUITES", SUITES),
        ("simulator/problems.py", "PROBLEMS", PROBLEMS),
        ("simulator/optimisers.py", "OPTIMISERS", OPTIMISERS),
        ("samples/formats/table.py", "FORMATS", FORMATS),
        ("samples/metrics.py", "METRICS", METRICS),
        ("samples/bias.py", "METRICS_IN_USE", METRICS_IN_USE),
        ("lessons/lessons.py", "LESSONS", LESSONS),
    ]:
        assert keys_of(file, name) == list(table)
    assert all(keys_of(*where) for where in VALUES.values())


@pytest.mark.parametrize("typed", TYPED)
def test_zsh_is_offered_the_names(inside, monkeypatch, typed):
    for name, value in asked("zsh", typed).items():
        monkeypatch.setenv(name, value)
    assert offered("zsh", inside().stdout) == sorted(TYPED[typed])


@pytest.mark.parametrize("shell", ["bash", "zsh"])
@pytest.mark.parametrize("typed", ["run pa", "weights x.csv --k 2 --estimator centered"])
def test_the_process_that_a_shell_starts(process, shell, typed):
    done = process(**asked(shell, typed))
    assert (done.returncode, done.stderr) == (0, b"")
    assert offered(shell, done.stdout.decode()) == sorted(TYPED[typed])


def test_what_was_stored_comes_first(stored, inside, monkeypatch, tmp_path):
    (tmp_path / "results").rename(tmp_path / "elsewhere")
    for typed in ("show --out elsewhere ", "animate --results elsewhere --out x.gif v"):
        for name, value in asked("bash", typed).items():
            monkeypatch.setenv(name, value)
        assert offered("bash", inside().stdout) == ["variance"]


START = """
pkpo-toy() {{ {program} "$@"; }}
eval "$(pkpo-toy --show-completion bash)"
"""
TAB = """
COMP_WORDS=({words}); COMP_CWORD={place}; _pkpo_toy_completion pkpo-toy
echo "${{COMPREPLY[*]}}"
"""


# The words as bash parts them, and what is offered.
PARTED = {
    "run bandit --set bandit = tw": ["two_peaks"],
    "run bandit --set bandit =": [*PROBLEMS],
    "run bandit --set n = 3 --set bandit = arm": ["arms"],
    "run bandit --set ban": [f"bandit={name}" for name in PROBLEMS],
    "run --set n = 3 lands": ["landscape"],
    "run bandit --set nothing = x": [],
    "run '\"va'": [],
}


def test_bash_itself_which_parts_words_at_the_equals_sign(tmp_path):
    script = START.format(program=" ".join(PROGRAM)) + "".join(
        TAB.format(words=f"pkpo-toy {words}", place=len(words.split())) for words in PARTED
    )
    # The function is handed to `env`, which knows no functions of the shell.
    (tmp_path / "pkpo-toy").write_text(f'#!/bin/sh\nexec {" ".join(PROGRAM)} "$@"\n')
    (tmp_path / "pkpo-toy").chmod(0o755)
    done = subprocess.run(
        ["bash", "-c", script], cwd=tmp_path, capture_output=True, text=True, check=True,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PATH": f"{tmp_path}:{os.environ['PATH']}"},
    )  # fmt: skip
    said = (line.split() for line in done.stdout.splitlines())
    assert dict(zip(PARTED, said, strict=True)) == PARTED
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("typed", "without"),
    [("run ", {"numpy", "pandas"}), ("audit --estimator ", {"pandas", "matplotlib"})],
)
def test_a_tab_waits_for_nothing_heavy(process, typed, without):
    done = process(PYTHONPROFILEIMPORTTIME="1", **asked("bash", typed))
    imported = {line.split("|")[-1].strip() for line in done.stderr.decode().splitlines()}
    assert "pkpo_toy.cli.main" in imported
    assert not imported & without
