"""`pkpo-toy passk` as a process: data on stdout, sentences on stderr, files whole or absent."""

import json
import subprocess
import sys
from functools import partial
from importlib.resources import files

import pytest

EXAMPLES = files("pkpo_toy.samples") / "data"
COUNTS, SAMPLES = str(EXAMPLES / "example_counts.csv"), str(EXAMPLES / "example_samples.csv")


@pytest.fixture
def passk(process):
    return partial(process, "passk")


def test_json_is_the_rows(passk):
    done = passk(COUNTS, "--k", "1,10,100", "--json")
    assert (done.returncode, done.stderr) == (0, b"")
    document = json.loads(done.stdout)
    assert document["measure"] == "pass@k"
    assert "Wilson" in document["interval"]
    assert [row["k"] for row in document["rows"]] == [1, 10, 100]
    for row in document["rows"]:
        assert list(row) == ["k", "value", "se", "low", "high", "problems"]
        assert 0 <= row["low"] < row["value"] < row["high"] <= 1
        assert row["problems"] == 40


def test_default_ks_and_max_at_k(inside):
    document = json.loads(inside("passk", SAMPLES, "--json").stdout)
    assert document["measure"] == "max@k"
    assert [row["k"] for row in document["rows"]] == [1, 2, 5]


def test_one_problem_has_null_errors(inside):
    done = inside("passk", "-", "--json", "--k", "2", stdin="problem,n,c\na,4,1\n")
    (row,) = json.loads(done.stdout)["rows"]
    assert row == {"k": 2, "value": 0.5, "se": None, "low": None, "high": None, "problems": 1}


@pytest.mark.parametrize(
    "environment",
    [
        {"LC_ALL": "C", "NO_COLOR": "1"},
        {"LC_ALL": "de_DE.UTF-8", "PYTHONIOENCODING": "ascii"},
    ],
)
def test_the_table_is_readable_everywhere(passk, environment):
    stdin = "problem,n,c\nπ,4,1\nb,4,2\n".encode()
    done = passk("-", "--k", "1,2", stdin=stdin, **environment)
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"pass@k" in done.stdout
    assert b"0.375" in done.stdout
    if "IOENCODING" in str(environment):
        assert done.stdout.isascii()


def test_the_reader_may_leave_early(tmp_path):
    code = f"{sys.executable} -m pkpo_toy passk {COUNTS} --json | head -1"
    done = subprocess.run(code, shell=True, capture_output=True, check=False)
    assert (done.stdout, done.stderr) == (b"{\n", b"")


def test_plot_draws_the_curve_in_both_formats(inside, tmp_path):
    done = inside("passk", SAMPLES, "--json", "--plot", "--figures", "drawn")
    assert json.loads(done.stdout)["rows"]
    names = ["drawn/passk_example_samples.png", "drawn/passk_example_samples.svg"]
    assert done.stderr.splitlines() == [f"wrote {name}" for name in names]
    starts = [(tmp_path / name).read_bytes()[:5] for name in names]
    assert starts == [b"\x89PNG\r", b"<?xml"]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["none.csv"], "cannot read none.csv: No such file"),
        ([""], "a file must have a name, or be - for standard input, got ''"),
        (["-"], "standard input is empty"),
        ([COUNTS, "--k", "1,x"], "--k takes integers >= 1 separated by commas, got '1,x'"),
        ([COUNTS, "--k", "150", "--plot"], "10 of 40 problems have fewer"),
    ],
)
def test_bad_input_is_one_sentence_and_leaves_nothing(inside, tmp_path, arguments, sentence):
    done = inside("passk", *arguments, code=2)
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert line.startswith("error: ")
    assert sentence in line
    assert list(tmp_path.iterdir()) == []


def test_what_was_recognised_left_out_and_dropped_is_said(inside, tmp_path):
    def sample(name, epoch, value):
        return {"id": name, "epoch": epoch, "scores": {"s": {"value": value}}}

    samples = [sample("a", 1, "C"), sample("a", 2, "I"), sample("b", 1, "C"), sample("b", 2, None)]
    log = {"version": 2, "eval": {"run_id": "r"}, "samples": samples}
    (tmp_path / "log.json").write_text(json.dumps(log))
    done = inside("passk", "log.json", "--k", "1,2", "--where-possible", "--json")
    assert done.stderr.splitlines() == [
        "inspect_ai, scorer s: 1 problem, 2 samples each; left out: 1 unscored",
        "1 of 2 problems have n < 2 and are left out",
    ]
    document = json.loads(done.stdout)
    assert (document["left_out"], document["dropped"]) == ({"unscored": 1}, 1)
    assert [row["value"] for row in document["rows"]] == [0.5, 1.0]


def test_metric_range_and_pdf(inside, tmp_path):
    done = inside("passk", SAMPLES, "--metric", "q50@k", "--range", "0,2", "--pdf", "--json")
    document = json.loads(done.stdout)
    assert document["measure"] == "q50@k"
    assert "in the range 0 to 2" in document["interval"]
    pdf = tmp_path / "figures" / "passk_example_samples.pdf"
    assert pdf.read_bytes().startswith(b"%PDF")
    assert "takes LOW,HIGH" in inside("passk", SAMPLES, "--range", "0", code=2).stderr
