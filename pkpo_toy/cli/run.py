"""`pkpo-toy run`: a study, a study file or a suite, from settings to results and figures."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from pkpo_toy.experiment import Plan
    from pkpo_toy.runs import Outcome

RESULTS = Path("results")
FIGURES = Path("figures")


def run(
    study: Annotated[str, typer.Argument(help="A study, a suite or a FILE.toml.")] = "paper",
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Override a setting; a list makes cells."),
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of all randomness. (the file's)")] = None,
    out: Annotated[Path, typer.Option(help="Folder of the results.")] = RESULTS,
    figures: Annotated[Path, typer.Option(help="Folder of the figures.")] = FIGURES,
    quick: Annotated[bool, typer.Option("--quick", help="A quick look: smaller settings.")] = False,
    jobs: Annotated[int | None, typer.Option(help="Worker processes. (all cores)")] = None,
    retries: Annotated[int, typer.Option(help="How often a failing cell is tried again.")] = 2,
    fresh: Annotated[bool, typer.Option("--fresh", help="Forget stored results first.")] = False,
    cluster: Annotated[
        str | None, typer.Option(help="A dask scheduler, tcp://HOST:PORT, or 'local'.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say which cells would run, and how long.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="JSON on stdout.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="No progress, no closing line.")] = False,
) -> None:
    """Run a study (default: the paper's): results as tables, figures as PNG and SVG."""
    from pkpo_toy.cli.support.printing import print_json

    plans = _plans(study, list(settings or ()), seed, quick)
    if dry_run:
        _dry_run(plans)
        return
    options = {
        "jobs": _workers(jobs),
        "retries": retries,
        "fresh": fresh,
        "cluster": cluster,
    }
    reports = [_execute(plan, out, figures, quiet or as_json, options) for plan in plans]
    if as_json:
        rows = [report for report, _ in reports]
        print_json(rows if len(plans) > 1 else rows[0])
    if any(outcome.failed for _, outcome in reports):
        raise typer.Exit(1)


def _workers(jobs: int | None) -> int:
    """Under torchrun the processes share each cell, which therefore runs in this one."""
    from pkpo_toy.cli.support.torchrun import processes
    from pkpo_toy.errors import InputError

    if processes() == 1:
        return cores() if jobs is None else jobs
    if jobs is not None and jobs != 1:
        raise InputError(f"--jobs must be 1 under torchrun, got {jobs}.")
    return 1


def cores() -> int:
    """The cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _plans(study: str, settings: list[str], seed: int | None, quick: bool) -> list[Plan]:
    """Every study asked for, checked to its last cell before the first one starts."""
    from pkpo_toy.errors import InputError
    from pkpo_toy.experiment import plan
    from pkpo_toy.runs import check_name
    from pkpo_toy.studies.files import load, with_quick, with_settings
    from pkpo_toy.studies.table import SUITES

    names = SUITES.get(study, (study,))
    if study in SUITES and settings:
        raise InputError(f"--set needs one study, and {study!r} is {len(names)}; run them singly.")
    if seed is not None:
        settings = [*settings, f"seed={seed}"]
    plans = []
    for name in names:
        file = load(name)
        check_name("the name of a study file", file.name)
        file = with_quick(file) if quick else file
        plans.append(plan(with_settings(file, settings)))
    return plans


def _execute(
    plan: Plan, out: Path, figures: Path, quiet: bool, options: dict[str, Any]
) -> tuple[dict[str, Any], Outcome]:
    from pkpo_toy.cli.support.printing import json_rows
    from pkpo_toy.cli.support.progress import CellBar
    from pkpo_toy.experiment import carry_out, draw
    from pkpo_toy.runs import read_summary, results_folder

    folder = results_folder(out, plan.file.name)
    with CellBar(plan.file.name, jobs=options["jobs"], quiet=quiet) as progress:
        outcome = carry_out(plan, folder, progress, **options)
    failed = {failure.key for failure in outcome.failed}
    keys = [cell.key for cell in plan.cells if cell.key not in failed]
    name, study = plan.file.name, plan.file.study
    drawn = draw(folder, study, name, keys, figures, again=False) if keys else []
    if not quiet:
        _closing_line(plan, outcome, drawn)
    report = {
        "study": plan.file.name,
        "path": str(folder),
        "figures": [str(path) for path in drawn],
        "summary": json_rows(read_summary(folder)) if keys else [],
    }
    return report, outcome


def _closing_line(plan: Plan, outcome: Outcome, drawn: list[Path]) -> None:
    parts = [f"{outcome.ran} cells run", f"{outcome.reused} reused"]
    if outcome.failed:
        parts.append(f"{len(outcome.failed)} FAILED (see `pkpo-toy show {plan.file.name}`)")
    print(f"{plan.file.name}: {', '.join(parts)} -> {outcome.folder}", file=sys.stderr)
    for path in drawn:
        print(path)


def _dry_run(plans: list[Plan]) -> None:
    from pkpo_toy.experiment import timed_first_cell

    for plan in plans:
        seconds = timed_first_cell(plan)
        total = seconds * len(plan.cells)
        print(f"{plan.file.name}: {len(plan.cells)} cells, first takes {seconds:.3g} s, "
              f"all about {total:.3g} s on one core")  # fmt: skip
        for cell in plan.cells:
            print(f"  {cell.key}")
