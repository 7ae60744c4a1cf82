"""`pkpo-toy show`: stored results as a table."""

from __future__ import annotations

from typing import Annotated

import typer

from pkpo_toy.cli.support.options import RESULTS, AsJson, ResultsFolder, StoredRun

LIMIT = 60


def show(
    run: StoredRun,
    out: ResultsFolder = RESULTS,
    all_rows: Annotated[bool, typer.Option("--all", help=f"More than {LIMIT} rows.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show the summary of a study that was run, and the cells that failed."""
    from pkpo_toy.cli.support.printing import json_rows, print_json, print_table
    from pkpo_toy.experiment import load

    result = load(run, out)
    summary, failures = result.summary, result.failures()
    if as_json:
        print_json(
            {
                "study": result.name,
                "path": str(result.path),
                "summary": json_rows(summary),
                "failed": failures,
            }
        )
        return
    if len(summary):
        print_table(summary, result.name, limit=None if all_rows else LIMIT)
    for failure in failures:
        print(f"FAILED cell {failure['key']}: {failure['exception']}")
