"""`pkpo-toy compare` as a process: the table, the crossing, the figure, refusals."""

import json
from functools import partial

import numpy as np
import pytest

HEADER = "problem,n,c\n"


@pytest.fixture
def compare(process):
    return partial(process, "compare")


@pytest.fixture
def pair(tmp_path):
    """Broad success rates before training, sharp ones after it: the curves cross."""
    rng = np.random.default_rng(4)
    right, wrong = rng.gamma(0.2, size=400), rng.gamma(0.4, size=400)
    after = right / (right + wrong)
    right, wrong = right + rng.gamma(0.4, size=400), wrong + rng.gamma(2, size=400)
    for name, rate in (("base", right / (right + wrong)), ("trained", after)):
        rows = (f"q{i},64,{c}\n" for i, c in enumerate(rng.binomial(64, rate)))
        (tmp_path / f"{name}.csv").write_text(HEADER + "".join(rows))
    return "base.csv", "trained.csv"


def test_json_holds_rows_crossing_and_what_was_left_out(compare, pair, tmp_path):
    with open(tmp_path / "base.csv", "a") as file:
        file.write("alone,64,3\n")
    done = compare(*pair, "base.csv", "--k", "1,64", "--json")
    assert (done.returncode, done.stderr) == (0, b"")
    document = json.loads(done.stdout)
    assert document["metric"] == "pass@k"
    trained, itself = document["comparisons"]
    assert [row["k"] for row in trained["rows"]] == [1, 64]
    assert trained["rows"][0]["difference"] > 0 > trained["rows"][1]["difference"]
    assert trained["crossing"]["low"] <= trained["crossing"]["k"] <= trained["crossing"]["high"]
    assert (trained["only_before"], trained["only_after"]) == (1, 0)
    assert {row["difference"] for row in itself["rows"]} == {0}
    assert itself["crossing"]["k"] is None


def test_the_table_says_the_crossing(compare, pair):
    done = compare(*pair, COLUMNS="120")
    assert (done.returncode, done.stderr) == (0, b"")
    assert "base.csv is the better from k on: k = " in done.stdout.decode()


def test_plot_draws_one_figure_for_all(compare, pair, tmp_path):
    done = compare(*pair, "--json", "--plot", "--figures", "drawn")
    assert done.returncode == 0
    names = ["drawn/compare_base_trained.png", "drawn/compare_base_trained.svg"]
    assert done.stderr.decode().splitlines() == [f"wrote {name}" for name in names]
    assert all((tmp_path / name).exists() for name in names)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["none.csv", "trained.csv"], "cannot read none.csv"),
        (["base.csv", "other.csv"], "no problem in common"),
        (["base.csv", "trained.csv", "--k", "65"], "400 of 400 problems have fewer"),
        (["base.csv", "trained.csv", "--k", "0"], "--k takes integers >= 1"),
        (["base.csv", "trained.csv", "--metric", "pas@k"], "Did you mean 'pass@k'"),
        (["base.csv", "trained.csv", "--score", "x"], "leave nothing open for --score"),
    ],
)
def test_bad_input_is_one_sentence_and_leaves_nothing(inside, pair, tmp_path, arguments, sentence):
    (tmp_path / "other.csv").write_text(HEADER + "else,64,1\n")
    before = sorted(tmp_path.iterdir())
    done = inside("compare", *arguments, "--plot", code=2)
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert line.startswith("error: ")
    assert sentence in line
    assert sorted(tmp_path.iterdir()) == before
