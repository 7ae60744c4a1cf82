"""Groups of a flat batch: their ids numbered, their members gathered by size."""

from collections.abc import Hashable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from pkpo_toy.errors import InputError
from pkpo_toy.typing import Integers


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
