"""`pkpo-toy show`: stored results as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from pkpo_toy.cli.support.options import RESULTS, AsJson, ResultsFolder, StoredRun

if TYPE_CHECKING:
    import pandas as pd

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

    result = load(run, out)
    summary, failures = result.summary, result.failures()
    if as_json:
        about = {"study": result.name, "path": str(result.path)}
        print_json({**about, "summary": json_rows(summary), "failed": failures})
        return
    if len(summary):
        limit = None if all_rows else LIMIT
        print_table(_settings_first(summary, result.study), result.name, limit=limit)
    for failure in failures:
        print(f"FAILED cell {failure['key']}: {failure['exception']}")


def _settings_first(summary: pd.DataFrame, study: str) -> pd.DataFrame:
    from pkpo_toy.studies.table import STUDIES

    config = STUDIES[study].config
    of_cells = config.model_fields.keys() - config.listed()
    settings = [name for name in summary if name in of_cells]
    # per_run holds a number for each run: for other programs, too long for a table.
    return summary[settings + [name for name in summary if name not in (*settings, "per_run")]]
