"""A folder that cannot be written: exit 74 with the path, old files intact, no leftovers."""

import errno
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from pkpo_toy.files import DiskError
from pkpo_toy.runs import execute
from tests.runs import toy
from tests.runs.driving import ENVIRONMENT, RESULTS, contents, drive

pytestmark = pytest.mark.faults


def limited(place: Path, size: int, options: dict[str, Any]) -> str:
    """What the driver says under a limit on the size of any file it writes."""
    return drive(place, {**options, "limit": size}, code=74)


def stored(place: Path) -> dict[str, bytes]:
    found = contents(place / RESULTS)
    assert not any(name.endswith(".tmp") for name in found)
    return found


@pytest.mark.parametrize("fresh", [False, True])
def test_a_limit_below_the_probe_stops_before_anything_is_lost(tmp_path: Path, fresh: bool) -> None:
    drive(tmp_path, {"count": 3})
    before = stored(tmp_path)
    message = limited(tmp_path, 1000, {"count": 9, "execute": {"fresh": fresh}})
    assert message == f"{RESULTS}: {os.strerror(errno.EFBIG)}\n"
    assert stored(tmp_path) == before


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_cell_over_the_limit_stops_the_run_and_keeps_the_others(
    tmp_path: Path, jobs: int
) -> None:
    drive(tmp_path, {"count": 3})
    before = stored(tmp_path)
    options = {"count": 4, "spec": {"rows": 2000}, "execute": {"jobs": jobs}}
    message = limited(tmp_path, 20_000, options)
    assert message.startswith(f"{RESULTS}/cells/")
    assert message.endswith(f".csv: {os.strerror(errno.EFBIG)}\n")
    after = stored(tmp_path)
    del before["manifest.json"], after["manifest.json"]
    assert after == before
    drive(tmp_path, options)


@pytest.mark.parametrize("place", ["folder", "cells", "parent"])
def test_a_file_in_place_of_a_folder(tmp_path: Path, place: str) -> None:
    path = {"folder": RESULTS, "cells": RESULTS / "cells", "parent": RESULTS.parent}[place]
    (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / path).write_text("precious")
    # A folder with a file of that name and no manifest is somebody else's: wrong input.
    message = drive(tmp_path, {"count": 3}, code=2 if place == "cells" else 74)
    assert str(RESULTS if place == "cells" else path) in message
    assert (tmp_path / path).read_text() == "precious"


def test_a_folder_in_place_of_a_cell(tmp_path: Path) -> None:
    cell = toy.cells(1)[0]
    execute([cell], toy.draw, tmp_path)
    path = tmp_path / "cells" / f"{cell.key}.csv"
    path.unlink()
    path.mkdir()
    with pytest.raises(DiskError, match=cell.key):
        execute([cell], toy.draw, tmp_path)


def privately_mounted(script: str, place: Path) -> str:
    """Run a shell script that may mount file systems, in a mount namespace that ends with it."""
    unshare = shutil.which("unshare") or "unshare"
    for command in ([unshare, "-m"], [unshare, "--user", "--map-root-user", "-m"]):
        probe = ["sh", "-c", "mount -t tmpfs none /mnt"]
        try:
            able = subprocess.run([*command, *probe], capture_output=True, check=False)
        except OSError:
            break
        if able.returncode == 0:
            done = subprocess.run(
                [*command, "sh", "-c", script],
                cwd=place,
                env=ENVIRONMENT,
                capture_output=True,
                text=True,
                timeout=60,
                check=False,
            )
            return done.stdout + done.stderr
    pytest.skip("this machine lets nobody mount a file system: full and read-only disks not tried")


def command(options: dict[str, Any]) -> str:
    return f"{sys.executable} -m tests.runs.driver {RESULTS} '{json.dumps(options)}'"


def test_a_full_disk(tmp_path: Path) -> None:
    script = f"""
        mkdir -p {RESULTS} && mount -t tmpfs -o size=64k none {RESULTS} || exit
        {command({"count": 2})}; echo "code $?"
        cp {RESULTS}/summary.csv before
        {command({"count": 30, "spec": {"rows": 200}})}; echo "code $?"
        cmp {RESULTS}/summary.csv before && echo intact
        find {RESULTS} -name '*.tmp' | wc -l; ls {RESULTS}/cells/*.csv | wc -l
        {command({"count": 30, "spec": {"rows": 200}})}; echo "code $?"
        dd if=/dev/zero of={RESULTS}/filler bs=1k 2>/dev/null
        {command({"count": 2})}; echo "code $?"
        cd {RESULTS}/cells && sha256sum -c --quiet SHA256SUMS && echo sound
    """
    lines = privately_mounted(script, tmp_path).splitlines()
    reason = os.strerror(errno.ENOSPC)
    assert [line for line in lines if line.startswith("code")] == ["code 0"] + ["code 74"] * 3
    assert sum(line.endswith(reason) for line in lines) == 3
    assert "intact" in lines
    assert "0" in lines
    assert "sound" in lines
    assert int(lines[lines.index("0") + 1]) > 2  # the cells that fitted are kept


def test_a_read_only_disk(tmp_path: Path) -> None:
    drive(tmp_path, {"count": 2})
    before = stored(tmp_path)
    script = f"""
        mount --bind {RESULTS} {RESULTS} && mount -o remount,ro,bind {RESULTS} || exit
        {command({"count": 3})}; echo "code $?"
        {command({"count": 3, "execute": {"fresh": True}})}; echo "code $?"
    """
    lines = privately_mounted(script, tmp_path).splitlines()
    reason = f"{RESULTS}/.lock: {os.strerror(errno.EROFS)}"
    assert sorted(lines) == ["code 74", "code 74", reason, reason]
    assert stored(tmp_path) == before


def test_a_folder_without_write_permission(tmp_path: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("permissions do not bind the superuser: see the read-only disk")
    tmp_path.chmod(0o500)
    with pytest.raises(DiskError, match=os.strerror(errno.EACCES)):
        execute(toy.cells(1), toy.draw, tmp_path / "toy")
