"""Studies from Python: the same results as the command line, and errors a script can catch."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

import pkpo_toy
from pkpo_toy.errors import InputError
from pkpo_toy.runs import Corrupt
from tests.warm import run_warm

ROOT = Path(__file__).parents[2]
SMALL = {"n": [4, 8], "estimates": 50}


@pytest.fixture(autouse=True)
def _own_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def test_a_study_runs_from_python_and_shows_itself():
    result = pkpo_toy.run("variance", **SMALL, seed=1)
    assert result.path == Path("results/variance-estimates_50-n_4_8-seed_1")
    assert set(result.summary.n) == {4, 8}
    assert len(result.records()) == len(result.summary)
    assert isinstance(result.figure(), Figure)
    html = result._repr_html_()
    assert "data:image/png;base64," in html
    assert "pkpo_loo_minus_one" in html
    assert result.failures() == []


def test_what_was_run_is_loaded_by_name_or_path():
    result = pkpo_toy.run("variance", name="variance", **SMALL)
    for where in ("variance", "results/variance", Path("results") / "variance"):
        pd.testing.assert_frame_equal(pkpo_toy.load(where).summary, result.summary)
    with pytest.raises(InputError, match="Did you mean 'variance'"):
        pkpo_toy.load("varience")
    with pytest.raises(InputError, match="no results in"):
        pkpo_toy.load("results/nothing")


def test_python_and_the_command_line_write_the_same_bytes():
    pkpo_toy.run("variance", **SMALL)
    command = ["pkpo_toy", "run", "variance", "--out", "typed", "--jobs", "1"]
    run_warm([*command, "--set", "n=[4,8]", "--set", "estimates=50"]).check_returncode()
    summary = Path("variance-estimates_50-n_4_8/summary.csv")
    typed = ("typed" / summary).read_bytes()
    assert ("results" / summary).read_bytes() == typed


@pytest.mark.parametrize("n", [(4, 8), range(4, 9, 4), np.array([4, 8]), [np.int64(4), 8]])
def test_sweeps_may_be_any_sequence(n):
    assert set(pkpo_toy.run("element_weights", n=n, k=2).summary.n) == {4, 8}


@pytest.mark.parametrize("kind", ["png", "svg"])
def test_half_a_picture_is_drawn_again(kind):
    result = pkpo_toy.run("element_weights", n=4, k=2)
    paths = result.save_figure(again=False)
    whole = {path: path.read_bytes() for path in paths}
    (half,) = [path for path in paths if path.suffix == f".{kind}"]
    half.write_bytes(whole[half][: len(whole[half]) // 2])
    result.save_figure(again=False)
    assert {path: path.read_bytes() for path in paths} == whole


@pytest.mark.parametrize(
    ("change", "says"),
    [({"study": "toy"}, "of no study"), ({"configuration": {}}, "lacks k, n"),
     ({"swept": {"n": [4]}}, "one value for each cell"), ({"swept": 3}, "is damaged")],
)  # fmt: skip
def test_a_manifest_that_does_not_fit_its_study_is_refused(change, says):
    result = pkpo_toy.run("element_weights", n=[4, 5], k=[2, 3])
    path = result.path / "manifest.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}))
    with pytest.raises(Corrupt, match=says):
        pkpo_toy.load(result.path)
    # Results of another study are replaced only when that is asked for.
    again = pkpo_toy.run("element_weights", n=[4, 5], k=[2, 3], fresh="study" in change)
    assert again.summary.equals(result.summary)


def test_a_quick_look_has_a_folder_of_its_own():
    assert pkpo_toy.run("element_weights", quick=True).path == Path("results/quick/element_weights")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("varience", {}), "Did you mean 'variance'"),
        (("paper", {}), "'paper' is a suite"),
        (("variance", {"m": 3}), "unknown setting of study 'variance': 'm'"),
        (("variance", {"n": 0}), "n: input should be greater than 0, got 0"),
        (("variance", {"estimators": [lambda r, k: r]}), "FILE.py:FUNCTION"),
    ],
)
def test_bad_input_creates_nothing(arguments, says, tmp_path):
    study, settings = arguments
    with pytest.raises(InputError, match=says):
        pkpo_toy.run(study, **settings)
    assert list(tmp_path.iterdir()) == []


def test_cells_that_fail_are_warned_of_and_the_others_kept():
    Path("own.py").write_text(
        "def f(rewards, k):\n"
        "    if rewards.shape[-1] == 8:\n"
        "        raise RuntimeError('eight is too many')\n"
        "    return rewards\n"
    )
    with pytest.warns(RuntimeWarning, match=r"1 of 2 cells failed, first: .*eight is too many"):
        result = pkpo_toy.run("variance", **SMALL, k=2, estimators=["own.py:f"], retries=0)
    assert set(result.summary.n) == {4}
    (failure,) = result.failures()
    assert "own.py" in failure["traceback"]


def test_a_result_without_any_cell_says_so():
    Path("own.py").write_text("def f(rewards, k):\n    raise RuntimeError('never')\n")
    with pytest.warns(RuntimeWarning, match="2 of 2 cells failed"):
        result = pkpo_toy.run("variance", **SMALL, estimators=["own.py:f"], retries=0)
    assert result.records().empty
    assert "no cell succeeded" in result._repr_html_()


def test_an_audit_is_a_frame():
    frame = pkpo_toy.audit(rewards=np.array([0, 0.4, 1]), n=4, k=2, estimators=["pkpo", "rloo"])
    assert list(frame.estimator) == ["pkpo", "rloo", "bound"]
    assert frame.scale[0] == pytest.approx(1)
    assert set(pkpo_toy.audit(estimators="pkpo").n) == {4}
    with pytest.raises(InputError, match="Did you mean 'pkpo'"):
        pkpo_toy.audit(estimators=["pkp"])


# One cell has one worker, which would be enough to run the script again.
SCRIPT = """
import pkpo_toy
print("once")
result = pkpo_toy.run("variance", n=8, estimates=50, jobs=2)
print(len(result.summary))
"""


@pytest.mark.parametrize("how", ["script", "stdin"])
def test_workers_never_run_the_script_again(how):
    """No `if __name__ == "__main__"` is needed: a notebook and an unguarded script work."""
    Path("mine.py").write_text(SCRIPT)
    done = subprocess.run(
        [sys.executable, "mine.py" if how == "script" else "-"],
        input=SCRIPT, capture_output=True, text=True, check=True, timeout=120,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert done.stdout.splitlines()[0] == "once"
    assert done.stdout.count("once") == 1
    assert done.stderr == ""
