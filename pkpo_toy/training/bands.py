"""95% bands for a mean over training runs, by resampling whole runs."""

from __future__ import annotations

import numpy as np

from pkpo_toy.typing import Array

RESAMPLES = 1000
LEVEL = 0.95


def mean_band(values: Array, seed: int = 0) -> tuple[Array, Array, Array]:
    """Mean over runs and the ends of its percentile bootstrap interval, for each of M columns.

    values: (R, M), NaN where a run has stopped; such entries are left out, and a column without
    any other is NaN. One resample takes R runs with replacement, the same for every column.
    Source: Efron & Tibshirani, An Introduction to the Bootstrap (1993), section 13.3.
    """
    runs = len(values)
    there = np.isfinite(values)
    resampled = np.random.default_rng(seed).multinomial(runs, np.full(runs, 1 / runs), RESAMPLES)
    counts = np.concatenate([np.ones((1, runs)), resampled])
    # einsum and not a matrix product: its bits do not depend on the number of BLAS threads.
    total = np.einsum("br,rm->bm", counts, np.where(there, values, 0.0))
    number = np.einsum("br,rm->bm", counts, there.astype(np.float64))
    means = np.where(number > 0, total / np.maximum(number, 1.0), np.nan)
    tail = (1 - LEVEL) / 2
    empty = ~there.any(axis=0)
    drawn = np.where(empty, 0.0, means[1:])
    low, high = np.nanquantile(drawn, [tail, 1 - tail], axis=0)
    return means[0], np.where(empty, np.nan, low), np.where(empty, np.nan, high)
