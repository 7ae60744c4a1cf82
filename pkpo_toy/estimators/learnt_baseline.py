"""The pieces of a learnt leave-one-out baseline: its features, its evidence, its least squares.

    w_i = base_i - (k/n) (c_0 + c_1 M_{k-1}(g_-i) + c_2 (M_k(g_-i) - M_{k-1}(g_-i)))

M_m(g_-i) is the mean maximum of the m-subsets of the other n-1 rewards; base is
`pkpo_loo_minus_one`, at k = 1 `rloo`. See `adaptive.py`, and docs/best-estimator.md for the theory.
"""

from typing import NamedTuple, Self

import numpy as np
from numpy.typing import ArrayLike

from pkpo_toy.errors import InputError
from pkpo_toy.estimators.order_statistics import gap_sums, row_sums, sort_groups, unsort
from pkpo_toy.typing import Array

FEATURES = 3
"""The constant, M_{k-1} and M_k - M_{k-1} (at k = n: M_{k-1} - M_{k-2}) of the other rewards."""

_ALIVE = 1e-10  # a direction below this share of its feature says nothing new
_TINY = 1e-140  # its square is still a float: below it there is nothing to learn from
_LARGEST = 1e150


def terms(rewards: Array, k: int, origin: Array | float = 0.0) -> tuple[Array, Array]:
    """The base (..., n) and (k/n) times the features (..., n, 3), from one sort.

    M_{k-1} is measured from `origin`, one for each learner in front.

    M_{k-1} is read off as `pkpo` less the base, M_k - M_{k-1} as the base less `centered_loo`. The
    latter is 0 at k = 1, where both are `rloo`. At k = n there is no M_k of n-1 rewards, and
    M_{k-1} - M_{k-2} stands in.
    """
    n: int = rewards.shape[-1]
    ordered, places = sort_groups(rewards)
    lagged = gap_sums(ordered, k, lag=1)
    plain = lagged + (ordered[:, -1:] * (k / n) - lagged[:, -1:])
    centered = lagged - row_sums(lagged) / n
    if k == 1:
        base, lead = centered * (n / (n - 1)), np.zeros_like(plain)
    else:
        base = gap_sums(ordered, k, lag=0)
        lead = base - centered * (n / (n - k)) if k < n else _lead_of_the_best(ordered)
    constant = np.full_like(plain, k / n)
    columns = [
        unsort(column, places, rewards.shape, out=np.empty_like(ordered))
        for column in (base, constant, plain - base, lead)
    ]
    features = np.stack(columns[1:], axis=-1)
    start = np.asarray(origin)
    features[..., 1] -= (k / n) * (start if rewards.ndim == 1 else start[..., None, None])
    return columns[0], features


def _lead_of_the_best(ordered: Array) -> Array:
    """M_{n-1} - M_{n-2} of the others: the best of them less the second best, over n-1."""
    n = ordered.shape[1]
    lead = np.zeros_like(ordered)
    if n > 2:
        lead += ordered[:, -1:] - ordered[:, -2:-1]
        # Without the second the best leads the third, and without the best the second does.
        lead[:, -2:] = ordered[:, [-1, -2]] - ordered[:, -3:-2]
    lead /= n - 1
    return lead


def applied(base: Array, features: Array, coefficients: Array) -> Array:
    """base - sum_j c_j features_j, (..., n).

    base (..., n), features (..., n, 3), coefficients (..., 3), one row a group.
    """
    # Term by term, so that equal rewards get bitwise equal weights wherever they stand.
    parts = [features[..., j] * coefficients[..., j, None] for j in range(FEATURES)]
    result: Array = base - (parts[0] + (parts[1] + parts[2]))
    return result


def solved(total: Array, squares: Array, prior: float) -> Array:
    """Coefficients (..., 3): least squares of the base's estimate on the features, shrunk.

    total (..., 4, 4), squares (..., 9, 9): sums over groups of `Evidence.grams`, and of `outer` of
    them; prior >= 0.

    The features are made orthogonal one after another, so a shift of the rewards, which the
    constant takes up, changes nothing. Direction q is shrunk by ess / (ess + prior) with
    ess = (sum_t h_t)^2 / sum_t h_t^2, h_t = q' H_t q: the number of groups that inform it.
    """
    inner, target = total[..., 1:, 1:], total[..., 1:, 0]
    diagonal = np.einsum("...aa->...a", inner)
    result = np.zeros(target.shape)
    directions: list[tuple[Array, Array]] = []
    for j in range(FEATURES):
        q = np.zeros(target.shape)
        q[..., j] = 1.0
        for _ in range(2):  # twice is enough: Kahan
            for done, image in directions:
                q = q - (image * q).sum(axis=-1, keepdims=True) * done
        size = (q * _applied_to(inner, q)).sum(axis=-1)
        alive = size > np.maximum(_ALIVE * diagonal[..., j], _TINY)
        q = np.where(alive[..., None], q / np.sqrt(np.where(alive, size, 1.0))[..., None], 0.0)
        pairs = (q[..., :, None] * q[..., None, :]).reshape(*q.shape[:-1], -1)
        # The sum of h is 1 by construction, so its effective number is 1 / sum of squares.
        shrink = 1.0 / (1.0 + prior * (pairs * _applied_to(squares, pairs)).sum(axis=-1))
        result += (shrink * (q * target).sum(axis=-1))[..., None] * q
        directions.append((q, _applied_to(inner, q)))
    return result


