"""Running an estimator on rewards near the ends of the float range without losing anything.

Most estimators are homogeneous: rewards times s give weights times s**degree. Groups of huge or
tiny rewards are moved by a power of two, which is exact, and their weights moved back. All other
groups are left as they are, so a group's weights do not depend on which groups come with it.
"""

from typing import Any

import numpy as np

from pkpo_toy.estimators.entropic import BETA
from pkpo_toy.estimators.estimator import Estimator
from pkpo_toy.typing import Array, Flags

_HUGE = 2.0**1000
_TINY = 2.0**-900
_DOWN = 4  # a huge group needs only room for differences and for sums that are already averages


def scaled_weights(row: Estimator, groups: Array, k: int, keywords: dict[str, Any]) -> Array:
    """`row`'s weights for groups (m, n); inf where no float is large enough."""
    if row.binary or row.degree is None or not _any_extreme(groups):
        return _apply(row, groups, k, keywords)
    largest = np.abs(groups).max(axis=1, keepdims=True)
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        if "beta" in row.options:
            return _scaled_with_beta(row, groups, k, keywords, largest[:, 0] >= _HUGE)
        power = np.where(largest >= _HUGE, _DOWN, 0)
        power = np.where((largest < _TINY) & (largest > 0), np.frexp(largest)[1], power)
        moved = _apply(row, np.ldexp(groups, -power), k, keywords)
        back: Array = np.ldexp(moved, power * row.degree)
        return back


def _apply(row: Estimator, groups: Array, k: int, keywords: dict[str, Any]) -> Array:
    weights: Array = row.function(groups, k, **keywords)
    return weights


def _any_extreme(groups: Array) -> bool:
    size = np.abs(groups)
    if size.max(initial=0.0) >= _HUGE:
        return True
    if size.min(initial=_HUGE) >= _TINY:
        return False
    return bool(np.count_nonzero(size < _TINY) > np.count_nonzero(size == 0))


def _scaled_with_beta(
    row: Estimator, groups: Array, k: int, keywords: dict[str, Any], huge: Flags
) -> Array:
    """Rewards times s and beta over s give weights times s; needed where differences overflow."""
    weights = _apply(row, groups, k, keywords)
    beta = keywords.get("beta", BETA)
    if beta < 1:
        smaller = keywords | {"beta": np.ldexp(beta, _DOWN)}
        weights[huge] = np.ldexp(_apply(row, np.ldexp(groups[huge], -_DOWN), k, smaller), _DOWN)
    return weights
