"""Options and arguments that several commands have, with one help and one default."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pkpo_toy.cli.support.completion import formats, metrics, stored
from pkpo_toy.files import FIGURES, RESULTS

__all__ = [
    "FIGURES",
    "RESULTS",
    "AsJson",
    "FiguresFolder",
    "FilesArgument",
    "FormatOption",
    "GroupByOption",
    "KsOption",
    "MetricOption",
    "OpenPage",
    "PageFile",
    "Pdf",
    "Plot",
    "ReportOption",
    "ResultsFolder",
    "ScoreOption",
    "StoredRun",
    "WhereOption",
]

AsJson = Annotated[bool, typer.Option("--json", help="JSON on stdout.")]

# Of stored results.
StoredRun = Annotated[
    str,
    typer.Argument(
        metavar="STUDY", help="A study that was run, or its results folder.", autocompletion=stored
    ),
]
ResultsFolder = Annotated[Path, typer.Option(help="Folder of the results.")]

# Of what is drawn and written.
FiguresFolder = Annotated[Path, typer.Option(help="Folder of the figures.")]
Pdf = Annotated[bool, typer.Option("--pdf", help="Figures as PDF too.")]
Plot = Annotated[bool, typer.Option("--plot", help="Draw the figure, PNG and SVG.")]
PageFile = Annotated[str, typer.Option("--out", help="The HTML file to write.")]
OpenPage = Annotated[bool, typer.Option("--open", help="Open it in the browser.")]
ReportOption = Annotated[
    str | None, typer.Option("--report", help="The HTML page to write: figure, table, origin.")
]

# Of sampling results.
FilesArgument = Annotated[
    list[str],
    typer.Argument(
        metavar="FILES",
        help="Results of an evaluation, in one file or several; - is standard input.",
    ),
]
ScoreOption = Annotated[
    str | None,
    typer.Option(help="Which metric, scorer, reward column or test set. (if there are several)"),
]
FormatOption = Annotated[
    str | None,
    typer.Option(
        "--format",
        help="A row of `pkpo-toy list formats`. (by what the files hold)",
        autocompletion=formats,
    ),
]
GroupByOption = Annotated[
    str | None, typer.Option(help="Fields, separated by commas, that together name a problem.")
]
KsOption = Annotated[
    str | None,
    typer.Option("--k", help="Separated by commas. (1,2,5,10,20,50,... up to the smallest n)"),
]
MetricOption = Annotated[
    str | None,
    typer.Option(
        help="pass@k, pass^k, avg@k, max@k, or q10@k ... q90@k. (by the rewards)",
        autocompletion=metrics,
    ),
]
WhereOption = Annotated[
    bool, typer.Option("--where-possible", help="Leave out problems with n below the largest k.")
]
