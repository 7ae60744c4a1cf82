"""Hostile names, targets and surroundings: one sentence, and nothing of the user's is lost."""

import os

import pytest

from tests.cli.test_surroundings import one_line, sh

SAMPLES = "problem,sample,reward\na,0,1\na,1,0\n"
RUN = "pkpo-toy run element_weights --jobs 1"


@pytest.mark.parametrize("name", ["samples.csv", "./samples.csv", "link.csv"])
@pytest.mark.parametrize("read", ["samples.csv", "s*.csv"])
def test_weights_never_replaces_what_it_reads(inside, tmp_path, name, read):
    (tmp_path / "samples.csv").write_text(SAMPLES)
    (tmp_path / "link.csv").symlink_to("samples.csv")
    done = inside("weights", read, "--k", 2, "--out", name, code=2)
    assert "is read too; choose another" in one_line(done.stderr)
    assert (tmp_path / "samples.csv").read_text() == SAMPLES


def test_weights_are_written_through_a_link(inside, tmp_path):
    (tmp_path / "samples.csv").write_text(SAMPLES)
    (tmp_path / "link.csv").symlink_to("elsewhere.csv")
    inside("weights", "samples.csv", "--k", 2, "--out", "link.csv")
    assert (tmp_path / "link.csv").is_symlink()
    assert (tmp_path / "elsewhere.csv").read_text().startswith("problem,sample,reward,weight")


def test_masked_weights_of_an_own_estimator_are_no_weights(inside, tmp_path):
    (tmp_path / "samples.csv").write_text(SAMPLES)
    own = "import numpy as np\ndef f(rewards, k):\n    return np.ma.masked_less(rewards, 1)\n"
    (tmp_path / "own.py").write_text(own)
    done = inside("weights", "samples.csv", "--k", 2, "--estimator", "own.py:f", code=2)
    assert "must return a weight for each reward, got masked ones" in one_line(done.stderr)


# Not /dev/stdout itself: without the guard a test run by root would replace that link.
@pytest.mark.parametrize("target", ["/proc/self/fd/1", "log.txt"])
def test_a_file_that_stdout_is_appended_to_is_not_replaced(tmp_path, target):
    (tmp_path / "log.txt").write_text("mine\n")
    (tmp_path / "samples.csv").write_text(SAMPLES)
    done = sh(tmp_path, f"pkpo-toy weights samples.csv --k 2 --out {target} >> log.txt")
    assert done.returncode == 2
    assert "is where the output goes already; leave --out out" in one_line(done.stderr)
    assert (tmp_path / "log.txt").read_text() == "mine\n"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--set", "n=8\nk=2"], "--set takes one key=value"),
        (["--name", "quick"], "must not be 'quick'"),
        (["--set", "N=8"], "Did you mean 'n'?"),
    ],
)
def test_a_bad_setting_or_name_of_a_run(inside, tmp_path, arguments, says):
    done = inside("run", "element_weights", *arguments, code=2)
    assert says in one_line(done.stderr)
    assert list(tmp_path.iterdir()) == []


def test_a_study_file_may_begin_with_the_mark_of_windows_editors(inside, tmp_path):
    (tmp_path / "mine.toml").write_bytes(b'\xef\xbb\xbfstudy = "element_weights"\r\n')
    assert inside("run", "mine.toml", "--dry-run").stdout.startswith("mine: 1 cells")


def test_no_name_of_a_study_is_not_all_studies(inside, stored):
    assert "no results of ''" in one_line(inside("report", "", code=2).stderr)


@pytest.mark.parametrize("place", ["a file", "a link to nowhere", "links in a circle"])
@pytest.mark.parametrize("option", ["--out", "--figures"])
def test_what_is_no_folder_is_said_to_be_none(inside, tmp_path, option, place):
    there = tmp_path / "there"
    if place == "a file":
        there.write_text("mine")
    else:
        there.symlink_to("nowhere" if place == "a link to nowhere" else "there")
    done = inside("run", "element_weights", "--jobs", 1, "--quiet", option, there, code=74)
    line = one_line(done.stderr)
    if option == "--figures" and place != "links in a circle":
        assert "is there and is not a folder" in line
    assert place != "a file" or there.read_text() == "mine"


def test_a_path_that_is_no_text_can_be_run_read_and_reported(inside, tmp_path):
    place = os.fsdecode(b"r\xff")
    done = sh(tmp_path, f"{RUN} --quiet --out '{place}'")
    assert (done.returncode, done.stderr) == (0, "")
    done = inside("show", "element_weights", "--out", place)
    assert done.stderr == ""
    assert "rank" in done.stdout


STRANGE = {"COLUMNS": "0", "LINES": "0", "SOURCE_DATE_EPOCH": "abc", "PKPO_TOY_DEBUG": "0"}


def test_a_strange_environment_changes_nothing(tmp_path):
    script = f"{RUN} --quiet && pkpo-toy show element_weights && pkpo-toy show nothing"
    done = sh(tmp_path, script, **STRANGE)
    assert done.returncode == 2
    assert "unknown results" in one_line(done.stderr)
    assert (tmp_path / "figures" / "element_weights.png").exists()


def test_a_git_that_prints_no_text_is_no_git(cli, tmp_path):
    git = tmp_path / "git"
    git.write_text("#!/bin/sh\nprintf '\\377\\377'\n")
    git.chmod(0o755)
    path = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
    run = ("run", "element_weights", "--jobs", 1, "--quiet")
    assert cli(*run, env={"PATH": path}).stderr == ""


def test_a_shell_that_completes_with_nonsense_gets_one_line(tmp_path):
    words = {
        "_PKPO_TOY_COMPLETE": "complete_bash",
        "COMP_WORDS": "pkpo-toy run '",
        "COMP_CWORD": "x",
    }
    done = sh(tmp_path, "pkpo-toy", **words)
    assert "Traceback" not in done.stderr
