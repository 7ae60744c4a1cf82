"""`pkpo-toy show`: stored results as a table."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pkpo_toy.cli.run import RESULTS

LIMIT = 60


def show(
    run: Annotated[str, typer.Argument(help="A study that was run, or its results folder.")],
    out: Annotated[Path, typer.Option(help="Folder of the results.")] = RESULTS,
    all_rows: Annotated[bool, typer.Option("--all", help=f"More than {LIMIT} rows.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="JSON on stdout.")] = False,
) -> None:
    """Show the summary of a study that was run, and the cells that failed."""
    from pkpo_toy.cli.support.printing import json_rows, print_json, print_table
    from pkpo_toy.cli.support.results import open_stored
    from pkpo_toy.runs import read_summary
    from pkpo_toy.runs.failures import read_failures

    stored = open_stored(run, out)
    summary = read_summary(stored.folder)
    failures = read_failures(stored.folder)
    if as_json:
        print_json(
            {
                "study": stored.name,
                "path": str(stored.folder),
                "summary": json_rows(summary),
                "failed": failures,
            }
        )
        return
    if len(summary):
        print_table(summary, stored.name, limit=None if all_rows else LIMIT)
    for failure in failures:
        print(f"FAILED cell {failure['key']}: {failure['exception']}")
