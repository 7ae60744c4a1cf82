"""`pkpo-toy passk`: pass@k and its kin of real sampling results, with their uncertainty."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from pkpo_toy.cli.support.evaluations import (
    FilesArgument,
    FormatOption,
    GroupByOption,
    KsOption,
    MetricOption,
    ReportOption,
    ScoreOption,
    WhereOption,
)
from pkpo_toy.cli.support.options import FIGURES, AsJson, FiguresFolder, Pdf
from pkpo_toy.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

    from pkpo_toy.samples.evaluation import Evaluation
    from pkpo_toy.samples.intervals import Range


def passk(
    files: FilesArgument,
    k: KsOption = None,
    metric: MetricOption = None,
    score: ScoreOption = None,
    form: FormatOption = None,
    group_by: GroupByOption = None,
    bounds: Annotated[
        str | None, typer.Option("--range", help="LOW,HIGH that rewards can have. (0,1 if all do)")
    ] = None,
    where_possible: WhereOption = False,
    as_json: AsJson = False,
    plot: Annotated[bool, typer.Option("--plot", help="Draw the curve, PNG and SVG.")] = False,
    figures: FiguresFolder = FIGURES,
    pdf: Pdf = False,
    report: ReportOption = None,
) -> None:
    """Estimate pass@k (max@k where rewards are not 0 or 1) over the problems of an evaluation.

    Unbiased for every problem, then averaged; standard error and 95% interval take the problems
    as a random sample, so one problem has neither.
    """
    from pkpo_toy.cli.support.evaluations import (
        counts,
        read_evaluation,
        say_read,
        stem,
        write_figure,
        write_report,
    )
    from pkpo_toy.cli.support.output import checked_page
    from pkpo_toy.cli.support.printing import json_rows, print_json
    from pkpo_toy.cli.support.progress import working
    from pkpo_toy.cli.support.tables import print_table
    from pkpo_toy.samples.intervals import method
    from pkpo_toy.samples.metrics import metric_named
    from pkpo_toy.samples.passk import at_each_k, bounds_of, default_ks, enough_samples

    target = None if report is None else checked_page("--report", report)
    ks = None if k is None else counts(k)
    limits = None if bounds is None else _range(bounds)
    evaluation = read_evaluation(files, form=form, score=score, group_by=group_by)
    with working("estimating"):
        every = len(evaluation.problems)
        ks = ks or default_ks(evaluation)
        evaluation = enough_samples(evaluation, ks, where_possible)
        name = metric_named(metric, evaluation).name
        rows = at_each_k(evaluation, ks, metric=name, bounds=limits)
        how = method(bounds_of(evaluation, limits))
    say_read(evaluation)
    dropped = every - len(evaluation.problems)
    if dropped:
        sys.stderr.write(f"{dropped} of {every} problems have n < {max(ks)} and are left out\n")
    one = rows["problems"].iloc[0] == 1
    title = f"{name}; {'one problem: no interval' if one else how}"
    named = f"passk_{stem(files[0])}"
    if plot or pdf or target:
        curve = _curve(evaluation, name, limits)
    if plot or pdf:
        write_figure("passk", curve, figures, named, pdf=pdf)
    if target:
        ends = rows.iloc[[0, -1] if len(rows) > 1 else [0]]
        said = [
            f"{name.replace('@k', f'@{row.k}')} is {row.value:.3f}"
            + ("." if one else f" [{row.low:.3f}, {row.high:.3f}].")
            for row in ends.itertuples()
        ]
        said.append(f"Read from {', '.join(files)}: {evaluation.described()}.")
        write_report(target, named, title, said, ("passk", curve), rows)
    if as_json:
        read = {"read": evaluation.described(), "left_out": evaluation.left_out, "dropped": dropped}
        print_json({"measure": name, "interval": how, **read, "rows": json_rows(rows)})
        return
    print_table(rows, title)


def _range(text: str) -> Range:
    number = r"\s*[+-]?[0-9]*\.?[0-9]+\s*"
    if not re.fullmatch(f"{number},{number}", text):
        raise InputError(f"--range takes LOW,HIGH, two numbers, got {text[:60]!r}.")
    low, high = map(float, text.split(","))
    return low, high


def _curve(evaluation: Evaluation, metric: str, bounds: Range | None) -> pd.DataFrame:
    """What the figure is drawn from: every k."""
    from pkpo_toy.samples.passk import at_each_k, curve_ks

    ks = curve_ks(int(evaluation.n.min()))
    rows: pd.DataFrame = at_each_k(evaluation, ks, metric=metric, bounds=bounds)
    return rows.assign(measure=metric)
