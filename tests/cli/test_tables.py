"""Tables on a terminal of 80 columns: no line is longer, no number or word is cut."""

import re
from functools import cache
from pathlib import Path

import pandas as pd
import pytest

from pkpo_toy.cli.listing import KINDS
from pkpo_toy.cli.support.tables import columns_of, print_table
from pkpo_toy.runs.tables import read_csv
from tests.cli.conftest import run_inside

ROOT = Path(__file__).parents[2]
COMMITTED = sorted(path.parent.name for path in (ROOT / "results").glob("*/manifest.json"))
NARROW = [
    *(["show", str(ROOT / "results" / name), "--all"] for name in COMMITTED),
    *(["list", kind] for kind in KINDS),
    ["audit"],
    ["audit", "--rewards", "0,1", "--logits=0,0", "--n", "3"],
    ["audit", "--metric", "all"],
    ["passk", "example_counts.csv", "--k", "1,2,4,8,16"],
    ["passk", "example_samples.csv"],
    ["compare", "example_before.csv", "example_after.csv", "--k", "1,8,64"],
]


@pytest.fixture(scope="module")
def examples(tmp_path_factory):
    folder = tmp_path_factory.mktemp("examples")
    run_inside(folder, "example", "all")
    return folder


@cache
def narrow(folder, *arguments):
    """What a command without side effects prints on 80 columns."""
    return run_inside(folder, *arguments, columns=80)


@pytest.mark.parametrize("arguments", NARROW, ids=lambda arguments: " ".join(arguments[-3:]))
def test_no_line_is_longer_than_the_terminal_and_no_heading_is_cut(examples, arguments):
    done = narrow(examples, *arguments)
    assert done.returncode == 0, done.stderr
    assert max(map(len, done.stdout.splitlines())) <= 80
    assert "…" not in done.stdout


@pytest.mark.parametrize("name", COMMITTED)
def test_every_number_of_a_study_is_shown_whole(examples, name):
    folder = ROOT / "results" / name
    done = narrow(examples, "show", str(folder), "--all")
    summary = read_csv(folder / "summary.csv").drop(columns="per_run", errors="ignore")
    shown = set(re.findall(r"[^\s,\[\]±]+", done.stdout))
    for column in columns_of(summary, " ± "):
        if column.numeric:
            numbers = {part for text in column.texts for part in text.split(" ± ")} - {""}
            assert numbers <= shown, column.name
        assert set(re.findall(r"[^\s±]+", column.name)) <= shown


FRAME = pd.DataFrame(
    {
        "theta": [0.5] * 4 + [1.0] * 4,
        "label": ["a rather long name", "b"] * 4,
        **{f"some_measured_value_{i}": [0.123456 + i + row for row in range(8)] for i in range(9)},
    }
)


def printed(capsys, monkeypatch, frame, width, **options):
    monkeypatch.setenv("COLUMNS", str(width))
    print_table(frame, "a title of several words", **options)
    return capsys.readouterr().out


def test_what_many_rows_share_becomes_a_heading(capsys, monkeypatch):
    text = printed(capsys, monkeypatch, FRAME[["theta", "label", "some_measured_value_0"]], 33)
    assert text.count("  theta 0.5\n") == text.count("  theta 1\n") == 1
    wide = printed(capsys, monkeypatch, FRAME[["theta", "label", "some_measured_value_0"]], 60)
    assert "  theta 0.5\n" not in wide


def test_columns_that_do_not_fit_are_parted_and_none_is_lost(capsys, monkeypatch):
    text = printed(capsys, monkeypatch, FRAME, 50)
    assert max(map(len, text.splitlines())) <= 50
    assert text.count(" a rather long name ") == 4 * text.count(" label ") > 8
    assert all(f"{i + 0.123456:.4g}" in text for i in range(9))


def test_a_limit_says_what_is_left(capsys, monkeypatch):
    assert "... and 3 more rows" in printed(capsys, monkeypatch, FRAME, 200, limit=5)


@pytest.mark.parametrize("frame", [FRAME[:0], FRAME[:1], pd.DataFrame({"only": ["x"]})])
def test_few_rows(capsys, monkeypatch, frame):
    assert frame.columns[-1].split("_")[-1] in printed(capsys, monkeypatch, frame, 80)
