"""`pkpo-toy list`: what there is, read off the tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from pkpo_toy.cli.support.options import AsJson

if TYPE_CHECKING:
    import pandas as pd

    from pkpo_toy.estimators import Estimator

KINDS = ("studies", "estimators", "problems", "formats")


def list_(
    kind: Annotated[
        str | None,
        typer.Argument(
            metavar="[studies|estimators|problems|formats]",
            help="What to list.",
            autocompletion=lambda incomplete: [k for k in KINDS if k.startswith(incomplete)],
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List studies, estimators, problems and the formats of sampling results."""
    from pkpo_toy.cli.support.printing import json_rows, print_json
    from pkpo_toy.cli.support.tables import print_table
    from pkpo_toy.errors import unknown

    if kind is not None and kind not in KINDS:
        raise unknown("list", kind, KINDS)
    frames = {name: TABLES[name]() for name in ((kind,) if kind else KINDS)}
    if as_json:
        rows = {name: json_rows(frame) for name, frame in frames.items()}
        print_json(rows[kind] if kind else rows)
        return
    for name, frame in frames.items():
        parts = _by_claim(frame) if name == "estimators" else {name: frame}
        for title, part in parts.items():
            print_table(part, title)


def _studies() -> pd.DataFrame:
    import pandas as pd

    from pkpo_toy.studies.files import load, packaged_names
    from pkpo_toy.studies.table import STUDIES, SUITES

    rows = [(name, study.question, study.reproduces) for name, study in STUDIES.items()]
    for name in sorted(packaged_names() - STUDIES.keys()):
        file = load(name)
        settings = ", ".join(f"{key} = {value}" for key, value in file.values.items())
        rows.append((name, f"{file.study} with {settings}", ""))
    rows += [(name, f"all of: {', '.join(members)}", "") for name, members in SUITES.items()]
    return pd.DataFrame(rows, columns=["study", "question", "reproduces"])


def _estimators() -> pd.DataFrame:
    import pandas as pd

    from pkpo_toy.estimators import ESTIMATORS

    rows = [
        (e.key, e.description, e.unbiased_for, e.claim, domain_of(e), e.source)
        for e in ESTIMATORS.values()
    ]
    names = ["estimator", "description", "unbiased_for", "claim", "domain", "source"]
    return pd.DataFrame(rows, columns=names)


def _by_claim(estimators: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """The rows by what they are unbiased for, each part under a line that says when to use them.

    Sources are long; they are in the JSON and in docs/estimators.md.
    """
    aim = estimators["unbiased_for"]
    other = ~aim.str.startswith(("biased", "direction"))
    of_k, of_mean = aim.isin(["grad max@k", "grad pass@k"]), aim == "grad E[g]"
    parts = {
        "unbiased for max@k (pass@k): train for k with one of these": of_k,
        "unbiased for the mean reward: for k = 1": of_mean,
        "unbiased for another objective, or up to a factor": other & ~of_k & ~of_mean,
        "biased: to compare with what others use": ~other,
    }
    shown = estimators.drop(columns=["source", "claim"])
    return {
        title: shown[rows].drop(columns="unbiased_for" if rows is of_k or rows is of_mean else [])
        for title, rows in parts.items()
    }


def domain_of(estimator: Estimator) -> str:
    """The domain in words: which n and k, which rewards."""
    rewards = ["rewards 0 or 1"] * estimator.binary + ["rewards >= 0"] * estimator.nonnegative
    return "; ".join([estimator.domain.text, *rewards])


def _problems() -> pd.DataFrame:
    import pandas as pd

    from pkpo_toy.simulator.problems import PROBLEMS

    rows = [(name, problem.description) for name, problem in PROBLEMS.items()]
    return pd.DataFrame(rows, columns=["problem", "description"])


def _formats() -> pd.DataFrame:
    import pandas as pd

    from pkpo_toy.samples.formats.table import FORMATS

    rows = [(key, form.title, form.files) for key, form in FORMATS.items()]
    return pd.DataFrame(rows, columns=["format", "written_by", "files"])


TABLES = {
    "studies": _studies,
    "estimators": _estimators,
    "problems": _problems,
    "formats": _formats,
}
