"""`pkpo-toy audit`: exact bias and variance of estimators on one instance."""

from __future__ import annotations

from typing import Annotated

import typer

from pkpo_toy.cli.support.options import AsJson
from pkpo_toy.errors import InputError


def audit(
    estimator: Annotated[
        list[str] | None,
        typer.Option(
            help="A key, KEY(OPTION=VALUE) or FILE.py:FUNCTION; repeat for several. (all)"
        ),
    ] = None,
    rewards: Annotated[str | None, typer.Option(help="Reward of each arm. (0.1,0.55,1)")] = None,
    logits: Annotated[str | None, typer.Option(help="Logit of each arm. (0.3,-0.5,0.1)")] = None,
    n: Annotated[int | None, typer.Option(help="Samples per group. (4)")] = None,
    k: Annotated[int | None, typer.Option(help="k of pass@k. (2)")] = None,
    budget: Annotated[int | None, typer.Option(help="Most outcomes to enumerate.")] = None,
    metric: Annotated[
        list[str] | None,
        typer.Option(help="Instead, a way to compute pass@k: unbiased, plug_in, ..., or all."),
    ] = None,
    p: Annotated[
        str | None, typer.Option("--p", help="Success rates of --metric. (0.01,0.03,0.1,0.3)")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Audit estimators on one instance: exact scale, cosine, variance, zero-signal rate.

    With --metric, audit ways to compute pass@k instead: exact expectation, bias and standard
    deviation for success rates p, n samples (16) and k (8).
    """
    if metric:
        if estimator or rewards or logits or budget:
            raise InputError("--metric takes --p, --n and --k, and nothing else of audit.")
        _audit_metrics(metric, _numbers("p", p) or [0.01, 0.03, 0.1, 0.3], n or 16, k or 8, as_json)
        return
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


def _audit_metrics(metrics: list[str], p: list[float], n: int, k: int, as_json: bool) -> None:
    from pkpo_toy.cli.support.printing import json_rows, print_json, print_table
    from pkpo_toy.samples.bias import metric_bias

    rows = metric_bias(p, n, k, None if "all" in metrics else metrics)
    if as_json:
        print_json({"rows": json_rows(rows)})
        return
    print_table(rows.drop(columns=["n", "k"]), f"exact: n = {n}, k = {k}")


def _numbers(name: str, text: str | None) -> list[float] | None:
    if text is None:
        return None
    try:
        return [float(part) for part in text.split(",")]
    except ValueError:
        raise InputError(f"--{name} takes numbers separated by commas, got {text!r}.") from None
