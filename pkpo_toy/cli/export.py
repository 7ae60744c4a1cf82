"""`pkpo-toy export`: a study's results as one table for other programs."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pkpo_toy.cli.support.options import RESULTS, AsJson, ResultsFolder, StoredRun

if TYPE_CHECKING:
    import pandas as pd

FORMATS = ("csv", "json", "parquet", "markdown", "latex")


def export(
    run: StoredRun,
    form: Annotated[
        str | None,
        typer.Option(
            "--format",
            help="csv, json, parquet, markdown or latex. (csv)",
            autocompletion=lambda incomplete: [f for f in FORMATS if f.startswith(incomplete)],
        ),
    ] = None,
    to: Annotated[Path | None, typer.Option(help="The file to write. (stdout)")] = None,
    records: Annotated[
        bool, typer.Option("--records", help="The records of all cells, not the summary.")
    ] = False,
    out: ResultsFolder = RESULTS,
    as_json: AsJson = False,
) -> None:
    """Write a study's summary, or all its records, as one table."""
    from pkpo_toy.cli.support.output import checked_target
    from pkpo_toy.cli.support.printing import print_written
    from pkpo_toy.errors import InputError, unknown
    from pkpo_toy.experiment import load
    from pkpo_toy.files import write_output

    if form is not None and form not in FORMATS:
        raise unknown("format", form, FORMATS)
    if as_json and to is None and form not in (None, "json"):
        raise InputError(f"--json without --to puts JSON on stdout, and --format {form} does not.")
    target = None if to is None else checked_target("--to", to)
    result = load(run, out)
    form = form or ("json" if as_json and to is None else "csv")
    data = _encoded(result.records() if records else result.summary, form)
    if target is None:
        sys.stdout.buffer.write(data)
    else:
        write_output(target, data)
        print_written([target], as_json=as_json)


def _encoded(frame: pd.DataFrame, form: str) -> bytes:
    import json

    from pkpo_toy.cli.support.papers import latex, markdown
    from pkpo_toy.cli.support.printing import json_rows

    if form == "csv":
        return frame.to_csv(index=False, lineterminator="\n").encode()
    if form == "json":
        return (json.dumps(json_rows(frame), indent=2) + "\n").encode()
    if form in ("markdown", "latex"):
        return (markdown(frame) if form == "markdown" else latex(frame)).encode()
    return _parquet(frame)


def _parquet(frame: pd.DataFrame) -> bytes:
    import io

    from pkpo_toy.errors import InputError
    from pkpo_toy.extras import install_command

    buffer = io.BytesIO()
    try:
        frame.to_parquet(buffer, engine="pyarrow", index=False)
    except ImportError:
        raise InputError(f"--format parquet needs pyarrow: {install_command('samples')}") from None
    return buffer.getvalue()
