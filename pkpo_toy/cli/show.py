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
    from pkpo_toy.cli.support.printing import json_rows, print_json
    from pkpo_toy.cli.support.tables import print_table
    from pkpo_toy.experiment import load
    from pkpo_toy.studies.table import STUDIES

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
        config = STUDIES[result.study].config
        of_cells = config.model_fields.keys() - config.listed()
        settings = [name for name in summary if name in of_cells]
        # per_run holds a number for each run: for other programs, too long for a table.
        rest = [name for name in summary if name not in (*settings, "per_run")]
        print_table(summary[settings + rest], result.name, limit=None if all_rows else LIMIT)
    for failure in failures:
        print(f"FAILED cell {failure['key']}: {failure['exception']}")
