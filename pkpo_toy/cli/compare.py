"""`pkpo-toy compare`: did training help, at which k, and from which k on does it cost?"""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pkpo_toy.cli.support.evaluations import (
    FormatOption,
    GroupByOption,
    KsOption,
    MetricOption,
    ReportOption,
    ScoreOption,
    WhereOption,
)
from pkpo_toy.cli.support.options import FIGURES, AsJson, FiguresFolder, Pdf

if TYPE_CHECKING:
    import pandas as pd

    from pkpo_toy.samples.compare import Comparison, Crossing


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
    plot: Annotated[bool, typer.Option("--plot", help="Draw the curves, PNG and SVG.")] = False,
    figures: FiguresFolder = FIGURES,
    pdf: Pdf = False,
    report: ReportOption = None,
) -> None:
    """Compare evaluations on the problems they share: the gain at each k, and the crossing.

    The crossing is the k from which BEFORE is the better. Differences are paired by problem;
    intervals take the problems as a random sample.
    """
    from pkpo_toy.cli.support.evaluations import (
        counts,
        read_evaluation,
        say_read,
        stem,
        write_figure,
    )
    from pkpo_toy.cli.support.output import checked_page
    from pkpo_toy.cli.support.printing import print_json
    from pkpo_toy.cli.support.progress import working
    from pkpo_toy.samples.compare import comparison

    target = None if report is None else checked_page("--report", report)
    ks = None if k is None else counts(k)
    read = [
        read_evaluation([name], form=form, score=score, group_by=group_by)
        for name in (before, *after)
    ]
    with working("comparing"):
        found = [
            comparison(read[0], other, ks, metric=metric, where_possible=where_possible)
            for other in read[1:]
        ]
    say_read(*read)
    named = f"compare_{stem(before)}_{stem(after[0])}"
    if plot or pdf:
        write_figure("compare", _curves(found, before, after), figures, named, pdf=pdf)
    if target:
        _write_page(target, named, found, before, after)
    if as_json:
        print_json(
            {
                "before": before,
                "metric": found[0].metric,
                "interval": METHOD,
                "comparisons": [_json(one, name) for one, name in zip(found, after, strict=True)],
            }
        )
        return
    for one, name in zip(found, after, strict=True):
        _print(one, before, name)


METHOD = "difference: 95% interval, paired Student's t over problems; crossing: bootstrap over them"


def _json(one: Comparison, name: str) -> dict[str, object]:
    from dataclasses import asdict

    from pkpo_toy.cli.support.printing import json_rows

    alone = {"only_before": one.only_before, "only_after": one.only_after, "dropped": one.dropped}
    rows = json_rows(one.rows)
    return {"after": name, "rows": rows, "crossing": asdict(one.crossing), **alone}


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


def _write_page(
    target: Path, named: str, found: list[Comparison], before: str, after: list[str]
) -> None:
    import pandas as pd

    from pkpo_toy.cli.support.evaluations import write_report

    names = _different([before, *after])
    pairs = list(zip(found, names[1:], strict=True))
    said = []
    for one, name in pairs:
        said += [_gain(one, row, name) for row in (0, -1)] + _said(one, names[0], name)
    rows = pd.concat([one.rows.assign(model=name) for one, name in pairs])
    if len(pairs) == 1:
        rows = rows.drop(columns="model")
    title = f"{found[0].metric}: {names[0]} -> {', '.join(names[1:])}"
    write_report(target, named, title, said, ("compare", _curves(found, before, after)), rows)


def _curves(found: list[Comparison], before: str, after: list[str]) -> pd.DataFrame:
    """What the figure is drawn from: every curve over every k."""
    import pandas as pd

    names = _different([before, *after])
    return pd.concat(
        one.curves.assign(
            before_name=names[0],
            after_name=name,
            measure=one.metric,
            **_ends(one.crossing),
        )
        for one, name in zip(found, names[1:], strict=True)
    )


def _ends(crossing: Crossing) -> dict[str, float]:
    """The crossing as columns of the figure's frame, NaN where there is none."""
    ends = {"": crossing.k, "_low": crossing.low, "_high": crossing.high}
    return {f"crossing{end}": math.nan if k is None else k for end, k in ends.items()}


def _different(files: list[str]) -> list[str]:
    """The files' names, with their folders where the names alone are the same."""
    from pkpo_toy.cli.support.evaluations import stem

    short = [stem(name) for name in files]
    return short if len(set(short)) == len(short) else files
