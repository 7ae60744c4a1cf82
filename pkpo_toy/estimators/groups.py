"""Group ids of a flat batch, numbered."""

from collections.abc import Hashable, Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pkpo_toy.errors import InputError


def group_codes(groups: Iterable[Hashable], size: int) -> tuple[NDArray[np.intp], Sequence[Any]]:
    """A number 0, 1, ... for each of `size` ids, and the ids in that order.

    Arrays of one simple dtype are numbered by sorting, everything else by hashing (a list of mixed
    ids made into an array would merge 1 and "1").

    Raises InputError for ids that cannot be hashed, a wrong number of them, or NaN.
    """
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


def _hashed(groups: Any) -> tuple[list[Hashable], NDArray[np.intp]]:
    numbers: dict[Hashable, int] = {}
    try:
        codes = [numbers.setdefault(name, len(numbers)) for name in groups]
    except TypeError as error:
        raise InputError(f"groups must be a sequence of hashable ids: {error}.") from None
    return list(numbers), np.array(codes, dtype=np.intp)
