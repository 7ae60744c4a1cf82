"""`run`, `show` and `plot` as a user types them."""

import json
import shutil
import threading

import pandas as pd
import pytest

from pkpo_toy import experiment
from pkpo_toy.cli.support.tables import print_table
from pkpo_toy.studies.files import packaged_names
from pkpo_toy.studies.table import SUITES
from tests.cli.conftest import run_inside

SMALL = {
    "variance": ["--name", "variance", "--set", "n=[8,16]", "--set", "estimates=200"],
    "transforms": ["--name", "transforms", "--set", "groups=50", "--set", "k=[2,4]"],
    "landscape": ["--name", "landscape", "--set", "points=11"],
    "audit": ["--name", "audit", "--set", "n=2", "--set", "k=2"],
}
FIXED = {
    "landscape": {"k", "theta_star", "max_at_k"},
    "variance": {
        *("estimator", "n", "k", "estimates", "mean", "mean_se", "variance", "variance_se"),
        "true_gradient",
    },
    "audit": {
        *("estimator", "instance", "n", "k", "scale", "cosine", "relative_variance"),
        *("zero_signal", "centered"),
    },
}


def content(folder):
    """Every file but the manifest, whose times differ, and the lock."""
    paths = sorted(p for p in folder.rglob("*") if p.is_file())
    return {
        str(p.relative_to(folder)): p.read_bytes()
        for p in paths
        if p.name not in {"manifest.json", ".lock"}
    }


@pytest.mark.parametrize("study", FIXED)
def test_json_is_one_object_with_the_fixed_keys(inside, study, tmp_path):
    done = inside("run", study, "--quick", "--json", "--jobs", 1, *SMALL[study])
    report = json.loads(done.stdout)
    assert set(report) == {"study", "path", "figures", "summary"}
    assert report["study"] == study
    assert report["path"] == f"results/quick/{study}"
    assert FIXED[study] <= set(report["summary"][0])
    assert report["figures"] == [f"figures/quick/{study}.png", f"figures/quick/{study}.svg"]
    assert all((tmp_path / path).stat().st_size > 1000 for path in report["figures"])
    assert done.stderr == ""


def test_a_run_leaves_summary_records_and_manifest(inside, tmp_path):
    inside("run", "variance", *SMALL["variance"], "--seed", 3, "--jobs", 1)
    folder = tmp_path / "results" / "variance"
    summary = pd.read_csv(folder / "summary.csv")
    assert sorted(summary.n.unique()) == [8, 16]
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["study"] == "variance"
    assert manifest["configuration"]["n"] == [8, 16]
    assert manifest["configuration"]["seed"] == 3
    assert {"versions", "git", "platform", "command", "times"} <= set(manifest)
    assert len(list((folder / "cells").glob("*.csv"))) == 2


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(cli, inside, tmp_path):
    for run, out, seed, jobs in [(inside, "a", 1, 1), (cli, "b", 1, 2), (inside, "c", 2, 1)]:
        options = ["--seed", seed, "--jobs", jobs, "--out", out, "--figures", f"f{out}"]
        run("run", "variance", *SMALL["variance"], *options)
    assert content(tmp_path / "a") == content(tmp_path / "b")
    assert content(tmp_path / "fa") == content(tmp_path / "fb")
    assert content(tmp_path / "a") != content(tmp_path / "c")


def test_a_finished_run_is_not_repeated_and_fresh_starts_over(inside, stored):
    run = ["run", "variance", *SMALL["variance"], "--jobs", 1]
    again = inside(*run)
    more = inside(*run, "--set", "n=[8,16,32]")
    fresh = inside(*run, "--fresh")
    assert "0 cells run, 2 reused" in again.stderr
    assert "1 cells run, 2 reused" in more.stderr
    assert "2 cells run, 0 reused" in fresh.stderr


