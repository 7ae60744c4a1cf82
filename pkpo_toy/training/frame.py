"""Training runs as tidy frames: `train` for a caller, the same pieces for the training studies."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from pkpo_toy.errors import InputError, unknown
from pkpo_toy.estimators import resolve
from pkpo_toy.estimators.api import DEFAULT, EstimatorLike
from pkpo_toy.simulator.judging import Ranks, judged_by
from pkpo_toy.simulator.problem import Problem
from pkpo_toy.simulator.problems import build_problem
from pkpo_toy.simulator.settings import Settings
from pkpo_toy.simulator.training import History
from pkpo_toy.simulator.training import train as simulate
from pkpo_toy.training.handover import Handover
from pkpo_toy.typing import Array


def train(
    problem: str | Problem,
    estimator: EstimatorLike = DEFAULT,
    *,
    k1_estimator: EstimatorLike = "rloo",
    objective: str = "",
    seed: int = 0,
    **settings: Any,
) -> pd.DataFrame:
    """Train replicated runs on a small problem and log the exact truth on the way.

    problem: a name in PROBLEMS, or what `build_problem(name, ...)` returns. estimator: a key of
    ESTIMATORS, FILE.py:FUNCTION, or a function (rewards (..., n), k) -> weights (..., n).
    settings: k (8, "n", "8@0, 1@1500", "linear 8->1", "geometric 8->1"), n, steps, step_size,
    optimiser (a key of OPTIMISERS), entropy_bonus, replicates, log_every, k_eval, probes; see
    `Settings`.
    k1_estimator takes over at k = 1 where the schedule lowers k to it, or where the estimator is
    not defined there.
    objective: what the runs are judged by in place of max@k, an order statistic of k draws as
    "order_statistic(top=2)"; a value, gradient, optimum and distance are then of that.

    Returns one row per replicate, logged step and k_eval: replicate, step, k, k_eval, value (exact
    max@k_eval), gradient_norm (exact), entropy (nats), cumulative_solve_rate, gradient_variance,
    variance_ratio, zero_signal, and, the same in all rows of a replicate: optimum, distance (at the
    end), first_near (first logged step at 95% of the optimum), stopped_at (-1: it did not), cause.

    Raises InputError for an unknown name or a value out of its domain.
    """
    for name in settings:
        if name not in Settings.__dataclass_fields__:
            raise unknown("training setting", name, Settings.__dataclass_fields__)
    if "k_eval" in settings:
        settings["k_eval"] = tuple(np.atleast_1d(settings["k_eval"]).tolist())
    built = build_problem(problem) if isinstance(problem, str) else problem
    checked = Settings(**settings)
    handover = Handover(resolve(estimator), resolve(k1_estimator), checked.n, checked.ks())
    if objective:
        ranks = _ranks_of(objective)
        for k in sorted({*checked.k_eval, *checked.ks().tolist()}):
            ranks(k)  # raises InputError where the statistic is not one of k draws
        built = judged_by(built, ranks)
    return training_frame(built, handover, checked, np.random.default_rng(seed))


def _ranks_of(objective: str) -> Ranks:
    row = resolve(objective)
    if row.rank_weights is None:
        raise InputError(
            "objective must be empty, which is max@k, or an order statistic as "
            f"'order_statistic(top=2)', got {objective!r}."
        )
    return partial(row.rank_weights, **dict(row.given))


def training_frame(
    problem: Problem, handover: Handover, settings: Settings, rng: np.random.Generator
) -> pd.DataFrame:
    """The rows of `train`. Raises InputError where an estimator's domain is left."""
    handover.check(binary=problem.binary, nonnegative=problem.nonnegative)
    of_run, of_probe = rng.spawn(2)
    history = simulate(
        problem,
        handover.weight_function(of_run, binary=problem.binary),
        settings,
        rng,
        probe_estimator=handover.weight_function(of_probe, binary=problem.binary),
    )
    return _tidy(history, settings)


def _tidy(history: History, settings: Settings) -> pd.DataFrame:
    shape = (len(history.logs), len(settings.k_eval), settings.replicates)
    step, k_index, replicate = (index.ravel() for index in np.indices(shape))

    def logged(name: str) -> Array:
        return np.array([getattr(log, name) for log in history.logs])

    columns = {
        "replicate": replicate,
        "step": logged("step")[step],
        "k": logged("k")[step],
        "k_eval": np.array(settings.k_eval)[k_index],
        "value": logged("value").ravel(),
    }
    for name in (
        "gradient_norm",
        "entropy",
        "cumulative_solve_rate",
        "gradient_variance",
        "variance_ratio",
        "zero_signal",
    ):
        columns[name] = logged(name)[step, replicate]
    columns |= {
        "optimum": history.optimum[k_index],
        "distance": history.distance[k_index, replicate],
        "first_near": history.first_near[k_index, replicate],
        "stopped_at": history.stopped_at[replicate],
        "cause": np.array(history.cause)[replicate],
    }
    return pd.DataFrame(columns)
