"""The page on language models: its tables are the committed results, written out."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pkpo_toy.samples.intervals import student_t

ROOT = Path(__file__).parent.parent


def table_of(name):
    """The table of a run of the language model in Markdown, read off its committed summary."""
    summary = pd.read_csv(ROOT / "results" / name / "summary.csv")
    last = summary["step"].max()
    ends = {
        label: rows.set_index("k_eval")
        for label, rows in summary[summary["step"] == last].groupby("label", sort=False)
    }
    first, *others = ends
    start = summary[(summary["step"] == 0) & (summary["label"] == first)].set_index("k_eval")
    ks = start.index
    lines = [
        f"| after {last} steps | {' | '.join(f'pass@{k}' for k in ks)} | entropy | ever solved |",
        "|---" * (len(ks) + 3) + "|",
        line("warm start", start, ""),
        *(line(label, rows, percent(rows)) for label, rows in ends.items()),
        *(difference(label, ends[label], first, ends[first]) for label in others),
    ]
    return "\n".join(lines)


def line(label, rows, solved):
    rates = [
        f"{plain(v)} ± {plain(h)}" for v, h in zip(rows.value, rows.high - rows.value, strict=True)
    ]
    return f"| {label} | {' | '.join(rates)} | {rows.entropy.iloc[0]:.1f} | {solved} |"


def difference(label, rows, base_label, base):
    """Run by run, with Student's 95% interval."""
    apart = runs_of(rows) - runs_of(base)
    count = apart.shape[1]
    half = student_t(count - 1) * apart.std(axis=1, ddof=1) / np.sqrt(count)
    cells = [f"{plain(v)} ± {plain(h)}" for v, h in zip(apart.mean(axis=1), half, strict=True)]
    return f"| {label} minus {base_label} | {' | '.join(cells)} | | |"


def runs_of(rows):
    return np.array([text.split() for text in rows.per_run], dtype=float)


def plain(value):
    return f"{value:.2f}".replace("0.", ".", 1)


def percent(rows):
    return f"{rows.cumulative_solve_rate.iloc[0]:.0%}"


PAGE = (ROOT / "docs" / "language-models.md").read_text("utf-8")
FOUND = [path.parent.name for path in (ROOT / "results").glob("lm*/summary.csv")]


@pytest.mark.parametrize("name", FOUND)
def test_the_page_has_the_table_of_the_committed_results(name):
    assert table_of(name) in PAGE


@pytest.mark.parametrize("name", FOUND)
def test_the_page_says_how_many_runs_there_were(name):
    (count,) = pd.read_csv(ROOT / "results" / name / "summary.csv")["runs"].unique()
    assert f"{name}: {count} runs" in " ".join(PAGE.split())