def test_a_study_file_runs_under_its_own_name(inside, tmp_path):
    (tmp_path / "mine.toml").write_text('study = "element_weights"\nn = 5\nk = [2, 3]\n')
    report = json.loads(inside("run", "mine.toml", "--json", "--jobs", 1).stdout)
    assert report["study"] == "mine"
    assert (tmp_path / "figures" / "mine.png").exists()
    assert {row["k"] for row in report["summary"]} == {2, 3}
    inside("show", "mine")


def test_show_and_plot_read_what_run_wrote(inside, stored, tmp_path):
    report = json.loads(stored.stdout)
    shown = json.loads(inside("show", "variance", "--json").stdout)
    assert shown["summary"] == report["summary"]
    assert "pkpo_loo_minus_one" in inside("show", "variance").stdout
    assert "pkpo_loo_minus_one" in inside("show", "results/variance").stdout
    drawn = content(tmp_path / "figures")
    again = inside("plot", "variance", "--figures", "again")
    assert again.stdout.split() == ["again/variance.png", "again/variance.svg"]
    assert content(tmp_path / "again") == drawn


def test_a_figure_is_drawn_again_only_when_its_data_changed(inside, stored, tmp_path):
    run = ["run", "variance", *SMALL["variance"], "--jobs", 1]

    def times():
        return {path.name: path.stat().st_mtime_ns for path in (tmp_path / "figures").iterdir()}

    first = times()
    inside(*run)
    assert times() == first
    inside(*run, "--set", "n=[8,16,32]")
    assert all(times()[name] > first[name] for name in first)
    changed = times()
    inside(*run, "--set", "n=[8,16,32]", "--out", "elsewhere")
    assert times() == changed
    inside("plot", "variance")
    assert all(times()[name] > changed[name] for name in changed)


def test_dry_run_counts_cells_and_creates_nothing(inside, tmp_path):
    command = ["run", "variance", "--set", "n=[8,16]", "--set", "k=[2,4]", "--dry-run"]
    done = inside(*command)
    assert "4 cells" in done.stdout
    assert done.stdout.splitlines()[1:] == [f"  n = {n}, k = {k}" for n in (8, 16) for k in (2, 4)]
    report = json.loads(inside(*command, "--json").stdout)
    assert report["cells"][1] == {"n": 8, "k": 4}
    assert report["seconds_of_first_cell"] > 0
    assert list(tmp_path.iterdir()) == []


def test_a_users_own_estimator_runs_and_its_file_is_part_of_the_key(inside, tmp_path):
    own = tmp_path / "own.py"
    own.write_text("def mine(rewards, k):\n    return rewards / rewards.shape[-1]\n")
    run = ["run", "variance", "--jobs", 1, "--set", "estimators=['own.py:mine']"]
    run += SMALL["variance"]
    assert "2 cells run" in inside(*run).stderr
    assert "2 reused" in inside(*run).stderr
    own.write_text("def mine(rewards, k):\n    return rewards * 2\n")
    assert "2 cells run" in inside(*run).stderr


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["run", "varience"], "Did you mean 'variance'?"),
        (["run", "variance", "--set", "m=3"], "unknown setting of study 'variance': 'm'"),
        (["run", "variance", "--set", "n"], "--set takes key=value, got 'n'"),
        (["run", "variance", "--set", "n=0"], "n: input should be greater than 0, got 0"),
        (["run", "variance", "--set", "estimators=['rlo']"], "Did you mean 'rloo'?"),
        (["run", "variance", "--set", "estimators=['no.py:f']"], "there is no file 'no.py'"),
        (["run", "transforms", "--set", "k=33"], "k"),
        (["run", "variance", "--seed=-1"], "seed"),
        (["run", "paper", "--set", "n=3"], "--set needs one study"),
        (["run", "../x.toml"], "no study file"),
        (["run", "variance", "--jobs", "0"], "jobs"),
        (["run", "variance", "--retries=-1"], "retries"),
        (["show", "variance"], "no results in"),
        (["show", "../x"], "no results in"),
        (["show", "a\nb"], "letters, digits"),
        (["plot", "variance"], "no results in"),
        (["list", "studys"], "Did you mean 'studies'?"),
        (["audit", "--k", "9"], "k"),
        (["audit", "--estimator", "pkp"], "Did you mean 'pkpo'?"),
        (["audit", "--rewards", "1,x"], "numbers separated by commas"),
        (["audit", "--budget", "3", "--estimator", "pkpo"], "budget"),
        (["audit", "--p", "0.5"], "--p is an option of audit --metric"),
        (["audit", "--metric", "all", "--n", "0"], "n must be"),
        (["audit", "--metric", "all", "--k", "0"], "k must"),
        (["audit", "--metric", "all", "--budget", "0"], "nothing else"),
        (["lesson", "--out", "no/x.html"], "'no/x.html': there is no folder 'no'.\n"),
        (["run", "atlas", "--set", "family=nope"], "unknown family 'nope'"),
        (["run", "--sed", "3"], "No such option: --sed"),
        (["run", "--" + "x" * 10**6], "No such option"),
        (["run", "--seed", "x" * 10**6], "'--seed'"),
        (["run", "--seed"], "requires an argument"),
        (["show"], "Missing argument 'STUDY'"),
        (["show", "a", "b" * 10**6], "unexpected extra argument"),
        (["x" * 10**6], "No such command"),
        (["nonsense"], "No such command"),
    ],
)
def test_bad_input_is_one_sentence_exit_2_and_nothing_created(inside, tmp_path, arguments, says):
    done = inside(*arguments, code=2)
    assert says in done.stderr
    assert done.stdout == ""
    assert list(tmp_path.iterdir()) == []
    assert done.stderr.startswith("error: ")
    assert done.stderr.count("\n") == 1
    assert len(done.stderr) <= 301


