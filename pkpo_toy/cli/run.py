"""`pkpo-toy run`: a study, a study file or a suite, from settings to results and figures."""

from __future__ import annotations

import os
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pkpo_toy.cli.support.completion import runnable
from pkpo_toy.cli.support.completion import settings as settings_begun
from pkpo_toy.cli.support.options import FIGURES, RESULTS, AsJson, FiguresFolder, Pdf, ResultsFolder

if TYPE_CHECKING:
    from pkpo_toy.experiment import Plan, Result
    from pkpo_toy.runs import Outcome


SHOWN = 100  # cells that --dry-run lists


def run(
    study: Annotated[
        str,
        typer.Argument(
            metavar="[STUDY]", help="A study, a suite or a FILE.toml.", autocompletion=runnable
        ),
    ] = "paper",
    settings: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="KEY=VALUE",
            help="Override a setting; a list is a grid sweep: one run (cell) per combination.",
            autocompletion=settings_begun,
        ),
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of all randomness. (the file's)")] = None,
    out: ResultsFolder = RESULTS,
    figures: FiguresFolder = FIGURES,
    pdf: Pdf = False,
    quick: Annotated[
        bool, typer.Option("--quick", help="A quick look: smaller settings, folders of its own.")
    ] = False,
    name: Annotated[
        str, typer.Option(help="Name of the results. (the study's and the settings that differ)")
    ] = "",
    jobs: Annotated[int | None, typer.Option(help="Worker processes. (all cores)")] = None,
    retries: Annotated[int, typer.Option(help="How often a failing cell is tried again.")] = 2,
    fresh: Annotated[bool, typer.Option("--fresh", help="Forget stored results first.")] = False,
    cluster: Annotated[
        str | None, typer.Option(help="A dask scheduler, tcp://HOST:PORT, or 'local'.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say which cells there are, and how long.")
    ] = False,
    as_json: AsJson = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="No progress, no closing line.")] = False,
) -> None:
    """Run a study (default: the paper's): results as tables, figures as PNG and SVG."""
    from pkpo_toy.cli.support.printing import print_json
    from pkpo_toy.cli.support.progress import working
    from pkpo_toy.errors import one_sentence
    from pkpo_toy.experiment import folder_for

    with working("planning", quiet=quiet or as_json):
        plans = _plans(study, list(settings or ()), seed, quick, name)
    if dry_run:
        _dry_run(plans, as_json)
        return
    options = {"jobs": _workers(jobs), "retries": retries, "fresh": fresh, "cluster": cluster}
    places = folder_for(out, quick=quick), folder_for(figures, quick=quick)
    reports = _execute(plans, *places, quiet or as_json, pdf, options)
    if as_json:
        rows = [report for report, _ in reports]
        print_json(rows if len(plans) > 1 else rows[0])
    failed = [failure.exception for _, outcome in reports for failure in outcome.failed]
    if failed:
        if quiet or as_json:
            many = f"{len(failed)} of {sum(outcome.total for _, outcome in reports)} cells"
            print(one_sentence(f"{many} failed, first: {failed[0]}"), file=sys.stderr)
        # Input that only a cell can find wrong is input all the same.
        raise typer.Exit(2 if all(text.startswith("InputError") for text in failed) else 1)


def _workers(jobs: int | None) -> int:
    """Under torchrun the processes share each cell, which therefore runs in this one."""
    from pkpo_toy.errors import InputError
    from pkpo_toy.lm.launch import launched_processes

    if launched_processes() > 1:
        if jobs not in (None, 1):
            raise InputError(f"--jobs must be 1 under torchrun, got {jobs}.")
        return 1
    if jobs is not None:
        return jobs
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))  # the cores that this process may use
    return os.cpu_count() or 1


