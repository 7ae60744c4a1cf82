"""Options that several commands have, with one help and one default."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pkpo_toy.cli.support.completion import stored
from pkpo_toy.files import FIGURES, RESULTS

__all__ = ["FIGURES", "RESULTS", "AsJson", "FiguresFolder", "Pdf", "ResultsFolder", "StoredRun"]

StoredRun = Annotated[
    str,
    typer.Argument(
        metavar="STUDY", help="A study that was run, or its results folder.", autocompletion=stored
    ),
]
ResultsFolder = Annotated[Path, typer.Option(help="Folder of the results.")]
FiguresFolder = Annotated[Path, typer.Option(help="Folder of the figures.")]
Pdf = Annotated[bool, typer.Option("--pdf", help="Figures as PDF too.")]
AsJson = Annotated[bool, typer.Option("--json", help="JSON on stdout.")]
