"""The calls of Python and notebooks: run a study, audit estimators."""

from __future__ import annotations

import signal
import warnings
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pkpo_toy.errors import InputError
from pkpo_toy.experiment.planning import carry_out, plans
from pkpo_toy.experiment.result import Result, folder_for, load
from pkpo_toy.files import RESULTS
from pkpo_toy.runs import Event, Interrupted
from pkpo_toy.studies.files import build
from pkpo_toy.studies.table import SUITES

if TYPE_CHECKING:
    import pandas as pd

    from pkpo_toy.studies.audit import Audit


def run(
    study: str,
    *,
    quick: bool = False,
    name: str = "",
    out: str | Path = RESULTS,
    jobs: int = 1,
    retries: int = 2,
    fresh: bool = False,
    cluster: str | None = None,
    progress: Callable[[Event], None] | None = None,
    **settings: Any,
) -> Result:
    """Run a study; what was computed before is read, not computed again.

        pkpo_toy.run("variance", n=[8, 16], seed=1).summary

    study: a name of `pkpo-toy list studies` or a FILE.toml; settings: as in its file, where a list
    is a grid sweep (one cell per combination). quick: the smaller settings of a quick look, in
    OUT/quick. name: of the results (the study's, followed by the settings that differ).

    jobs: worker processes. They never run your script or notebook again, so it needs no
    `if __name__ == "__main__"`; one is the default because starting a worker takes a second.
    retries, fresh, cluster: as for `pkpo-toy run`. progress: called with an Event a cell.

    Returns: the Result; a RuntimeWarning names the cells that failed, the others are kept.

    Raises InputError for a setting out of its domain and for an unknown study or setting, DiskError
    and Busy where the folder cannot be written or another process runs in it, KeyboardInterrupt:
    finished cells are kept, and the same call goes on from there.
    """
    if study in SUITES:
        raise InputError(f"{study!r} is a suite; run one of {', '.join(SUITES[study])}.")
    values = {key: _plain(value) for key, value in settings.items()}
    (made,) = plans(study, values, quick=quick, name=name)
    options = {"jobs": jobs, "retries": retries, "fresh": fresh, "cluster": cluster}
    try:
        outcome = carry_out(made, folder_for(out, quick=quick), progress=progress, **options)
    except Interrupted as stop:
        if stop.signum == signal.SIGINT:
            raise KeyboardInterrupt(str(stop)) from None
        raise
    if outcome.failed:
        first = outcome.failed[0]
        text = f"{len(outcome.failed)} of {outcome.total} cells failed, first: {first.exception}"
        warnings.warn(text, RuntimeWarning, stacklevel=2)
    return load(outcome.folder)


def _plain(value: Any) -> Any:
    """A Python value as a study file would give it: arrays, ranges and tuples are lists."""
    if callable(value):
        raise InputError(f"a setting names a function as FILE.py:FUNCTION, got {value!r:.100}.")
    if hasattr(value, "tolist"):
        return value.tolist()
    if isinstance(value, Iterable) and not isinstance(value, str | dict):
        return [_plain(entry) for entry in value]
    return str(value) if isinstance(value, Path) else value


def audit(
    rewards: Iterable[float] | None = None,
    logits: Iterable[float] | None = None,
    n: int | None = None,
    k: int | None = None,
    *,
    estimators: Sequence[str] | None = None,
    budget: int | None = None,
) -> pd.DataFrame:
    """Exact bias and variance of estimators on one instance: every outcome of n samples is met.

        pkpo_toy.audit(rewards=[0, 0.4, 1], n=4, k=2, estimators=["pkpo", "mine.py:f"])

    rewards, logits: one number per arm of a softmax policy; logits are zero where only rewards are
    given. estimators: keys of the table or FILE.py:FUNCTION (all of the table that are defined).
    budget: most outcomes to enumerate. What is not given is the audit study's default.

    Returns: one row per estimator, with `scale`, `cosine`, `relative_variance`, `zero_signal`.

    Raises InputError for an argument out of its domain, or more outcomes than the budget.
    """
    given = {"rewards": rewards, "logits": logits, "n": n, "k": k, "budget": budget}
    return audit_of(audit_config(**given, estimators=estimators))


def audit_of(
    config: Audit, progress: Callable[[str, int, int], object] | None = None
) -> pd.DataFrame:
    """The audit of a checked instance; `progress` hears of every estimator's outcomes.

    Returns: the rows of `audit`. Raises InputError where numbers leave the range of float64.
    """
    from pkpo_toy.studies.audit import run as audited

    try:
        with np.errstate(over="raise", invalid="raise", divide="raise"):
            return audited(config, np.random.default_rng(config.seed), progress)
    except FloatingPointError as error:
        raise InputError(f"rewards or logits lead out of float64's range ({error}).") from error


def audit_config(**given: Any) -> Audit:
    """The instance to audit, checked; None stands for the default. Raises InputError."""
    from pkpo_toy.studies.audit import Audit

    values = {name: _plain(value) for name, value in given.items() if value is not None}
    if "rewards" in values:
        values.setdefault("logits", [0.0] * np.size(values["rewards"]))
    if isinstance(values.get("estimators"), str):
        values["estimators"] = [values["estimators"]]
    config = build(Audit, values, "audit")
    assert isinstance(config, Audit)
    return config
