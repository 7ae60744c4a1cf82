"""`pkpo-toy audit`: exact bias and variance of estimators on one instance."""

from __future__ import annotations

from typing import Annotated

import typer

from pkpo_toy.cli.support.options import AsJson


def audit(
    estimator: Annotated[
        list[str] | None,
        typer.Option(help="A key of the table or FILE.py:FUNCTION; repeat for several. (all)"),
    ] = None,
    rewards: Annotated[str | None, typer.Option(help="Reward of each arm. (0.1,0.55,1)")] = None,
    logits: Annotated[str | None, typer.Option(help="Logit of each arm. (0.3,-0.5,0.1)")] = None,
    n: Annotated[int | None, typer.Option(help="Samples per group. (4)")] = None,
    k: Annotated[int | None, typer.Option(help="k of pass@k. (2)")] = None,
    budget: Annotated[int | None, typer.Option(help="Most outcomes to enumerate.")] = None,
    as_json: AsJson = False,
) -> None:
    """Audit estimators on one instance: exact scale, cosine, variance, zero-signal rate."""
    from pkpo_toy import experiment
    from pkpo_toy.cli.support.printing import json_rows, print_json, print_table
    from pkpo_toy.cli.support.progress import AuditBar

    config = experiment.audit_config(
        rewards=_numbers("rewards", rewards),
        logits=_numbers("logits", logits),
        n=n,
        k=k,
        estimators=estimator or None,
        budget=budget,
    )
    with AuditBar("audit") as bar:
        rows = experiment.audit_of(config, progress=bar)
    if as_json:
        print_json({"rows": json_rows(rows)})
        return
    print_table(
        rows.drop(columns=["instance", "n", "k"]),
        f"exact audit: n = {config.n}, k = {config.k}, rewards {list(config.rewards)}, "
        f"logits {list(config.logits)}",
    )


def _numbers(name: str, text: str | None) -> list[float] | None:
    from pkpo_toy.errors import InputError

    if text is None:
        return None
    try:
        return [float(part) for part in text.split(",")]
    except ValueError:
        raise InputError(f"--{name} takes numbers separated by commas, got {text!r}.") from None
