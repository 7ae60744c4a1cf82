"""`pkpo-toy plot`: figures again from stored results, without simulation."""

from __future__ import annotations

from typing import Annotated

import typer

from pkpo_toy.cli.support.completion import stored
from pkpo_toy.cli.support.options import FIGURES, RESULTS, AsJson, FiguresFolder, Pdf, ResultsFolder


def plot(
    runs: Annotated[
        list[str],
        typer.Argument(
            metavar="STUDY...",
            help="Studies that were run, or their folders.",
            autocompletion=stored,
        ),
    ],
    out: ResultsFolder = RESULTS,
    figures: FiguresFolder = FIGURES,
    pdf: Pdf = False,
    as_json: AsJson = False,
) -> None:
    """Draw the figures of stored results again."""
    from pkpo_toy.cli.support.printing import print_written
    from pkpo_toy.experiment import load

    results = [load(run, out) for run in runs]
    drawn = [path for result in results for path in result.save_figure(figures, pdf=pdf)]
    print_written(drawn, as_json=as_json)
