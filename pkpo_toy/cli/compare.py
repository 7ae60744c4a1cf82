"""`pkpo-toy compare`: did training help, at which k, and from which k on does it cost?"""

from __future__ import annotations

import math
from dataclasses import asdict
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from pkpo_toy.cli.support.options import (
    FIGURES,
    AsJson,
    FiguresFolder,
    FormatOption,
    GroupByOption,
    KsOption,
    MetricOption,
    Pdf,
    Plot,
    ReportOption,
    ScoreOption,
    WhereOption,
)

if TYPE_CHECKING:
    import pandas as pd

    from pkpo_toy.cli.support.evaluations import Findings
    from pkpo_toy.samples.compare import Comparison


def compare(
    before: Annotated[
        str, typer.Argument(metavar="BEFORE", help="An evaluation; 'out-*.json' for several files.")
    ],
    after: Annotated[
        list[str], typer.Argument(metavar="AFTER...", help="The same problems, other models.")
    ],
    k: KsOption = None,
    metric: MetricOption = None,
    score: ScoreOption = None,
    form: FormatOption = None,
    group_by: GroupByOption = None,
    where_possible: WhereOption = False,
    as_json: AsJson = False,
    plot: Plot = False,
    figures: FiguresFolder = FIGURES,
    pdf: Pdf = False,
    report: ReportOption = None,
) -> None:
    """Compare evaluations on the problems they share: the gain at each k, and the crossing.

    The crossing is the k from which BEFORE is the better. Differences are paired by problem;
    intervals take the problems as a random sample.
    """
    from pkpo_toy.cli.support.evaluations import counts, kinds, read_evaluation, say_read
    from pkpo_toy.cli.support.output import checked_page
    from pkpo_toy.cli.support.printing import print_json
    from pkpo_toy.cli.support.progress import working
    from pkpo_toy.samples.compare import comparison

    page = None if report is None else checked_page("--report", report)
    ks = counts(k)
    first, *others = [
        read_evaluation([name], form=form, score=score, group_by=group_by)
        for name in (before, *after)
    ]
    with working("comparing"):
        found = [
            comparison(first, other, ks, metric=metric, where_possible=where_possible)
            for other in others
        ]
    say_read(first, *others)
    _findings(found, before, after).write(kinds(plot=plot, pdf=pdf), figures, page)
    if as_json:
        print_json(_json(found, before, after))
        return
    for one, name in zip(found, after, strict=True):
        _print(one, before, name)


METHOD = "difference: 95% interval, paired Student's t over problems; crossing: bootstrap over them"


def _json(found: list[Comparison], before: str, after: list[str]) -> dict[str, object]:
    from pkpo_toy.cli.support.printing import json_rows

    comparisons = [
        {
            "after": name,
            "rows": json_rows(one.rows),
            "crossing": asdict(one.crossing),
            "only_before": one.only_before,
            "only_after": one.only_after,
            "dropped": one.dropped,
        }
        for one, name in zip(found, after, strict=True)
    ]
    metric = found[0].metric
    return {"before": before, "metric": metric, "interval": METHOD, "comparisons": comparisons}


def _print(one: Comparison, before: str, after: str) -> None:
    from pkpo_toy.cli.support.tables import print_table

    shown = ["k", "before", "after", "difference", "difference_se", "low", "high", "gained", "lost"]
    rows = one.rows.rename(columns={"se": "difference_se"})
    print_table(
        rows[[*shown, "problems"]],
        f"{one.metric}: {before} -> {after}; 95% interval of the paired difference, Student's t",
    )
    print("\n".join(_said(one, before, after)))


def _said(one: Comparison, before: str, after: str) -> list[str]:
    """The crossing, and what was left out."""
    said = [f"{before} is the better from k on: {one.crossing.described()}"]
    for count, where in ((one.only_before, before), (one.only_after, after)):
        if count:
            said.append(f"{count} problem{'s' * (count != 1)} only in {where}, left out")
    if one.dropped:
        said.append(
            f"{one.dropped} problem{'s' * (one.dropped != 1)} with too few samples, left out"
        )
    return said


def _gain(one: Comparison, place: int, after: str) -> str:
    """The difference at the first or the last k."""
    row = one.rows.iloc[place]
    interval = "" if math.isnan(row.low) else f" [{row.low:+.3f}, {row.high:+.3f}]"
    reached = f"At k = {row.k:.0f} {after} reaches {row.after:.3f} against {row.before:.3f}"
    return f"{reached}: {row.difference:+.3f}{interval}."


def _findings(found: list[Comparison], before: str, after: list[str]) -> Findings:
    """For the figure and the page."""
    import pandas as pd

    from pkpo_toy.cli.support.evaluations import Findings, stem

    names = _different([before, *after])
    said = []
    for one, name in zip(found, names[1:], strict=True):
        said += [_gain(one, row, name) for row in (0, -1)] + _said(one, names[0], name)
    rows = found[0].rows
    if len(found) > 1:
        rows = pd.concat(
            one.rows.assign(model=name) for one, name in zip(found, names[1:], strict=True)
        )
    title = f"{found[0].metric}: {names[0]} -> {', '.join(names[1:])}"
    named = f"compare_{stem(before)}_{stem(after[0])}"
    return Findings("compare", named, title, said, partial(_curves, found, names), rows)


def _curves(found: list[Comparison], names: list[str]) -> pd.DataFrame:
    """What the figure is drawn from: every curve over every k."""
    import pandas as pd

    parts = []
    for one, name in zip(found, names[1:], strict=True):
        at = one.crossing
        ends = {"crossing": at.k, "crossing_low": at.low, "crossing_high": at.high}
        columns = {end: math.nan if k is None else k for end, k in ends.items()}
        named = one.curves.assign(before_name=names[0], after_name=name, measure=one.metric)
        parts.append(named.assign(**columns))
    return pd.concat(parts)


def _different(files: list[str]) -> list[str]:
    """The files' names, with their folders where the names alone are the same."""
    from pkpo_toy.cli.support.evaluations import stem

    short = [stem(name) for name in files]
    return short if len(set(short)) == len(short) else files
