"""Executing, resuming, starting over, and what is said of cells that fail."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from pkpo_toy.errors import InputError
from pkpo_toy.runs import Event, execute, read_manifest, read_summary, typed_command
from tests.runs import toy
from tests.runs.driving import ROOT, contents


def run(folder: Path, cells: list[Any], **options: Any) -> Any:
    return execute(cells, toy.draw, folder, summarize=toy.means, **options)


def test_results_are_what_a_bare_loop_gives(tmp_path: Path) -> None:
    outcome = run(tmp_path, toy.cells(5))
    assert (outcome.total, outcome.ran, outcome.reused, outcome.failed) == (5, 5, 0, ())
    expected = pd.concat([toy.means(cell.spec, toy.draw(cell.spec)) for cell in toy.cells(5)])
    pd.testing.assert_frame_equal(
        read_summary(tmp_path), expected.reset_index(drop=True), check_exact=True
    )


def test_finished_cells_are_not_run_again_and_nothing_is_touched(tmp_path: Path) -> None:
    run(tmp_path, toy.cells(3))
    before = {p: (p.read_bytes(), p.stat().st_mtime_ns) for p in tmp_path.rglob("*.*s*")}
    outcome = run(tmp_path, toy.cells(3))
    assert (outcome.ran, outcome.reused) == (0, 3)
    assert {p: (p.read_bytes(), p.stat().st_mtime_ns) for p in tmp_path.rglob("*.*s*")} == before


def test_fresh_starts_over(tmp_path: Path) -> None:
    run(tmp_path, toy.cells(3))
    outcome = run(tmp_path, toy.cells(2), fresh=True)
    assert (outcome.ran, outcome.reused) == (2, 0)
    assert len(list(tmp_path.glob("cells/*.csv"))) == 2


@pytest.mark.faults
@pytest.mark.parametrize("change", ["configuration", "code"])
def test_changed_configuration_or_code_recomputes_and_never_mixes(
    tmp_path: Path, change: str
) -> None:
    run(tmp_path / "a", toy.cells(3))
    changed = toy.cells(3, rows=5) if change == "configuration" else toy.cells(3, code="v2")
    outcome = run(tmp_path / "a", changed)
    assert (outcome.ran, outcome.reused) == (3, 0)
    run(tmp_path / "b", changed)
    for name in ("summary.csv", "manifest.json"):
        assert contents(tmp_path / "a")[name] == contents(tmp_path / "b")[name]


def test_one_cell_more_runs_one_cell(tmp_path: Path) -> None:
    run(tmp_path / "a", toy.cells(3))
    assert run(tmp_path / "a", toy.cells(4)).ran == 1
    run(tmp_path / "b", toy.cells(4))
    assert contents(tmp_path / "a") == contents(tmp_path / "b")


def failing(how: str, tmp_path: Path, bad: int = 1) -> dict[str, Any]:
    return {"bad": [bad], "how": how, "calls": str(tmp_path / "calls")}


@pytest.mark.faults
@pytest.mark.usefixtures("warm_workers")
@pytest.mark.parametrize("jobs", [1, 2])
@pytest.mark.parametrize(
    ("how", "calls", "text"),
    [
        ("no_answer", 3, "ArithmeticError: no answer"),
        ("wrong_input", 1, "InputError: k must be at most 8, got 9"),
        ("leave", 3, "SystemExit: 3"),
    ],
)
def test_a_raising_cell_is_retried_recorded_and_the_others_finish(
    tmp_path: Path, jobs: int, how: str, calls: int, text: str
) -> None:
    cells = toy.cells(5, **failing(how, tmp_path))
    folder = tmp_path / "toy"
    events: list[Event] = []
    outcome = execute(
        cells, toy.trouble, folder, summarize=toy.means, jobs=jobs, progress=events.append
    )
    assert (outcome.ran, len(outcome.failed)) == (4, 1)
    assert toy.calls(tmp_path / "calls") == calls
    (line,) = (folder / "failures.jsonl").read_text().splitlines()
    record = json.loads(line)
    assert (record["key"], record["spec"]) == (cells[1].key, cells[1].spec)
    assert (record["attempts"], record["exception"]) == (calls, text)
    assert "tests/runs/toy.py" in record["traceback"]
    assert [event.key for event in events if event.kind == "failed"] == [cells[1].key]
    assert read_summary(folder)["index"].tolist() == [0, 2, 3, 4]
    assert (read_manifest(folder) or {})["failed"] == [cells[1].key]


@pytest.mark.usefixtures("warm_workers")
def test_failures_read_the_same_in_this_process_and_in_workers(tmp_path: Path) -> None:
    cells = toy.cells(6, **failing("no_answer", tmp_path))
    for jobs in (1, 2):
        execute(cells, toy.trouble, tmp_path / str(jobs), summarize=toy.means, jobs=jobs)
    assert contents(tmp_path / "1") == contents(tmp_path / "2")


@pytest.mark.usefixtures("warm_workers")
def test_failures_are_listed_in_the_order_of_the_cells(tmp_path: Path) -> None:
    options = {"bad": [0, 3], "how": "no_answer", "calls": str(tmp_path / "calls"), "seconds": 0.5}
    cells, folder, told = toy.cells(4, **options), tmp_path / "toy", []
    outcome = execute(cells, toy.trouble, folder, jobs=2, retries=0, progress=told.append)
    assert [event.key for event in told if event.kind == "failed"] == [cells[3].key, cells[0].key]
    assert [failure.key for failure in outcome.failed] == [cells[0].key, cells[3].key]
    assert (read_manifest(folder) or {})["failed"] == [cells[0].key, cells[3].key]


def test_a_cell_that_works_the_second_time_is_done(tmp_path: Path) -> None:
    outcome = execute(toy.cells(2, **failing("not_yet", tmp_path)), toy.trouble, tmp_path / "toy")
    assert (outcome.ran, outcome.failed) == (2, ())


def test_no_retries(tmp_path: Path) -> None:
    cells = toy.cells(2, **failing("not_yet", tmp_path))
    outcome = execute(cells, toy.trouble, tmp_path / "toy", retries=0)
    assert [failure.attempts for failure in outcome.failed] == [1]


def test_the_next_run_tries_what_failed_again(tmp_path: Path) -> None:
    cells, folder = toy.cells(3, **failing("not_yet", tmp_path)), tmp_path / "toy"
    first = execute(cells, toy.trouble, folder, summarize=toy.means, retries=0)
    assert len(first.failed) == 1
    second = execute(cells, toy.trouble, folder, summarize=toy.means, retries=0)
    assert (second.ran, second.reused, second.failed) == (1, 2, ())
    assert not (folder / "failures.jsonl").exists()
    assert read_summary(folder)["index"].tolist() == [0, 1, 2]


def uneven(spec: dict[str, Any], frame: pd.DataFrame) -> pd.DataFrame:
    if frame["index"].iloc[0] == 1:
        raise ZeroDivisionError("no mean")
    rows = toy.means(spec, frame)
    return rows.rename(columns={"index": "number"}) if frame["index"].iloc[0] == 2 else rows


def test_cells_whose_summary_fails_are_named_and_left_out(tmp_path: Path) -> None:
    for _ in range(2):
        outcome = execute(toy.cells(4), toy.draw, tmp_path, summarize=uneven)
        exceptions = [failure.exception for failure in outcome.failed]
        assert exceptions[0] == "ZeroDivisionError: no mean"
        assert exceptions[1].startswith("ValueError: summary columns ['number', 'mean'] differ")
        assert read_summary(tmp_path)["index"].tolist() == [0, 3]


def not_a_frame(spec: dict[str, Any]) -> Any:
    return [1, 2]


def test_a_cell_must_return_a_frame(tmp_path: Path) -> None:
    outcome = execute(toy.cells(1), not_a_frame, tmp_path)
    assert "must return a DataFrame, got list" in outcome.failed[0].exception


@pytest.mark.parametrize("value", [0, -1, True, 2.0, "2"])
def test_jobs_and_retries_are_checked_before_anything_is_created(
    tmp_path: Path, value: Any
) -> None:
    with pytest.raises(InputError, match="jobs must be an integer >= 1"):
        execute(toy.cells(1), toy.draw, tmp_path / "toy", jobs=value)
    if value != 0:
        with pytest.raises(InputError, match="retries must be an integer >= 0"):
            execute(toy.cells(1), toy.draw, tmp_path / "toy", retries=value)
    assert not (tmp_path / "toy").exists()


def test_progress_counts_to_the_total(tmp_path: Path) -> None:
    run(tmp_path, toy.cells(2))
    events: list[Event] = []
    run(tmp_path, toy.cells(4), progress=events.append)
    assert [event.kind for event in events] == ["reused"] * 2 + ["done"] * 2
    assert [(event.done, event.total) for event in events] == [(n, 4) for n in (1, 2, 3, 4)]


def test_manifest_tells_how_it_was_made(tmp_path: Path) -> None:
    description = {"study": "toy", "seed": 3, "configuration": {"n": 8}}
    run(tmp_path, toy.cells(2), description=description)
    manifest = read_manifest(tmp_path)
    assert manifest is not None
    assert {name: manifest[name] for name in description} == description
    assert manifest["cells"] == [cell.key for cell in toy.cells(2)]
    assert manifest["command"] == typed_command()
    assert manifest["times"]["started"] <= manifest["times"]["finished"]


@pytest.mark.parametrize(
    ("program", "name"),
    [
        ("/home/me/.venv/bin/pkpo-toy", "pkpo-toy"),
        ("/home/me/pkpo_toy/__main__.py", "pkpo-toy"),
        ("/lib/pytest/__main__.py", "pytest"),
        ("mine.py", "mine.py"),
        ("", ""),
    ],
)
def test_the_command_is_told_as_one_types_it(
    program: str, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", [program, "run", "paper"])
    assert typed_command() == [name, "run", "paper"]


def test_a_summary_of_no_cells_and_a_run_without_summary(tmp_path: Path) -> None:
    assert run(tmp_path / "none", []).total == 0
    execute(toy.cells(1), toy.draw, tmp_path / "plain")
    assert not (tmp_path / "plain" / "summary.csv").exists()


def test_importing_the_room_is_light() -> None:
    program = "import sys; before = set(sys.modules); import pkpo_toy.runs; "
    program += "print(*set(sys.modules) & {'pandas', 'distributed', 'concurrent.futures.process'})"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == ""
