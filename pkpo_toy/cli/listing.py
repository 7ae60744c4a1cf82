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
        typer.Argument(metavar="[studies|estimators|problems|formats]", help="What to list."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List studies, estimators, problems and the formats of sampling results."""
    from pkpo_toy.cli.support.printing import json_rows, print_json, print_table
    from pkpo_toy.errors import unknown

    if kind is not None and kind not in KINDS:
        raise unknown("list", kind, KINDS)
    frames = {name: TABLES[name]() for name in ((kind,) if kind else KINDS)}
    if as_json:
        rows = {name: json_rows(frame) for name, frame in frames.items()}
        print_json(rows[kind] if kind else rows)
        return
    for name, frame in frames.items():
        # Sources are long; they are in the JSON and in the README's table.
        print_table(frame.drop(columns="source", errors="ignore"), name)


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
        (e.key, e.description, e.unbiased_for, domain_of(e), e.source) for e in ESTIMATORS.values()
    ]
    return pd.DataFrame(
        rows, columns=["estimator", "description", "unbiased_for", "domain", "source"]
    )


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