def test_a_study_file_may_not_leave_the_results_folder(inside, tmp_path):
    (tmp_path / "..x.toml").write_text('study = "element_weights"\n')
    assert "letters, digits" in inside("run", "..x.toml", code=2).stderr
    (tmp_path / "results").mkdir()
    (tmp_path / "outside").mkdir()
    (tmp_path / "results" / "element_weights").symlink_to(tmp_path / "outside")
    assert "must lie in" in inside("run", "element_weights", code=2).stderr
    assert list((tmp_path / "outside").iterdir()) == []


def test_debug_brings_the_traceback_back(tmp_path):
    import subprocess
    import sys

    done = subprocess.run(
        [sys.executable, "-m", "pkpo_toy", "--debug", "run", "varience"],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert "Traceback" in done.stderr


def test_list_shows_every_row_of_the_tables(inside):
    listed = json.loads(inside("list", "--json").stdout)
    assert set(listed) == {"studies", "estimators", "problems", "formats"}
    assert {row["study"] for row in listed["studies"]} == packaged_names() | set(SUITES)
    text = inside("list", "estimators").stdout
    assert all(text.count(f"\n {row['estimator']} ") == 1 for row in listed["estimators"])
    unbiased, biased = text.split("another objective")[0], text.split("biased: to compare")[1]
    assert " pkpo_loo_minus_one " in unbiased
    assert " passk_grpo " in biased


def test_a_narrow_terminal_gets_whole_words(monkeypatch, capsys, cli):
    lines = cli("list", env={"COLUMNS": "80"}).stdout.splitlines()
    assert max(len(line.rstrip()) for line in lines) <= 80
    monkeypatch.setenv("COLUMNS", "40")
    names = ["cumulative_solve_rate", "gradient_variance", "zero_signal", "entropy"]
    print_table(pd.DataFrame([dict.fromkeys(names, value) for value in (0.5, 0.25)]), "curves")
    head = capsys.readouterr().out
    assert all(word in head for name in names for word in name.split("_"))


def test_version_and_help(cli):
    assert cli("--version").stdout == "pkpo-toy 0.1.0\n"
    assert "Usage" in cli("--help").stdout
    assert "Usage" in cli("run", "--help").stdout


@pytest.fixture(scope="module")
def usual_report(tmp_path_factory):
    run = ("run", "element_weights", "--json", "--jobs", 1)
    return run_inside(tmp_path_factory.mktemp("usual"), *run).stdout


@pytest.mark.parametrize(
    "env",
    [
        {"NO_COLOR": "1", "FORCE_COLOR": ""},
        {"LC_ALL": "C", "PYTHONIOENCODING": "ascii", "HOME": "/nonexistent", "MPLCONFIGDIR": ""},
        {
            "LC_ALL": "de_DE.UTF-8",
            "DISPLAY": "",
            "PYTHONHASHSEED": "7",
            "OMP_NUM_THREADS": "3",
        },
    ],
    ids=["no colour", "ascii and no home", "comma, no display and three threads"],
)
def test_the_surroundings_do_not_change_results(cli, usual_report, env):
    report = cli("run", "element_weights", "--json", "--jobs", 1, env=env).stdout
    assert json.loads(report)["summary"][0] == {"n": 8, "k": 1, "rank": 1, "weight": 0.125}
    assert "\x1b" not in cli("show", "element_weights", env=env).stdout
    assert report == usual_report


def test_a_reader_that_leaves_early_breaks_nothing(tmp_path):
    import subprocess
    import sys

    command = f"{sys.executable} -m pkpo_toy list estimators | head -1"
    done = subprocess.run(command, shell=True, cwd=tmp_path, capture_output=True, text=True,
                          check=False)  # fmt: skip
    assert done.returncode == 0
    assert done.stderr == ""


def test_without_words_comes_the_help(inside):
    assert inside().stdout == inside("--help").stdout


def test_an_own_estimator_is_audited_beside_the_others(inside, tmp_path):
    (tmp_path / "own.py").write_text("def mine(rewards, k):\n    return rewards * 1.0\n")
    done = inside("audit", "--estimator", "own.py:mine", "--estimator", "rloo")
    assert done.stdout.index("own.py:mine") < done.stdout.index(" rloo ")


def test_nobody_to_ask_is_said(inside, stored):
    inside("run", "variance", "--name", "variance", "--set", "n=8", "--set", "estimates=200",
           "--jobs", 1)  # fmt: skip
    assert "--yes" in inside("clean", "variance", code=2).stderr


def test_no_number_of_jobs_is_too_large(inside):
    one = ["run", "element_weights", "--set", "n=4", "--set", "k=2"]
    assert "1 cells run" in inside(*one, "--jobs", 10**20).stderr


@pytest.fixture
def both(monkeypatch):
    """A suite of two short studies."""
    monkeypatch.setitem(SUITES, "both", ("landscape", "element_weights"))
    return "run", "both", "--quick", "--jobs"


def test_a_study_is_drawn_while_workers_compute_the_next(inside, both, tmp_path, monkeypatch):
    alone = inside(*both, 1)
    files = content(tmp_path)
    for folder in ("results", "figures"):
        shutil.rmtree(tmp_path / folder)
    begun, drawn = threading.Event(), []
    carry_out, save_figure = experiment.carry_out, experiment.Result.save_figure

    def carried_out(plan, *rest, **options):
        if plan.name == "element_weights":
            begun.set()
        return carry_out(plan, *rest, **options)

    def saved(result, *rest, **options):
        drawn.append((result.name, result.name == "element_weights" or begun.wait(60)))
        return save_figure(result, *rest, **options)

    monkeypatch.setattr(experiment, "carry_out", carried_out)
    monkeypatch.setattr(experiment.Result, "save_figure", saved)
    beside = inside(*both, 2)
    assert drawn == [("landscape", True), ("element_weights", True)]
    assert (beside.stdout, beside.stderr) == (alone.stdout, alone.stderr)
    assert content(tmp_path) == files


def test_a_figure_that_cannot_be_written_ends_the_run(inside, both, tmp_path):
    (tmp_path / "figures").touch()
    for jobs in (1, 2):
        said = inside(*both, jobs, code=74).stderr
        assert "figures" in said
        assert said.count("\n") == 1
    assert (tmp_path / "results" / "quick" / "landscape" / "summary.csv").exists()
