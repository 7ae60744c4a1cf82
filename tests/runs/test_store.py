"""Stored cells: damage is noticed, half-written things are cleared away, the rest is plain."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from pkpo_toy.runs import Corrupt, Event, clean, execute, read_cells, read_manifest, unreferenced
from pkpo_toy.runs.store import Store
from tests.runs import toy
from tests.runs.driving import contents


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    execute(toy.cells(4), toy.draw, tmp_path / "toy", summarize=toy.means)
    return tmp_path / "toy"


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-7])


def flip_a_bit(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def empty(path: Path) -> None:
    path.write_bytes(b"")


@pytest.mark.faults
@pytest.mark.parametrize("damage", [truncate, flip_a_bit, empty])
def test_a_damaged_cell_is_set_aside_computed_again_and_told(folder: Path, damage) -> None:
    undisturbed = contents(folder)
    cell = toy.cells(4)[2]
    path = folder / "cells" / f"{cell.key}.csv"
    damage(path)
    damaged = path.read_bytes()
    events = []
    outcome = execute(toy.cells(4), toy.draw, folder, summarize=toy.means, progress=events.append)
    aside = path.with_name(path.name + ".corrupt")
    assert (outcome.ran, outcome.reused, outcome.corrupt) == (1, 3, (aside,))
    assert [(e.key, str(aside) in e.text) for e in events if e.kind == "corrupt"] == [
        (cell.key, True)
    ]
    assert aside.read_bytes() == damaged
    aside.unlink()
    assert contents(folder) == undisturbed


@pytest.mark.faults
def test_a_damaged_checksum_file_costs_time_never_truth(folder: Path) -> None:
    undisturbed = contents(folder)
    sums = folder / "cells" / "SHA256SUMS"
    lines = sums.read_bytes().splitlines(keepends=True)
    sums.write_bytes(lines[0] + b"\xff\0 nonsense\n" + lines[1][:30])
    outcome = execute(toy.cells(4), toy.draw, folder, summarize=toy.means)
    assert (outcome.ran, outcome.reused) == (3, 1)
    assert contents(folder) == undisturbed


@pytest.mark.faults
def test_half_a_line_of_checksums_does_not_swallow_the_next(folder: Path) -> None:
    with (folder / "cells" / "SHA256SUMS").open("ab") as sums:
        sums.write(b"0123456789abcdef")
    with Store(folder) as store:
        store.write("new", b"x\n1\n")
    with Store(folder) as store:
        assert store.check("new") == "valid"


@pytest.mark.faults
def test_a_damaged_summary_is_written_again(folder: Path) -> None:
    undisturbed = contents(folder)
    flip_a_bit(folder / "summary.csv")
    execute(toy.cells(4), toy.draw, folder, summarize=toy.means)
    assert contents(folder) == undisturbed


def manifest_with(**changed: Any) -> str:
    times = {"started": "2026-01-01T00:00:00+00:00", "finished": None}
    good = {"layout": 1, "cells": ["0" * 20], "failed": [], "summary": None, "times": times}
    return json.dumps({**good, **changed})


DAMAGED = [
    *("", "{", "[]", "{}", "null", '"text"', "3", "\0", "NaN", "[" * 99_999, '{"cells":' * 99_999),
    *(manifest_with(cells=bad) for bad in ("", 3, "0" * 20, [3], ["../x"], ["0" * 21], None, {})),
    *(manifest_with(failed=bad) for bad in (None, "x", [None])),
    *(manifest_with(summary=bad) for bad in (3, {}, {"inputs": "x", "sha256": "y"})),
    *(manifest_with(times=bad) for bad in (None, [], {"started": 3, "finished": None})),
    *(manifest_with(study=3), manifest_with(configuration=[]), manifest_with(layout="1")),
]


@pytest.mark.faults
@pytest.mark.parametrize("text", DAMAGED)
def test_a_damaged_manifest_is_written_again(folder: Path, text: str) -> None:
    undisturbed = contents(folder)
    (folder / "manifest.json").write_text(text)
    with pytest.raises(Corrupt, match=r"manifest.json is damaged") as caught:
        read_manifest(folder)
    assert len(str(caught.value)) < 300
    told: list[Event] = []
    again = execute(toy.cells(4), toy.draw, folder, summarize=toy.means, progress=told.append)
    assert again.reused == 4
    assert [event.key for event in told if event.kind == "corrupt"] == ["manifest.json"]
    assert contents(folder) == undisturbed


@pytest.mark.faults
def test_temporary_files_of_a_killed_run_are_removed(folder: Path) -> None:
    undisturbed = contents(folder)
    for place in (folder, folder / "cells"):
        (place / f".pkpo-toy-{'0f' * 8}.tmp").write_text("half")
    execute(toy.cells(4), toy.draw, folder, summarize=toy.means)
    assert contents(folder) == undisturbed


def test_sha256sum_agrees(folder: Path) -> None:
    if shutil.which("sha256sum") is None:
        pytest.skip("no sha256sum here to compare with")
    subprocess.run(["sha256sum", "-c", "SHA256SUMS"], cwd=folder / "cells", check=True)


def test_cells_read_back_as_computed(folder: Path) -> None:
    cells = toy.cells(4)
    read = dict(read_cells(folder, [cell.key for cell in reversed(cells)]))
    assert list(read) == [cell.key for cell in reversed(cells)]
    for cell in cells:
        pd.testing.assert_frame_equal(read[cell.key], toy.draw(cell.spec), check_exact=True)


def test_reading_a_damaged_or_absent_cell_raises(folder: Path) -> None:
    cell = toy.cells(1)[0]
    flip_a_bit(folder / "cells" / f"{cell.key}.csv")
    with pytest.raises(Corrupt, match=cell.key):
        list(read_cells(folder, [cell.key]))
    with pytest.raises(Corrupt, match="absent"):
        list(read_cells(folder, ["0" * 20]))


def test_clean_removes_what_no_configuration_refers_to(folder: Path) -> None:
    kept = [cell.key for cell in toy.cells(2)]
    (folder / "cells" / f"{'0' * 20}.csv.corrupt").write_text("")
    theirs = [folder / "cells" / "notes.txt", folder / "cells" / "x.csv", folder / "mine.csv"]
    for path in theirs:
        path.write_text("mine")
    listed = unreferenced(folder, kept)
    assert len(listed) == 3
    before = contents(folder)
    assert clean(folder, kept) == listed
    after = contents(folder)
    assert set(before) - set(after) == {f"cells/{path.name}" for path in listed}
    assert after["cells/SHA256SUMS"].count(b"\n") == 2
    assert unreferenced(folder, kept) == []
    assert all(path.read_text() == "mine" for path in theirs)
    assert execute(toy.cells(2), toy.draw, folder).reused == 2
