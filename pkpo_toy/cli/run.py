"""`pkpo-toy run`: a study, a study file or a suite, from settings to results and figures."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pkpo_toy.cli.support.options import FIGURES, RESULTS, AsJson, FiguresFolder, ResultsFolder

if TYPE_CHECKING:
    from pkpo_toy.experiment import Plan
    from pkpo_toy.runs import Outcome


def run(
    study: Annotated[str, typer.Argument(help="A study, a suite or a FILE.toml.")] = "paper",
    settings: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="KEY=VALUE",
            help="Override a setting; a list is a grid sweep: one run (cell) per combination.",
        ),
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of all randomness. (the file's)")] = None,
    out: ResultsFolder = RESULTS,
    figures: FiguresFolder = FIGURES,
    quick: Annotated[
        bool, typer.Option("--quick", help="A quick look: smaller settings, folders of its own.")
    ] = False,
    jobs: Annotated[int | None, typer.Option(help="Worker processes. (all cores)")] = None,
    retries: Annotated[int, typer.Option(help="How often a failing cell is tried again.")] = 2,
    fresh: Annotated[bool, typer.Option("--fresh", help="Forget stored results first.")] = False,
    cluster: Annotated[
        str | None, typer.Option(help="A dask scheduler, tcp://HOST:PORT, or 'local'.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say which cells would run, and how long.")
    ] = False,
    as_json: AsJson = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="No progress, no closing line.")] = False,
) -> None:
    """Run a study (default: the paper's): results as tables, figures as PNG and SVG."""
    from pkpo_toy.cli.support.printing import print_json
    from pkpo_toy.experiment import folder_for

    plans = _plans(study, list(settings or ()), seed, quick)
    if dry_run:
        _dry_run(plans)
        return
    options = {"jobs": _workers(jobs), "retries": retries, "fresh": fresh, "cluster": cluster}
    places = folder_for(out, quick=quick), folder_for(figures, quick=quick)
    reports = [_execute(plan, *places, quiet or as_json, options) for plan in plans]
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
        return _cores() if jobs is None else jobs
    if jobs is not None and jobs != 1:
        raise InputError(f"--jobs must be 1 under torchrun, got {jobs}.")
    return 1


def _cores() -> int:
    """The cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _plans(study: str, settings: list[str], seed: int | None, quick: bool) -> list[Plan]:
    """Every study asked for, checked to its last cell before the first one starts."""
    from pkpo_toy.errors import InputError
    from pkpo_toy.experiment import plans
    from pkpo_toy.studies.files import with_settings
    from pkpo_toy.studies.table import SUITES

    if study in SUITES and settings:
        many = len(SUITES[study])
        raise InputError(f"--set needs one study, and {study!r} is {many}; run them singly.")
    if seed is not None:
        settings = [*settings, f"seed={seed}"]
    return plans(study, quick=quick, change=lambda file: with_settings(file, settings))


def _execute(
    plan: Plan, out: Path, figures: Path, quiet: bool, options: dict[str, Any]
) -> tuple[dict[str, Any], Outcome]:
    from pkpo_toy.cli.support.printing import json_rows
    from pkpo_toy.cli.support.progress import CellBar
    from pkpo_toy.experiment import carry_out, load

    with CellBar(plan.name, jobs=options["jobs"], quiet=quiet) as progress:
        outcome = carry_out(plan, out, progress=progress, **options)
    result = load(outcome.folder)
    drawn = result.save_figure(figures, again=False) if result.keys else []
    if not quiet:
        _closing_line(plan, outcome, drawn)
    report = {
        "study": plan.name,
        "path": str(result.path),
        "figures": [str(path) for path in drawn],
        "summary": json_rows(result.summary) if result.keys else [],
    }
    return report, outcome


def _closing_line(plan: Plan, outcome: Outcome, drawn: list[Path]) -> None:
    parts = [f"{outcome.ran} cells run", f"{outcome.reused} reused"]
    if outcome.failed:
        parts.append(f"{len(outcome.failed)} FAILED (see `pkpo-toy show {outcome.folder}`)")
    print(f"{plan.name}: {', '.join(parts)} -> {outcome.folder}", file=sys.stderr)
    for path in drawn:
        print(path)


def _dry_run(plans: list[Plan]) -> None:
    from pkpo_toy.experiment import timed_first_cell

    for plan in plans:
        seconds = timed_first_cell(plan)
        total = seconds * len(plan.cells)
        print(f"{plan.name}: {len(plan.cells)} cells, first takes {seconds:.3g} s, "
              f"all about {total:.3g} s on one core")  # fmt: skip
        for cell in plan.cells:
            print(f"  {cell.key}")
