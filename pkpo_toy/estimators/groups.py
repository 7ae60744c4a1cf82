"""Groups of a flat batch: their ids numbered, members gathered by size, k of those too small."""

from collections.abc import Hashable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from pkpo_toy.checks import is_integer
from pkpo_toy.errors import InputError, unknown
from pkpo_toy.estimators.estimator import Estimator
from pkpo_toy.estimators.validate import checked_k
from pkpo_toy.typing import Integers

WHEN_SHORT = ("error", "clamp", "zero")
"""What may happen with groups that are too small for k; see `grouped_weights`."""


def group_codes(groups: Iterable[Hashable], size: int) -> tuple[Integers, Sequence[Any]]:
    """A number 0, 1, ... for each of `size` ids, and the ids in that order.

    Arrays of one simple dtype are numbered by sorting, everything else by hashing (a list of mixed
    ids made into an array would merge 1 and "1").

    Raises InputError for ids that cannot be hashed, a wrong number of them, or NaN.
    """
    codes: Integers
    if isinstance(groups, np.ndarray) and groups.ndim == 1 and groups.dtype.kind in "biufSUmM":
        unique, codes = np.unique(groups, return_inverse=True)
        names: Sequence[Any] = unique.tolist()
    else:
        names, codes = _hashed(groups)
    if codes.shape != (size,):
        raise InputError(f"groups must hold one id for each of {size} rewards, got {codes.size}.")
    if any(name != name for name in names):  # noqa: PLR0124
        raise InputError("groups must not contain NaN: it is no group's id.")
    return codes, names


def by_size(codes: Integers) -> Iterator[Integers]:
    """The groups with n members, smallest n first: where their samples stand, (m, n).

    codes (N,): the number 0, 1, ... of each sample's group. Members keep their order in the batch.
    """
    order, counts = np.argsort(codes, kind="stable"), np.bincount(codes)
    starts = np.cumsum(counts) - counts
    for n in np.unique(counts).tolist():
        yield order[starts[counts == n][:, None] + np.arange(n)]


def _hashed(groups: Any) -> tuple[list[Hashable], Integers]:
    numbers: dict[Hashable, int] = {}
    try:
        codes = [numbers.setdefault(name, len(numbers)) for name in groups]
    except TypeError as error:
        raise InputError(f"groups must be a sequence of hashable ids: {error}.") from None
    return list(numbers), np.array(codes, dtype=np.intp)


def k_of_group(row: Estimator, n: int, k: Any, when_short: str) -> int | None:
    """The k for a group of n samples; None where its weights are to be 0.

    Too small for k is a group where `row` is not defined, though in larger ones it is.

    Raises InputError for k outside the domain of every group, or of this one with "error".
    """
    if when_short not in WHEN_SHORT:
        raise unknown("when_short", when_short, WHEN_SHORT)
    if when_short == "error" or not is_integer(k) or k < 1 or not _too_small(row, n, k):
        return checked_k(k, n)
    if when_short == "zero":
        return None
    return next((j for j in range(min(k, n), 0, -1) if row.allows(n, j)), None)


def _too_small(row: Estimator, n: int, k: int) -> bool:
    if row.allows(n, k):
        return False
    # Domains ask for n above k or for a multiple of k; there is one within 2k of any n >= k.
    return any(row.allows(size, k) for size in range(max(n, k), max(n, k) + 2 * k + 1))
