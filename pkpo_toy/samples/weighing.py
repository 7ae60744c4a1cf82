"""The weight of every sample of a frame, by an estimator of the table or the user's own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from pkpo_toy.errors import InputError
from pkpo_toy.estimators import grouped_weights
from pkpo_toy.estimators.api import DEFAULT, EstimatorLike
from pkpo_toy.samples.evaluation import Collector, Evaluation
from pkpo_toy.samples.reading import Files, gather
from pkpo_toy.samples.tables import with_column
from pkpo_toy.typing import Array


def weighed(
    files: Files,
    k: int,
    estimator: EstimatorLike = DEFAULT,
    *,
    form: str | None = None,
    score: str | None = None,
    group_by: Sequence[str] = (),
    **options: Any,
) -> tuple[Evaluation, pd.DataFrame, bytes]:
    """What was read, every sample of it with its weight, by `sample_weights`, and these as a file.

    form, score, group_by: how to read the files, as in `read`; options: those of `sample_weights`.

    One table problem,sample,reward keeps its text and gets one more column; of anything else comes
    a CSV problem,sample,reward,weight.

    Raises InputError for what cannot be read, and as `sample_weights`.
    """
    into = Collector(score, group_by, keep_table=True)
    evaluation = gather(files, into, form)
    table = into.table
    if table is None or len(table.lines) < evaluation.n.sum():
        samples = evaluation.samples()
        samples["weight"] = sample_weights(samples, k, estimator, **options)
        return evaluation, samples, samples.to_csv(index=False, lineterminator="\n").encode()
    columns = {c.name: values for c, values in zip(table.kind, table.columns, strict=True)}
    samples = pd.DataFrame(columns)
    samples["weight"] = sample_weights(samples, k, estimator, **options)
    return evaluation, samples, with_column(table, "weight", samples["weight"].tolist())


def sample_weights(
    samples: pd.DataFrame,
    k: int,
    estimator: EstimatorLike = DEFAULT,
    *,
    scale: str = "sum",
    seed: int = 0,
    beta: float | None = None,
) -> Array:
    """Weights (N,) in the order of the samples, each problem a group; see `grouped_weights`.

    samples: N rows with problem and reward. seed: of an estimator that draws.

    Raises InputError for a k or a reward outside the estimator's domain, naming the problem.
    """
    if seed < 0:
        raise InputError(f"seed must be at least 0, got {seed}.")
    options: dict[str, Any] = {} if beta is None else {"beta": beta}
    rewards, problems = samples["reward"].to_numpy(), samples["problem"].tolist()
    rng = np.random.default_rng(seed)
    return grouped_weights(rewards, problems, k, estimator, scale=scale, rng=rng, **options)
