"""`pkpo-toy audit`: exact bias and variance of estimators on one instance."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from pkpo_toy.cli.support.completion import estimators, metrics_in_use
from pkpo_toy.cli.support.options import AsJson
from pkpo_toy.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

CLAIMS = ("unbiased", "direction", "biased", "bound")  # in the order of the table


def audit(
    estimator: Annotated[
        list[str] | None,
        typer.Option(
            help="A key, KEY(OPTION=VALUE) or FILE.py:FUNCTION; repeat for several. (all)",
            autocompletion=estimators,
        ),
    ] = None,
    rewards: Annotated[str | None, typer.Option(help="Reward of each arm. (0.1,0.55,1)")] = None,
    logits: Annotated[str | None, typer.Option(help="Logit of each arm. (0.3,-0.5,0.1)")] = None,
    n: Annotated[int | None, typer.Option(help="Samples per group. (4)")] = None,
    k: Annotated[int | None, typer.Option(help="k of pass@k. (2)")] = None,
    budget: Annotated[int | None, typer.Option(help="Most outcomes to enumerate.")] = None,
    metric: Annotated[
        list[str] | None,
        typer.Option(
            help="Instead, a way to compute pass@k: unbiased, plug_in, ..., or all.",
            autocompletion=metrics_in_use,
        ),
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
    if not metric:
        if p is not None:
            raise InputError("--p is an option of audit --metric.")
        arms = {"rewards": _numbers("rewards", rewards), "logits": _numbers("logits", logits)}
        _audit_estimators(as_json, **arms, n=n, k=k, estimators=estimator or None, budget=budget)
    elif estimator or any(one is not None for one in (rewards, logits, budget)):
        raise InputError("--metric takes --p, --n and --k, and nothing else of audit.")
    else:
        sizes = 16 if n is None else n, 8 if k is None else k
        _audit_metrics(metric, _numbers("p", p) or [0.01, 0.03, 0.1, 0.3], *sizes, as_json)


def _audit_estimators(as_json: bool, **instance: Any) -> None:
    from pkpo_toy.cli.support.progress import AuditBar
    from pkpo_toy.cli.support.tables import print_rows
    from pkpo_toy.experiment import audit_config, audit_of

    config = audit_config(**instance)
    with AuditBar("audit") as bar:
        rows = audit_of(config, progress=bar)
    baselines = next(filter(None, rows["baselines"]), "")
    title = (
        f"exact audit: n = {config.n}, k = {config.k}, rewards {list(config.rewards)}, "
        f"logits {list(config.logits)}"
        + (f"; over best: relative to the best baseline ({baselines})" if baselines else "")
    )
    print_rows(rows, _by_claim(rows), title, as_json=as_json)


def _by_claim(rows: pd.DataFrame) -> pd.DataFrame:
    """The table for people; a user's estimator claims nothing and comes first."""
    shown = rows.drop(columns=["instance", "n", "k", "baselines"])
    shown.insert(0, "claim", shown.pop("claim"))
    places = {claim: place for place, claim in enumerate(CLAIMS)}
    return shown.sort_values(
        "claim", key=lambda claims: claims.map(places).fillna(-1), kind="stable"
    )


def _audit_metrics(metrics: list[str], p: list[float], n: int, k: int, as_json: bool) -> None:
    from pkpo_toy.cli.support.tables import print_rows
    from pkpo_toy.samples.bias import metric_bias

    rows = metric_bias(p, n, k, None if "all" in metrics else metrics)
    shown = rows.drop(columns=["n", "k"])
    print_rows(rows, shown, f"exact: n = {n}, k = {k}", as_json=as_json)


def _numbers(name: str, text: str | None) -> list[float] | None:
    if text is None:
        return None
    try:
        return [float(part) for part in text.split(",")]
    except ValueError:
        raise InputError(f"--{name} takes numbers separated by commas, got {text!r}.") from None
