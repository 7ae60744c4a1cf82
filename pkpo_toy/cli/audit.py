"""`pkpo-toy audit`: exact bias and variance of estimators on one instance."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from pkpo_toy.studies.audit import Audit


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
    as_json: Annotated[bool, typer.Option("--json", help="JSON on stdout.")] = False,
) -> None:
    """Audit estimators on one instance: exact scale, cosine, variance, zero-signal rate."""
    import numpy as np

    from pkpo_toy.cli.support.printing import json_rows, print_json, print_table
    from pkpo_toy.cli.support.progress import AuditBar
    from pkpo_toy.studies.audit import run

    config = _config(estimator, rewards, logits, {"n": n, "k": k, "budget": budget})
    with AuditBar("audit") as bar:
        rows = run(config, np.random.default_rng(config.seed), bar)
    if as_json:
        print_json({"rows": json_rows(rows)})
        return
    print_table(
        rows.drop(columns=["instance", "n", "k"]),
        f"exact audit: n = {config.n}, k = {config.k}, rewards {list(config.rewards)}, "
        f"logits {list(config.logits)}",
    )


def _config(
    estimators: list[str] | None, rewards: str | None, logits: str | None, given: dict[str, Any]
) -> Audit:
    from pkpo_toy.studies.audit import Audit
    from pkpo_toy.studies.files import build

    values = {name: value for name, value in given.items() if value is not None}
    if rewards is not None:
        values["rewards"] = _numbers("rewards", rewards)
    if logits is not None:
        values["logits"] = _numbers("logits", logits)
    elif rewards is not None:
        values["logits"] = [0.0] * len(values["rewards"])
    if estimators:
        values["estimators"] = estimators
    config = build(Audit, values, "audit")
    assert isinstance(config, Audit)
    return config


def _numbers(name: str, text: str) -> list[float]:
    from pkpo_toy.errors import InputError

    try:
        return [float(part) for part in text.split(",")]
    except ValueError:
        raise InputError(f"--{name} takes numbers separated by commas, got {text!r}.") from None
