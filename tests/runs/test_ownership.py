"""Nothing of the user's is ever touched: what is not ours is neither written over nor removed."""

import os
import threading
from pathlib import Path
from typing import Any

import pytest

from pkpo_toy.errors import InputError
from pkpo_toy.files import DiskError, write_file, write_output
from pkpo_toy.runs import (
    Corrupt,
    check_ours,
    clean,
    execute,
    is_result,
    read_failures,
    read_manifest,
    read_summary,
)
from tests.runs import toy
from tests.runs.driving import contents


def run(folder: Path, count: int = 2, **options: Any) -> Any:
    return execute(toy.cells(count), toy.draw, folder, summarize=toy.means, **options)


@pytest.mark.parametrize("fresh", [False, True])
@pytest.mark.parametrize("name", ["thesis.tex", "manifest.json", "summary.csv", "data/x", ".lock"])
def test_a_folder_of_somebodys_files_is_refused(tmp_path: Path, fresh: bool, name: str) -> None:
    mine = tmp_path / "mine"
    (mine / name).parent.mkdir(parents=True)
    (mine / name).write_text("years of work")
    (mine / "other.txt").write_text("more of it")
    before = contents_of(mine)
    with pytest.raises(InputError, match="holds files that no run made"):
        run(mine, fresh=fresh)
    assert contents_of(mine) == before


def contents_of(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_fresh_and_the_sweeping_of_temporaries_leave_what_the_user_put_beside(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "toy"
    run(folder, 3)
    theirs = [
        folder / "notes.txt", folder / "draft.tmp", folder / "cells" / "mine.csv",
        folder / "cells" / "old.tmp", folder / "more" / "cells" / f"{'0' * 20}.csv",
    ]  # fmt: skip
    for path in theirs:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("mine")
    run(folder, fresh=True)
    assert all(path.read_text() == "mine" for path in theirs)
    assert len(list(folder.glob("cells/*.csv"))) == 2 + 1


def test_a_run_killed_before_its_manifest_goes_on(tmp_path: Path) -> None:
    folder = tmp_path / "toy"
    (folder / "cells").mkdir(parents=True)
    (folder / ".lock").write_text("")
    (folder / f".pkpo-toy-{'ab' * 8}.tmp").write_text("half")
    check_ours(folder)
    assert run(folder).ran == 2
    (folder / "manifest.json").write_text("damaged")
    assert run(folder).reused == 2


@pytest.mark.parametrize("target", ["file", "nothing"])
def test_a_lock_that_is_a_link_is_not_followed(tmp_path: Path, target: str) -> None:
    folder = tmp_path / "toy"
    run(folder)
    (folder / ".lock").unlink()
    precious = tmp_path / "precious"
    if target == "file":
        precious.write_text("precious")
    (folder / ".lock").symlink_to(precious)
    with pytest.raises(DiskError, match=r"\.lock"):
        run(folder)
    with pytest.raises(DiskError, match=r"\.lock"):
        clean(folder, [])
    assert precious.exists() == (target == "file")
    assert target != "file" or precious.read_text() == "precious"


def test_output_replaces_ordinary_files_only(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for write in (write_file, write_output):
        with pytest.raises(DiskError, match="is not an ordinary file"):
            write(pipe, b"x")
        with pytest.raises(DiskError):
            write(tmp_path, b"x")
    assert pipe.is_fifo()
    kept = tmp_path / "kept.txt"
    kept.write_text("old")
    link = tmp_path / "link.txt"
    link.symlink_to(kept)
    write_output(link, b"new")
    assert link.is_symlink()
    assert kept.read_text() == "new"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["kept.txt", "link.txt", "pipe"]


def test_two_writers_of_one_file_do_not_meet(tmp_path: Path) -> None:
    path = tmp_path / "figure.png"
    failed: list[BaseException] = []

    def write(letter: bytes) -> None:
        try:
            for _ in range(50):
                write_output(path, letter * 5000)
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=write, args=(letter,)) for letter in (b"a", b"b")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert path.read_bytes() in {b"a" * 5000, b"b" * 5000}
    assert [each.name for each in tmp_path.iterdir()] == ["figure.png"]


@pytest.mark.parametrize("kind", ["pipe", "folder"])
@pytest.mark.parametrize("name", ["manifest.json", "summary.csv", "failures.jsonl"])
def test_a_pipe_or_a_folder_in_place_of_a_file_is_refused_at_once(
    tmp_path: Path, name: str, kind: str
) -> None:
    folder = tmp_path / "toy"
    run(folder)
    path = folder / name
    path.unlink(missing_ok=True)
    os.mkfifo(path) if kind == "pipe" else path.mkdir()
    readers = {"manifest.json": read_manifest, "summary.csv": read_summary}
    with pytest.raises((DiskError, Corrupt), match=name.replace(".", r"\.")):
        readers.get(name, read_failures)(folder)
    with pytest.raises((DiskError, InputError)):
        run(folder, 3)
    assert path.is_fifo() if kind == "pipe" else path.is_dir()


def test_what_is_a_result_is_known_by_the_manifest(tmp_path: Path) -> None:
    folder = tmp_path / "toy"
    run(folder)
    (folder / "mine.csv").write_text("")
    kept = [path for path in folder.rglob("*") if path.is_file() and is_result(path)]
    assert {path.name for path in kept} == {path.split("/")[-1] for path in contents(folder)} - {
        "mine.csv"
    }
    (tmp_path / "manifest.json").write_text("{}")
    assert not is_result(tmp_path / "manifest.json")


@pytest.mark.parametrize(
    "damage",
    [lambda data: data[:-3], lambda data: data.replace(b"mean", b"mode"), lambda _: b"", None],
    ids=["cut", "another header", "empty", "gone"],
)
def test_a_summary_that_is_not_the_one_told_of_is_refused_and_written_again(
    tmp_path: Path, damage: Any
) -> None:
    folder = tmp_path / "toy"
    run(folder)
    before = contents(folder)
    path = folder / "summary.csv"
    if damage is None:
        path.unlink()
    else:
        path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(Corrupt, match=r"summary.csv is absent or fails its checksum"):
        read_summary(folder)
    told: list[Any] = []
    run(folder, progress=told.append)
    assert [event.key for event in told if event.kind == "corrupt"] == ["summary.csv"]
    assert contents(folder) == before


def test_the_summary_of_an_unfinished_run_is_not_shown(tmp_path: Path) -> None:
    folder = tmp_path / "toy"
    run(folder)
    cells = toy.cells(4, bad=[3], how="swallow", calls=str(tmp_path / "x"), seconds=0.0)

    def stop(event: Any) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        execute(cells, toy.trouble, folder, summarize=toy.means, progress=stop)
    with pytest.raises(Corrupt, match="has not come to its summary"):
        read_summary(folder)


@pytest.mark.parametrize("line", ["{", "[]", "3", '{"key": 3}', "\0"])
def test_damaged_failures_are_refused(tmp_path: Path, line: str) -> None:
    run(tmp_path / "toy")
    (tmp_path / "toy" / "failures.jsonl").write_text(line + "\n")
    with pytest.raises(Corrupt, match=r"failures.jsonl is damaged"):
        read_failures(tmp_path / "toy")
