"""`pkpo-toy passk`: pass@k or max@k of real sampling results, with its uncertainty."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from pkpo_toy.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path

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
        typer.Option(help="Separated by commas. [1,2,5,10,20,50,... up to the smallest n]"),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="JSON on stdout.")] = False,
    plot: Annotated[
        str | None, typer.Option(metavar="OUT", help="Draw the curve as OUT.png or OUT.svg.")
    ] = None,
) -> None:
    """Estimate pass@k (max@k where rewards are not 0 or 1) over the problems of a file.

    Unbiased for every problem, then averaged; standard error and 95% interval take the problems
    as a random sample, so one problem has neither.
    """
    from pkpo_toy.cli.output import json_rows, print_json, print_table
    from pkpo_toy.cli.target import checked_target
    from pkpo_toy.studies.passk import at_each_k, default_ks, measure_of
    from pkpo_toy.studies.samples import read_results

    ks = None if k is None else _ks(k)
    target = None if plot is None else checked_target("--plot", plot, (".png", ".svg"))
    results = read_results(file)
    measure = measure_of(results)
    rows = at_each_k(results, ks or default_ks(results))
    if target is not None:
        _draw(rows.assign(measure=measure.name), target)
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


def _draw(rows: pd.DataFrame, target: Path) -> None:
    from pkpo_toy.plotting import render
    from pkpo_toy.runs.files import write_file

    write_file(target, render("passk", rows)[target.suffix.lower().removeprefix(".")])
    sys.stderr.write(f"wrote {target}\n")
