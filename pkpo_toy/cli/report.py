"""`pkpo-toy report`: stored results as one page for a browser."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from pkpo_toy.cli.support.completion import stored
from pkpo_toy.cli.support.options import RESULTS, AsJson, OpenPage, PageFile, ResultsFolder


def report(
    run: Annotated[
        str | None,
        typer.Argument(
            metavar="[STUDY]",
            help="A study or suite that was run, or a folder. (all results)",
            autocompletion=stored,
        ),
    ] = None,
    to: PageFile = "report.html",
    compare: Annotated[
        str | None,
        typer.Option(metavar="OTHER", help="Other results of the same studies, side by side."),
    ] = None,
    results: ResultsFolder = RESULTS,
    as_json: AsJson = False,
    show: OpenPage = False,
) -> None:
    """Write a page of stored results: figures to explore, tables to sort, how they were made."""
    from pkpo_toy.cli.support.output import checked_page, open_page
    from pkpo_toy.cli.support.printing import print_written
    from pkpo_toy.files import write_output
    from pkpo_toy.report import report_page

    target = checked_page("--out", to)
    text, left_out = report_page(run, results, compare)
    for sentence in left_out:
        sys.stderr.write(f"left out: {sentence}\n")
    write_output(target, text.encode())
    print_written([target], as_json=as_json)
    if show:
        open_page(target)