def _plans(study: str, settings: list[str], seed: int | None, quick: bool, name: str) -> list[Plan]:
    from pkpo_toy.errors import InputError
    from pkpo_toy.experiment import plans
    from pkpo_toy.studies.files import settings_of
    from pkpo_toy.studies.table import SUITES

    option = "--set" if settings else "--name" if name else ""
    if study in SUITES and option:
        many = len(SUITES[study])
        raise InputError(f"{option} needs one study, and {study!r} is {many}; run them singly.")
    values = settings_of(settings) | ({} if seed is None else {"seed": seed})
    return plans(study, values, quick=quick, name=name)


def _execute(
    plans: list[Plan], out: Path, figures: Path, quiet: bool, pdf: bool, options: dict[str, Any]
) -> list[tuple[dict[str, Any], Outcome]]:
    """Each plan computed, drawn and reported, in this order.

    Where workers compute, a figure is drawn here while they are at the next study, and then told.
    """
    from concurrent.futures import Future, ThreadPoolExecutor

    from pkpo_toy.runs.processes import workers_kept

    reports: list[tuple[dict[str, Any], Outcome]] = []
    due: list[tuple[Plan, Outcome, Result, Future[list[Path]]]] = []
    with ThreadPoolExecutor(1) as beside, workers_kept():
        for plan in plans:
            try:
                outcome, result = _compute(plan, out, quiet, options)
            finally:  # an interrupted study does not take away the figure of the one before
                while due:
                    before, done, stored, drawing = due.pop()
                    reports.append(_report(before, done, stored, drawing.result(), quiet))
            draw = partial(_draw, result, figures, pdf)
            if options["jobs"] > 1 and plan is not plans[-1]:
                due.append((plan, outcome, result, beside.submit(draw)))
            else:
                reports.append(_report(plan, outcome, result, draw(), quiet))
    return reports


def _compute(plan: Plan, out: Path, quiet: bool, options: dict[str, Any]) -> tuple[Outcome, Result]:
    from pkpo_toy.cli.support.progress import CellBar
    from pkpo_toy.experiment import carry_out, load

    bar = CellBar(plan.name, cells=len(plan.cells), jobs=options["jobs"], quiet=quiet)
    with bar as progress:
        outcome = carry_out(plan, out, progress=progress, **options)
    return outcome, load(outcome.folder)


def _draw(result: Result, figures: Path, pdf: bool) -> list[Path]:
    return result.save_figure(figures, again=False, pdf=pdf) if result.keys else []


def _report(
    plan: Plan, outcome: Outcome, result: Result, drawn: list[Path], quiet: bool
) -> tuple[dict[str, Any], Outcome]:
    from pkpo_toy.cli.support.printing import json_rows

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
    line = f"{plan.name}: {outcome.ran} cells run, {outcome.reused} reused"
    if outcome.failed:
        line += f", {len(outcome.failed)} FAILED: see `pkpo-toy show {outcome.folder}`"
    else:
        line += f" -> {outcome.folder}"
    print(line, file=sys.stderr)
    for path in drawn:
        print(path)


def _dry_run(plans: list[Plan], as_json: bool) -> None:
    from pkpo_toy.cli.support.printing import print_json
    from pkpo_toy.cli.support.progress import working
    from pkpo_toy.experiment import timed_first_cell

    reports = []
    for plan in plans:
        with working(f"{plan.name}: timing the first of {len(plan.cells)} cells"):
            seconds = timed_first_cell(plan)
        cells = plan.distinct_settings()
        reports.append({"study": plan.name, "cells": cells, "seconds_of_first_cell": seconds})
        if not as_json:
            print(f"{plan.name}: {len(cells)} cells, the first takes {seconds:.3g} s, "
                  f"all about {seconds * len(cells):.3g} s on one core")  # fmt: skip
            for settings in cells[:SHOWN]:
                print("  " + ", ".join(f"{key} = {value}" for key, value in settings.items()))
            if len(cells) > SHOWN:
                print(f"  ... and {len(cells) - SHOWN} more")
    if as_json:
        print_json(reports if len(plans) > 1 else reports[0])
