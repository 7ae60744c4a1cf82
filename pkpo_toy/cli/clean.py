"""`pkpo-toy clean`: cells no longer needed are removed."""

from __future__ import annotations

from typing import Annotated

import typer

from pkpo_toy.cli.support.options import RESULTS, AsJson, ResultsFolder, StoredRun


def clean(
    run: StoredRun,
    out: ResultsFolder = RESULTS,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: AsJson = False,
) -> None:
    """Remove stored cells that the study's last configuration does not refer to."""
    from pkpo_toy import runs
    from pkpo_toy.cli.support.printing import print_json
    from pkpo_toy.experiment import load

    result = load(run, out)
    idle = runs.unreferenced(result.path, result.manifest["cells"])
    size = sum(path.stat().st_size for path in idle)
    what = f"{len(idle)} files ({size / 1e6:.1f} MB) in {result.path}"
    if idle and not yes and not typer.confirm(f"Remove {what}?", err=True):
        raise typer.Exit(1)
    removed = runs.clean(result.path, result.manifest["cells"]) if idle else []
    if as_json:
        print_json({"path": str(result.path), "removed": [str(path) for path in removed]})
    elif idle:
        print(f"removed {len(removed)} files from {result.path}")
    else:
        print(f"{result.path}: nothing to remove")
