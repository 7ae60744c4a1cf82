"""What the commands on sampling results share: files and how to read them, what was recognised."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pkpo_toy.cli.support.completion import formats, metrics
from pkpo_toy.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

    from pkpo_toy.samples.evaluation import Evaluation

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
ReportOption = Annotated[
    str | None, typer.Option("--report", help="The HTML page to write: figure, table, origin.")
]


def read_evaluation(
    files: list[str], *, form: str | None, score: str | None, group_by: str | None
) -> Evaluation:
    """The evaluation in the files."""
    from pkpo_toy.cli.support.progress import working
    from pkpo_toy.samples.reading import read

    with working("reading"):
        return read(files, form=form, score=score, group_by=fields(group_by))


def say_read(*evaluations: Evaluation) -> None:
    """What was recognised and left out, on stderr; our own tables go without saying."""
    for one in evaluations:
        if one.recognised or one.left_out:
            sys.stderr.write(f"{one.described()}\n")


def fields(group_by: str | None) -> list[str]:
    """The names in --group-by."""
    return [name.strip() for name in group_by.split(",")] if group_by else []


def counts(text: str) -> list[int]:
    """The k of --k. Raises InputError unless they are integers >= 1."""
    parts = [part.strip() for part in text.split(",")]
    if not all(re.fullmatch("0*[1-9][0-9]{0,17}", part) for part in parts):
        raise InputError(f"--k takes integers >= 1 separated by commas, got {text[:60]!r}.")
    return [int(part) for part in parts]


def stem(file: str) -> str:
    """What a figure of this file is called: its name up to the first point, no pattern."""
    name = Path(file).name.split(".")[0].replace("*", "").replace("?", "")
    return "stdin" if file == "-" else name or "results"


def write_figure(
    name: str, frame: pd.DataFrame, figures: Path, stem: str, *, pdf: bool = False
) -> None:
    """FIGURES/STEM.png and .svg, and .pdf if asked, said on stderr."""
    from pkpo_toy.files import write_output
    from pkpo_toy.plotting import render

    for kind, picture in render(name, frame, kinds=("png", "svg", "pdf")[: 2 + pdf]).items():
        path = figures / f"{stem}.{kind}"
        write_output(path, picture)
        sys.stderr.write(f"wrote {path}\n")


def write_report(
    target: Path,
    stem: str,
    title: str,
    sentences: list[str],
    drawn: tuple[str, pd.DataFrame],
    rows: pd.DataFrame,
) -> None:
    """The page of what was found, said on stderr."""
    from pkpo_toy.files import write_output
    from pkpo_toy.report import computed_page

    write_output(target, computed_page(stem, title, sentences, drawn, rows).encode())
    sys.stderr.write(f"wrote {target}\n")
