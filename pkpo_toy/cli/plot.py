"""`pkpo-toy plot`: figures again from stored results, without simulation."""

from __future__ import annotations

from typing import Annotated

import typer

from pkpo_toy.cli.support.options import FIGURES, RESULTS, FiguresFolder, Pdf, ResultsFolder


def plot(
    runs: Annotated[list[str], typer.Argument(help="Studies that were run, or their folders.")],
    out: ResultsFolder = RESULTS,
    figures: FiguresFolder = FIGURES,
    pdf: Pdf = False,
) -> None:
    """Draw the figures of stored results again."""
    from pkpo_toy.experiment import load

    for result in [load(run, out) for run in runs]:
        for path in result.save_figure(figures, pdf=pdf):
            print(path)
