"""What is estimated: pass@k from counts, max@k from rewards, unbiased and exact for large n."""

from typing import Any

import numpy as np

from pkpo_toy.checks import check_count
from pkpo_toy.errors import InputError
from pkpo_toy.estimators.order_statistics import mu
from pkpo_toy.estimators.validate import checked_k, checked_rewards
from pkpo_toy.typing import Array, ArrayLike, Flags, Integers

__all__ = ["element_weights", "max_at_k", "pass_at_k"]


def element_weights(n: int, k: int) -> Array:
    """mu_i = C(i-1, k-1) / C(n, k), the weight of g_(i) in the max@k estimate; (n,), summing to 1.

    Raises InputError unless n and k are integers with 1 <= k <= n. [PKPO].
    """
    n = check_count("n", n)
    return mu(n, checked_k(k, n))


_CERTAIN = 45.0  # pass@k is 1 to the last bit once c k / n exceeds this: 1 - pass@k < exp(-c k / n)
_CHUNK = 1 << 20


def _checked_counts(name: str, values: Any) -> Integers:
    array = np.asarray(values)
    if array.dtype.kind not in "iu":
        raise InputError(f"{name} must be integers, got {values!r}.")
    return array.astype(np.int64)


def pass_at_k(n: ArrayLike, c: ArrayLike, k: ArrayLike) -> Any:
    """Unbiased estimate of pass@k from c successes among n samples: 1 - C(n-c, k)/C(n, k).

    n, c, k are integers or integer arrays that broadcast; returns their common shape. Computed as
    -expm1(sum_{j < min(c, k)} log1p(-max(c, k)/(n-j))), relative error below 1e-13.

    Raises InputError unless 1 <= k <= n and 0 <= c <= n everywhere. [Chen21] eq. 1.
    """
    counts = [_checked_counts(name, v) for name, v in (("n", n), ("c", c), ("k", k))]
    try:
        samples, successes, draws = np.broadcast_arrays(*counts)
    except ValueError:
        shapes = ", ".join(str(a.shape) for a in counts)
        raise InputError(f"n, c and k must broadcast together, got shapes {shapes}.") from None
    _check_everywhere("k", "1 <= k <= n", (draws >= 1) & (draws <= samples), draws, samples)
    _check_everywhere(
        "c", "0 <= c <= n", (successes >= 0) & (successes <= samples), successes, samples
    )
    shape = samples.shape
    samples, few, many = (
        a.ravel() for a in (samples, np.minimum(successes, draws), np.maximum(successes, draws))
    )
    certain = (few + many > samples) | (few * (many / samples) > _CERTAIN)
    result = np.where(certain & (few > 0), 1.0, 0.0)
    open_cases = np.flatnonzero(~certain & (few > 0))
    open_cases = open_cases[np.argsort(few[open_cases], kind="stable")]
    while open_cases.size:
        # Rows of like length together: at most twice the shortest, at most _CHUNK terms.
        shortest = int(few[open_cases[0]])
        alike = int(np.searchsorted(few[open_cases], 2 * shortest, side="right"))
        rows = open_cases[: max(1, min(alike, _CHUNK // (2 * shortest)))]
        result[rows] = _open_pass_at_k(samples[rows], few[rows], many[rows])
        open_cases = open_cases[rows.size :]
    return result.reshape(shape)[()]


def _open_pass_at_k(n: Integers, few: Integers, many: Integers) -> Array:
    draw = np.arange(int(few.max()))
    terms = np.log1p(-many[:, None] / np.maximum(n[:, None] - draw, many[:, None] + 1))
    terms[draw >= few[:, None]] = 0.0
    result: Array = -np.expm1(terms.sum(axis=1))
    return result


def _check_everywhere(
    name: str,
    domain: str,
    holds: Flags,
    values: Integers,
    samples: Integers,
) -> None:
    if not holds.all():
        first = np.flatnonzero(~holds.ravel())[0]
        raise InputError(
            f"{name} must satisfy {domain}, got {name} = {values.ravel()[first]} "
            f"with n = {samples.ravel()[first]}."
        )


def max_at_k(rewards: ArrayLike, k: int) -> Any:
    """Unbiased estimate of max@k = E[max of k rewards]: sum_i mu_i g_(i), (..., n) -> (...).

    Sums mu_i (g_(i) - b) with b the reward nearest to zero, or zero between signs: ties are exact.

    Raises InputError for rewards that are not finite numbers and unless 1 <= k <= n.
    [PKPO]; for rewards in {0, 1} this is pass@k of [Chen21].
    """
    checked = checked_rewards(rewards)
    n = checked.values.shape[-1]
    ordered = np.sort(checked.values, axis=-1)
    base = np.clip(0.0, ordered[..., :1], ordered[..., -1:])
    terms = (ordered - base) * mu(n, checked_k(k, n))
    return (base[..., 0] + terms.sum(axis=-1))[()]