def _applied_to(matrix: Array, vector: Array) -> Array:
    result: Array = (matrix @ vector[..., None])[..., 0]
    return result


class Evidence(NamedTuple):
    """Groups and their scores: everything the coefficients are learnt from.

    base, sizes (..., n); features (..., n, 3); scores (..., n, D) or None.
    """

    base: Array
    features: Array
    scores: Array | None
    sizes: Array

    @classmethod
    def of(
        cls, of_rewards: tuple[Array, Array], scores: ArrayLike | None, sizes: ArrayLike | None
    ) -> Self:
        """From `terms`, of_rewards (base, features), and what stands for the samples' scores.

        scores (..., n, D), sizes (..., n) >= 0; one of the two may be None.

        Raises InputError for neither, shapes that do not fit, numbers not finite, sizes below 0.
        """
        shape = of_rewards[0].shape
        if scores is None and sizes is None:
            raise InputError("scores or sizes must be given: rewards alone mislead the baseline.")
        z = None if scores is None else stand_in("scores", scores, shape, 1)
        if sizes is not None:
            v = stand_in("sizes", sizes, shape, 0)
            if (v < 0).any():
                raise InputError(f"sizes must be >= 0, got {v.min()}.")
        if z is not None:
            with np.errstate(over="ignore"):  # `grams` refuses what is too large to square
                squared = (z * z).sum(axis=-1)
            typical = squared.mean(axis=-1, keepdims=True)
            # With scores, sizes only say how the floor is shared out.
            v = np.broadcast_to(typical, squared.shape) if sizes is None else v * _ratio(typical, v)
        return cls(*of_rewards, z, v)

    def grams(self, floor: float, center: Array | None) -> Array:
        """Inner products of sum_i (base_i, features_i) score_i of each group, (..., groups, 4, 4).

        floor >= 0: how much sizes count beside scores. center (..., D): the running mean of past
        estimates, which is taken off the base's part. Raises InputError where squares overflow.
        """
        with np.errstate(over="ignore", invalid="ignore"):
            found = self._grams(floor, center)
        if not np.abs(found).max(initial=0.0) < _LARGEST:
            raise InputError("rewards and scores must be small enough to square: learnt nothing.")
        return found

    def _grams(self, floor: float, center: Array | None) -> Array:
        columns = np.concatenate([self.base[..., None], self.features], axis=-1)
        diagonal = np.swapaxes(columns, -1, -2) @ (columns * self.sizes[..., None])
        if self.scores is None:
            return _as_groups(diagonal, 2)
        totals = _as_groups(np.swapaxes(columns, -1, -2) @ self.scores, 2)
        if center is not None and center.shape[-1] == totals.shape[-1]:
            totals[..., 0, :] -= center[..., None, :]
        products: Array = totals @ np.swapaxes(totals, -1, -2)
        return products + floor * _as_groups(diagonal, 2)

    def mean(self, weights: Array) -> Array:
        """The mean over groups of sum_i w_i score_i, weights (..., n) -> (..., D); D is 0 without
        scores."""
        if self.scores is None:
            return np.zeros((*weights.shape[:-2], 0))
        estimates = _as_groups(np.einsum("...i,...id->...d", weights, self.scores), 1)
        mean: Array = estimates.mean(axis=-2)
        return mean


def _as_groups(values: Array, axes: int) -> Array:
    """With an axis of groups, also for a single group."""
    return values[None] if values.ndim == axes else values


def _ratio(typical: Array, sizes: Array) -> Array:
    mean = sizes.mean(axis=-1, keepdims=True)
    ratio: Array = np.divide(typical, mean, out=np.zeros_like(mean), where=mean > 0)
    return ratio


def outer(grams: Array) -> Array:
    """H_t x H_t of the features' part of grams (..., groups, 4, 4), (..., groups, 9, 9)."""
    inner = grams[..., 1:, 1:].reshape(*grams.shape[:-2], FEATURES * FEATURES)
    product: Array = inner[..., :, None] * inner[..., None, :]
    return product


def others(values: Array) -> Array:
    """Sums of values (..., groups, m, m) over all groups but one, same shape, with no subtraction.

    What is subtracted from a sum leaves its rounding there, a trace of the group's own rewards.
    """
    moved = np.moveaxis(values, -3, 0)
    sums = np.zeros_like(moved)
    np.cumsum(moved[:-1], axis=0, out=sums[1:])
    sums[:-1] += np.cumsum(moved[:0:-1], axis=0)[::-1]
    return np.moveaxis(sums, 0, -3)


def stand_in(name: str, given: ArrayLike, shape: tuple[int, ...], more: int) -> Array:
    """given as an array, (..., n) or, with `more` = 1, (..., n, D), for rewards of this shape.

    Raises InputError, which calls it `name`, unless it fits and is finite.
    """
    array = np.asarray(given, dtype=np.float64)
    if array.shape[: array.ndim - more] != shape or array.ndim != len(shape) + more:
        wanted = "(..., n, D)" if more else "(..., n)"
        raise InputError(
            f"{name} must be {wanted} for rewards of shape {shape}, got shape {array.shape}."
        )
    if not np.isfinite(array).all():
        count = int((~np.isfinite(array)).sum())
        raise InputError(f"{name} must be finite, got {count} NaN or infinite of {array.size}.")
    return array
