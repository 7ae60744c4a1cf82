"""`pkpo-toy passk`: pass@k or max@k of real sampling results, with its uncertainty."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pkpo_toy.cli.run import FIGURES
from pkpo_toy.errors import InputError

if TYPE_CHECKING:
    import pandas as pd


def passk(
    file: Annotated[
        str,
        typer.Argument(
            help="CSV or JSON lines with problem,n,c or problem,sample,reward; - is standard input."
        ),
    ],
    k: Annotated[
        str | None,
        typer.Option(help="Separated by commas. (1,2,5,10,20,50,... up to the smallest n)"),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="JSON on stdout.")] = False,
    plot: Annotated[bool, typer.Option("--plot", help="Draw the curve, PNG and SVG.")] = False,
    figures: Annotated[Path, typer.Option(help="Folder of the figures.")] = FIGURES,
) -> None:
    """Estimate pass@k (max@k where rewards are not 0 or 1) over the problems of a file.

    Unbiased for every problem, then averaged; standard error and 95% interval take the problems
    as a random sample, so one problem has neither.
    """
    from pkpo_toy.cli.support.printing import json_rows, print_json, print_table
    from pkpo_toy.cli.support.progress import working
    from pkpo_toy.samples.passk import at_each_k, default_ks, measure_of
    from pkpo_toy.samples.samples import read_results

    ks = None if k is None else _ks(k)
    with working("reading"):
        results = read_results(file)
        measure = measure_of(results)
        rows = at_each_k(results, ks or default_ks(results))
    if plot:
        _draw(rows.assign(measure=measure.name), figures, file)
    if as_json:
        print_json({"measure": measure.name, "interval": measure.method, "rows": json_rows(rows)})
        return
    one = rows["problems"].iloc[0] == 1
    print_table(rows, f"{measure.name}; {'one problem: no interval' if one else measure.method}")


def _ks(text: str) -> list[int]:
    parts = [part.strip() for part in text.split(",")]
    if not all(re.fullmatch("0*[1-9][0-9]{0,17}", part) for part in parts):
        raise InputError(f"--k takes integers >= 1 separated by commas, got {text!r}.")
    return [int(part) for part in parts]


def _draw(rows: pd.DataFrame, figures: Path, file: str) -> None:
    """FIGURES/passk_NAME.png and .svg, named after the file of results."""
    from pkpo_toy.plotting import render
    from pkpo_toy.runs.failures import write_output

    name = "passk_" + ("stdin" if file == "-" else Path(file).stem)
    for kind, picture in render("passk", rows).items():
        path = figures / f"{name}.{kind}"
        write_output(path, picture)
        sys.stderr.write(f"wrote {path}\n")
