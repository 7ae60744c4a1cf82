"""`pkpo-toy export` and `pkpo-toy clean`: results taken elsewhere, results no longer needed."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pkpo_toy.cli.run import RESULTS

if TYPE_CHECKING:
    import pandas as pd

FORMATS = ("csv", "json", "parquet")


def export(
    run: Annotated[str, typer.Argument(help="A study that was run, or its results folder.")],
    form: Annotated[str, typer.Option("--format", help="csv, json or parquet.")] = "csv",
    to: Annotated[Path | None, typer.Option(help="The file to write. (stdout)")] = None,
    records: Annotated[
        bool, typer.Option("--records", help="The records of all cells, not the summary.")
    ] = False,
    out: Annotated[Path, typer.Option(help="Folder of the results.")] = RESULTS,
) -> None:
    """Write a study's summary, or all its records, as one table."""
    import pandas as pd

    from pkpo_toy.cli.support.results import open_stored
    from pkpo_toy.errors import unknown
    from pkpo_toy.runs import read_cells, read_summary
    from pkpo_toy.runs.failures import write_output

    if form not in FORMATS:
        raise unknown("format", form, FORMATS)
    stored = open_stored(run, out)
    if records:
        frames = [frame for _, frame in read_cells(stored.folder, stored.keys)]
        data = _encoded(pd.concat(frames, ignore_index=True), form)
    else:
        data = _encoded(read_summary(stored.folder), form)
    if to is None:
        sys.stdout.buffer.write(data)
    else:
        write_output(to, data)
        print(to)


def _encoded(frame: pd.DataFrame, form: str) -> bytes:
    import json

    from pkpo_toy.cli.support.printing import json_rows

    if form == "csv":
        return frame.to_csv(index=False, lineterminator="\n").encode()
    if form == "json":
        return (json.dumps(json_rows(frame), indent=2) + "\n").encode()
    return _parquet(frame)


def _parquet(frame: pd.DataFrame) -> bytes:
    import io

    from pkpo_toy.errors import InputError

    buffer = io.BytesIO()
    try:
        frame.to_parquet(buffer, engine="pyarrow", index=False)
    except ImportError:
        raise InputError(
            "--format parquet needs pyarrow, which is not installed: pip install pyarrow"
        ) from None
    return buffer.getvalue()


def clean(
    run: Annotated[str, typer.Argument(help="A study that was run, or its results folder.")],
    out: Annotated[Path, typer.Option(help="Folder of the results.")] = RESULTS,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Remove stored cells that the study's last configuration does not refer to."""
    from pkpo_toy.cli.support.results import open_stored
    from pkpo_toy.runs import clean as remove
    from pkpo_toy.runs import unreferenced

    stored = open_stored(run, out)
    idle = unreferenced(stored.folder, stored.manifest["cells"])
    if not idle:
        print(f"{stored.folder}: nothing to remove")
        return
    size = sum(path.stat().st_size for path in idle)
    what = f"{len(idle)} files ({size / 1e6:.1f} MB) in {stored.folder}"
    if not yes and not typer.confirm(f"Remove {what}?", err=True):
        raise typer.Exit(1)
    removed = remove(stored.folder, stored.manifest["cells"])
    print(f"removed {len(removed)} files from {stored.folder}")
