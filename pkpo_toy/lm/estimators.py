"""Estimators that read log-probabilities or learn from them: for language models only.

Rows as those of ESTIMATORS. Their functions are what they do before anything was observed.
"""

from __future__ import annotations

from functools import partial

from pkpo_toy.estimators import ESTIMATORS, Estimator
from pkpo_toy.estimators.adaptive import AdaptiveLoo
from pkpo_toy.estimators.estimator import TWO_SAMPLES, best_of_k
from pkpo_toy.typing import Array


def _untaught(rewards: Array, k: int) -> Array:
    return AdaptiveLoo().weights(rewards, k)


_Row = partial(
    Estimator,
    source="pkpo-toy, docs/best-estimator.md",
    unbiased_for="grad max@k",
    claim="unbiased",
    objective=best_of_k,
    domain=TWO_SAMPLES,
)

ADAPTIVE = _Row("adaptive_loo", _untaught, "a baseline learnt from earlier groups' sketched scores")
ADAPTIVE_SIZES = _Row(
    "adaptive_loo_sizes", _untaught, "a baseline learnt from earlier groups' log pi(x_i)"
)
SIZE_WEIGHTED = _Row(
    "size_weighted_rloo",
    ESTIMATORS["maxk_rloo"].function,
    "maxk_rloo with the other samples weighted by -log pi(x_j)",
)
LEARNT = (ADAPTIVE, ADAPTIVE_SIZES)

LM_ESTIMATORS: dict[str, Estimator] = {
    **ESTIMATORS,
    **{row.key: row for row in (*LEARNT, SIZE_WEIGHTED)},
}
"""All that a language model can be trained with, by its key."""
