"""`pkpo-toy passk`: pass@k and its kin of real sampling results, with their uncertainty."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pkpo_toy.cli.support.options import (
    FIGURES,
    AsJson,
    FiguresFolder,
    FilesArgument,
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
from pkpo_toy.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

    from pkpo_toy.cli.support.evaluations import Findings
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
    plot: Plot = False,
    figures: FiguresFolder = FIGURES,
    pdf: Pdf = False,
    report: ReportOption = None,
) -> None:
    """Estimate pass@k (max@k where rewards are not 0 or 1) over the problems of an evaluation.

    Unbiased for every problem, then averaged; standard error and 95% interval take the problems
    as a random sample, so one problem has neither.
    """
    from pkpo_toy.cli.support.evaluations import counts, kinds, read_evaluation, say_read
    from pkpo_toy.cli.support.output import checked_page
    from pkpo_toy.cli.support.printing import print_json
    from pkpo_toy.cli.support.tables import print_table

    page = None if report is None else checked_page("--report", report)
    ks, limits = counts(k), _range(bounds)
    evaluation = read_evaluation(files, form=form, score=score, group_by=group_by)
    found = _estimated(evaluation, ks, metric, limits, where_possible)
    say_read(found.evaluation)
    if found.dropped:
        sys.stderr.write(f"{found.dropped} of {len(evaluation.problems)} problems have ")
        sys.stderr.write(f"n < {found.rows['k'].max()} and are left out\n")
    found.findings(files).write(kinds(plot=plot, pdf=pdf), figures, page)
    if as_json:
        print_json(found.as_json())
    else:
        print_table(found.rows, found.title)


def _estimated(
    evaluation: Evaluation,
    ks: list[int] | None,
    metric: str | None,
    bounds: Range | None,
    where_possible: bool,
) -> Estimated:
    from pkpo_toy.cli.support.progress import working
    from pkpo_toy.samples.metrics import metric_named
    from pkpo_toy.samples.passk import at_each_k, default_ks, enough_samples

    with working("estimating"):
        ks = ks or default_ks(evaluation)
        kept = enough_samples(evaluation, ks, where_possible)
        name = metric_named(metric, kept).name
        rows = at_each_k(kept, ks, metric=name, bounds=bounds)
    return Estimated(kept, len(evaluation.problems) - len(kept.problems), name, rows, bounds)


@dataclass(frozen=True)
class Estimated:
    """One evaluation, without the problems that were dropped, at each k by one metric."""

    evaluation: Evaluation
    dropped: int
    metric: str
    rows: pd.DataFrame
    bounds: Range | None

    @property
    def interval(self) -> str:
        """How the interval is computed."""
        from pkpo_toy.samples.intervals import method
        from pkpo_toy.samples.passk import bounds_of

        return method(bounds_of(self.evaluation, self.bounds))

    @property
    def one_problem(self) -> bool:
        """One problem has no interval."""
        return len(self.evaluation.problems) == 1

    @property
    def title(self) -> str:
        """The metric and its interval."""
        return f"{self.metric}; {'one problem: no interval' if self.one_problem else self.interval}"

    def findings(self, files: list[str]) -> Findings:
        """For the figure and the page."""
        from pkpo_toy.cli.support.evaluations import Findings, stem

        said = []
        for row in self.rows.iloc[[0, -1] if len(self.rows) > 1 else [0]].itertuples():
            interval = "" if self.one_problem else f" [{row.low:.3f}, {row.high:.3f}]"
            said.append(f"{self.metric.replace('@k', f'@{row.k}')} is {row.value:.3f}{interval}.")
        said.append(f"Read from {', '.join(files)}: {self.evaluation.described()}.")
        named = f"passk_{stem(files[0])}"
        return Findings("passk", named, self.title, said, self._curve, self.rows)

    def as_json(self) -> dict[str, Any]:
        """For scripts."""
        from pkpo_toy.cli.support.printing import json_rows

        return {
            "measure": self.metric,
            "interval": self.interval,
            "read": self.evaluation.described(),
            "left_out": self.evaluation.left_out,
            "dropped": self.dropped,
            "rows": json_rows(self.rows),
        }

    def _curve(self) -> pd.DataFrame:
        """What the figure is drawn from: every k."""
        from pkpo_toy.samples.passk import at_each_k, curve_ks

        ks = curve_ks(int(self.evaluation.n.min()))
        rows: pd.DataFrame = at_each_k(self.evaluation, ks, metric=self.metric, bounds=self.bounds)
        return rows.assign(measure=self.metric)


def _range(text: str | None) -> Range | None:
    if text is None:
        return None
    number = r"\s*[+-]?[0-9]*\.?[0-9]+\s*"
    if not re.fullmatch(f"{number},{number}", text):
        raise InputError(f"--range takes LOW,HIGH, two numbers, got {text[:60]!r}.")
    low, high = map(float, text.split(","))
    return low, high
