"""`pkpo-toy weights` as a process: the rows of the file again, with one more column."""

import csv
import json
import subprocess
import sys
from functools import partial
from importlib.resources import files

import pytest

from pkpo_toy.estimators import grouped_weights

SAMPLES = files("pkpo_toy.samples") / "data" / "example_samples.csv"


@pytest.fixture
def weights(process):
    return partial(process, "weights")


@pytest.mark.parametrize("scale", ["sum", "mean"])
def test_every_row_gets_its_weight(weights, scale):
    done = weights(SAMPLES, "--k", 4, "--estimator", "centered_loo", "--scale", scale)
    assert (done.returncode, done.stderr) == (0, b"")
    rows = list(csv.DictReader(done.stdout.decode().splitlines()))
    expected = grouped_weights(
        [float(row["reward"]) for row in rows],
        [row["problem"] for row in rows],
        4,
        "centered_loo",
        scale=scale,
    )
    assert [float(row["weight"]) for row in rows] == expected.tolist()
    without = [line.rpartition(b",")[0] for line in done.stdout.splitlines()]
    assert without == SAMPLES.read_bytes().splitlines()


TEXT = 'note,reward,sample,problem\r\n"é, ""x""\nz",0.50,0,π\r\n,1,1,π\r\n'


@pytest.mark.parametrize("environment", [{}, {"LC_ALL": "C", "PYTHONIOENCODING": "ascii"}])
def test_the_text_of_the_file_is_kept(weights, environment):
    done = weights("-", "--k", 2, stdin=("\ufeff" + TEXT).encode(), **environment)
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.decode() == (
        'note,reward,sample,problem,weight\r\n"é, ""x""\nz",0.50,0,π,0.0\r\n,1,1,π,0.5\r\n'
    )


def test_json_lines_stay_json_lines(weights):
    rows = [{"problem": 1, "sample": i, "reward": r, "x": [i]} for i, r in enumerate([True, 0.5])]
    stdin = "\n".join(map(json.dumps, rows)).encode()
    done = weights("-", "--k", 2, stdin=stdin)
    assert [json.loads(line) for line in done.stdout.splitlines()] == [
        rows[0] | {"weight": 0.5},
        rows[1] | {"weight": 0.0},
    ]


def test_out_is_written_instead_of_stdout(weights, tmp_path):
    (tmp_path / "out.csv").write_text("old")
    done = weights(SAMPLES, "--k", 4, "--out", "out.csv")
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    assert (tmp_path / "out.csv").read_bytes() == weights(SAMPLES, "--k", 4).stdout
    assert [path.name for path in tmp_path.iterdir()] == ["out.csv"]


def test_the_reader_may_leave_early(tmp_path):
    path = tmp_path / "many.csv"
    rows = (f"p{i // 10},{i},{i % 7}\n" for i in range(30_000))
    path.write_text("problem,sample,reward\n" + "".join(rows))
    code = f"{sys.executable} -m pkpo_toy weights {path} --k 4 | head -1"
    done = subprocess.run(code, shell=True, capture_output=True, check=False)
    assert (done.stdout, done.stderr) == (b"problem,sample,reward,weight\n", b"")


def test_any_other_format_gives_a_csv_with_its_samples(inside, tmp_path):
    (written,) = inside("example", "humaneval").stdout.split()
    done = inside("weights", written, "--k", 2)
    assert done.stderr == "HumanEval: 1 problem, 3 samples each\n"
    rows = list(csv.reader(done.stdout.splitlines()))
    assert rows[0] == ["problem", "sample", "reward", "weight"]
    assert [row[:3] for row in rows[1:]] == [
        ["t/0", str(i), r] for i, r in enumerate(("1.0", "0.0", "0.0"))
    ]
    expected = grouped_weights([1.0, 0.0, 0.0], ["t/0"] * 3, 2)
    assert [float(row[3]) for row in rows[1:]] == expected.tolist()


def test_a_format_that_keeps_counts_alone_is_refused(inside, tmp_path):
    (written,) = inside("example", "lm_eval").stdout.split()
    done = inside("weights", written, "--k", 2, "--out", "out.csv", code=2)
    assert "only how many samples were right is known" in done.stderr
    assert not (tmp_path / "out.csv").exists()


BAD = "problem,sample,reward\na,0,1\na,1,nan\n"
WEIGHTED = "problem,sample,reward,weight\na,0,1,1\na,1,0,1\n"


@pytest.mark.parametrize(
    ("arguments", "stdin", "sentence"),
    [
        (["-", "--k", 2], BAD, "standard input, line 3: reward must be a finite number"),
        (["-", "--k", 2], WEIGHTED, "has a column 'weight' already"),
        ([SAMPLES, "--k", 9], "", "'task_00': k must satisfy 1 <= k <= n, got k = 9 with n = 8"),
        ([SAMPLES, "--k", 4, "--estimator", "pkp"], "", "Did you mean 'pkpo'"),
        ([SAMPLES, "--k", 4, "--out", "no/out.csv"], "", "there is no folder 'no'"),
        ([SAMPLES, "--k", 4, "--out", "."], "", "is not an ordinary file"),
        ([SAMPLES, "--k", 4, "--out", "/dev/null"], "", "is not an ordinary file"),
    ],
)
def test_bad_input_is_one_sentence_and_leaves_nothing(inside, tmp_path, arguments, stdin, sentence):
    if "--out" not in arguments:
        arguments = [*arguments, "--out", "out.csv"]
    done = inside("weights", *arguments, stdin=stdin, code=2)
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert line.startswith("error: ")
    assert sentence in line
    assert list(tmp_path.iterdir()) == []
