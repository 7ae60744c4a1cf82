"""Sorted groups, the element weights mu_i, sums over the gaps of sorted rewards, and the way back.

With rewards sorted ascending, g_(1) <= ... <= g_(n), and gaps d_m = g_(m) - g_(m-1), every form of
the max@k gradient is a running sum of mu_m d_m or mu_{m-1} d_m. All terms are >= 0, so nothing
cancels, equal rewards (d_m = 0) get bitwise equal sums, and a shift of the rewards drops out.
"""

from functools import lru_cache, reduce
from itertools import pairwise
from math import isqrt
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pkpo_toy.typing import Array, Integers

Powers = NDArray[np.int32]

# A mu below 2**-STEP is kept multiplied by 2**STEP, one below 2**-(2 STEP) by 2**(2 STEP), so that
# a tiny mu times a huge gap keeps its digits. Below 2**-(3 STEP) even the largest gap gives 0.
_STEP = 1000
# Running sums longer than this are done in two levels: their error grows with sqrt(n), not n.
_PLAIN = 256
# From so many rows on, and up to so many numbers a row, the columns are kept together in memory: an
# operation on long columns beats one on short rows.
_MANY_ROWS = 256
_SHORT = 64
_COPIED = 1 << 12  # numbers at once, whose copy stays small
_LONG_COLUMN = 1024  # from so many numbers on, columns are added quicker than turned over
_STRETCH = 1 << 14  # coefficients at once, whose copy stays small
# The positions in a batch of short groups are kept up to this size (1 MB).
_KEPT = 1 << 17


class MuTable(NamedTuple):
    """mu_1..mu_n, with mu_i = stored[i-1] * 2**(-_STEP * number of cuts above i-1)."""

    stored: Array
    cuts: tuple[int, ...]


def running_product(fraction: Array, power: Powers) -> None:
    """Turn factors fraction * 2**power, fraction in [1/2, 1), into running products, in place.

    The factors are cut into about sqrt(n) blocks. Each block is multiplied up on its own, powers
    of 2 being added apart; the products of whole blocks are then multiplied up by this function
    itself, and each block is multiplied by the product of all blocks before it. A product thus has
    passed through about sqrt(n) roundings and not n, and no block of at most 1000 fractions >= 1/2
    can underflow.
    """
    size = fraction.size
    width = min(1000, isqrt(size)) if size > 16 else size
    whole = size - size % width
    blocks, block_powers = fraction[:whole].reshape(-1, width), power[:whole].reshape(-1, width)
    for part in (blocks, fraction[None, whole:]):
        np.multiply.accumulate(part, axis=1, out=part)
    for powers in (block_powers, power[None, whole:]):
        np.add.accumulate(powers, axis=1, out=powers)
    if size > width:  # what a block ends with is the product of its factors
        ends, end_powers = np.frexp(blocks[:, -1])
        end_powers += block_powers[:, -1]
        running_product(ends, end_powers)
        blocks[1:] *= ends[:-1, None]
        block_powers[1:] += end_powers[:-1, None]
        fraction[whole:] *= ends[-1]
        power[whole:] += end_powers[-1]
    power += np.frexp(fraction, out=(fraction, np.empty_like(power)))[1]


def _parts(n: int, k: int) -> tuple[Array, Powers]:
    """mu_1..mu_n as fraction * 2**power, whatever their size (mu_i = 0 for i < k).

    mu_n = k/n and mu_{i-1} = mu_i (i-k)/(i-1), a product of ratios from the top.
    """
    fraction, power = np.zeros(n), np.zeros(n, np.int32)
    down = fraction[k - 1 :][::-1]
    down[0] = k / n
    np.divide(np.arange(n - k, 0, -1.0), np.arange(n - 1, k - 1, -1.0), out=down[1:])
    factors, powers = np.frexp(down)
    running_product(factors, powers)
    down[:], power[k - 1 :][::-1] = factors, powers
    return fraction, power


@lru_cache(maxsize=16)
def mu_parts(n: int, k: int) -> tuple[Array, Powers]:
    """mu_1..mu_n as fraction * 2**power, (n,) each: for what does not fit the range of floats.

    1 <= k <= n. Both arrays are read-only. mu_i as in `mu_table`.
    """
    fraction, power = _parts(n, k)
    fraction.flags.writeable = power.flags.writeable = False
    return fraction, power


@lru_cache(maxsize=16)
def mu_table(n: int, k: int) -> MuTable:
    """mu_i = C(i-1, k-1) / C(n, k) for i = 1..n, read-only, with what underflows kept scaled."""
    stored, power = _parts(n, k)
    lifts = np.clip(-power // _STEP, 0, 3)  # mu_n = 1 at k = n has power 1
    power += _STEP * lifts
    np.ldexp(stored, power, out=stored)
    stored[lifts == 3] = 0.0
    stored.flags.writeable = False
    cuts = tuple(int(np.count_nonzero(lifts[k - 1 :] >= level)) for level in (1, 2))
    return MuTable(stored, tuple(k - 1 + cut for cut in cuts if cut))


def sort_groups(rewards: Array) -> tuple[Array, Integers]:
    """Groups (..., n) sorted ascending as (groups, n), and where each entry stood, flat.

    Of many short groups the columns lie together in memory: sum them by `row_sums`.
    """
    n: int = rewards.shape[-1]
    groups = np.ascontiguousarray(rewards, dtype=np.float64).reshape(-1, n)
    if _by_columns(*groups.shape):
        ordered, places = _sorted_columns(groups, _positions(groups))
        if (ordered[1:] < ordered[:-1]).any():  # rewards that differ in their last digits alone
            ordered, places = _sorted_columns(groups, np.argsort(groups, axis=-1))
        return ordered.T, places.T
    places = np.argsort(groups, axis=-1)
    places += np.arange(0, groups.size, n)[:, None]
    return groups.reshape(-1).take(places), places


def _by_columns(rows: int, width: int) -> bool:
    return rows >= _MANY_ROWS and width <= _SHORT


def _sorted_columns(groups: Array, positions: Integers) -> tuple[Array, Integers]:
    """The samples at these positions in their groups, and where they stand, flat; both (n, m)."""
    places = positions.T.copy()
    places += np.arange(0, groups.size, groups.shape[1])
    return groups.reshape(-1).take(places), places


def _positions(groups: Array) -> Integers:
    """The order of each of many short groups, but for rewards equal up to their last 6 bits.

    The bits of a float64, those below the sign turned over in negative numbers, are an integer in
    the order of the floats. The last bits of it give way to the position in the group, and numpy
    sorts such integers in half the time that it takes to sort positions by rewards.
    """
    bits = groups.view(np.int64)
    keys = bits >> 63
    keys &= np.iinfo(np.int64).max
    keys ^= bits
    room = (1 << (groups.shape[1] - 1).bit_length()) - 1
    keys &= ~room
    keys |= _numbered(*groups.shape) if groups.size <= _KEPT else np.arange(groups.shape[1])
    keys.sort(axis=-1)
    keys &= room
    return keys


@lru_cache(maxsize=4)
def _numbered(groups: int, n: int) -> Integers:
    """0..n-1 for each group, (groups, n), read-only: one long operation is faster than one short
    operation for each group."""
    numbers = np.tile(np.arange(n), (groups, 1))
    numbers.flags.writeable = False
    return numbers


def unsort(values: Array, places: Integers, shape: tuple[int, ...], out: Array) -> Array:
    """Put sorted values (groups, n) back where their rewards stood, in the shape of the rewards.

    places: from `sort_groups`; `out` (groups, n) is overwritten.
    """
    if not places.flags.c_contiguous:  # both turned over: which belongs to which stays the same
        places, values = places.T, values.T
    flat = out.ravel("K")
    flat[places] = values
    return flat.reshape(shape)


def row_sums(values: Array) -> Array:
    """The sum of each group, values (groups, n) -> (groups, 1); the same bits however they lie."""
    if values.strides[1] == values.itemsize:
        return np.asarray(values.sum(axis=1, keepdims=True))
    if len(values) >= _LONG_COLUMN:
        return _column_sums(values.T)[:, None]
    sums = np.empty((len(values), 1))
    rows = _COPIED // values.shape[1]
    for start in range(0, len(values), rows):
        part = np.ascontiguousarray(values[start : start + rows])
        part.sum(axis=1, keepdims=True, out=sums[start : start + rows])
    return sums


def _column_sums(columns: Array) -> Array:
    """The sum of all columns (n, m), added in the order in which numpy adds a row, (m,)."""
    turns = len(columns) - len(columns) % 8
    total = _sum_of_turns(columns[:turns], 0, 8) if turns else columns[0].copy()
    for column in columns[turns or 1 :]:
        total += column
    return total


def _sum_of_turns(columns: Array, first: int, count: int) -> Array:
    """Each of `count` takes every eighth column; their sums are added in pairs."""
    if count == 1:
        return reduce(np.add, columns[first::8])
    half = count // 2
    return _sum_of_turns(columns, first, half) + _sum_of_turns(columns, first + half, half)


def running_sums(terms: Array, n: int) -> Array:
    """Running sums (groups, n) of terms (groups, blocks * width), in place.

    In two levels when long. A zero term leaves the sum bitwise unchanged, across blocks too:
    a block starts from exactly the sum the previous one ended with.
    """
    if n <= _PLAIN:
        _accumulate(terms)
        return terms
    rows = terms.reshape(-1, _width(n))
    turn = _by_columns(*rows.shape)
    sums = rows.T.copy() if turn else rows.T
    _accumulate(sums.T)
    ends = sums[-1].reshape(len(terms), -1)
    before = np.zeros(ends.shape)
    np.add.accumulate(ends[:, :-1], axis=1, out=before[:, 1:])
    sums += before.ravel()
    if turn:
        rows[:] = sums.T
    return terms[:, :n]


def _accumulate(rows: Array) -> None:
    """Running sums along each row of (R, w), in place; the same bits whatever R is."""
    if _by_columns(*rows.shape):
        for before, here in pairwise(rows.T):
            np.add(before, here, out=here)
    else:
        np.add.accumulate(rows, axis=1, out=rows)


def term_buffer(groups: int, n: int) -> Array:
    """Uninitialised room for n terms per group, (groups, >= n), zeros behind for `running_sums`."""
    if _by_columns(groups, n):
        return np.empty((n, groups)).T
    width = _width(n)
    terms = np.empty((groups, -(-n // width) * width))
    terms[:, n:] = 0.0
    return terms


def _width(n: int) -> int:
    return n if n <= _PLAIN else isqrt(n - 1) + 1


def gaps(ordered: Array) -> Array:
    """d_1..d_n with d_1 = 0, from ordered rewards (groups, n), in a buffer for `running_sums`."""
    groups, n = ordered.shape
    terms = term_buffer(groups, n)
    if terms.flags.c_contiguous and terms.shape == ordered.shape and n > 1:
        # One long difference is faster than many short ones; the first of a row is overwritten.
        np.subtract(ordered.ravel()[1:], ordered.ravel()[:-1], out=terms.ravel()[1:])
    else:
        np.subtract(ordered[:, 1:], ordered[:, :-1], out=terms[:, 1:n])
    terms[:, 0] = 0.0
    return terms


def gap_sums(ordered: Array, k: int, *, lag: int, factor: float = 1.0) -> Array:
    """factor * sum_{m=2..i} mu_{m-lag} d_m, i = 1..n, from sorted rewards: ordered (groups, n).

    1 <= k <= n, lag 0 or 1; returns (groups, n).
    """
    n = ordered.shape[1]
    table = mu_table(n, k)
    terms = gaps(ordered)
    for start in range(0, n, _STRETCH):
        stop, first = min(start + _STRETCH, n), max(start, 1)  # d_1 = 0 needs no coefficient
        coefficients = np.zeros(stop - start)
        stored = table.stored[first - lag : stop - lag]
        np.multiply(stored, factor, out=coefficients[first - start :])
        terms[:, start:stop] *= coefficients
    for cut in table.cuts:
        terms[:, : cut + lag] *= 2.0**-_STEP
    return running_sums(terms, n)


def tail_terms(ordered: Array) -> Array:
    """d_m / (n-m+1), m = 1..n, with d_1 = 0, from sorted rewards: ordered (groups, n).

    Returns a buffer as `gaps` does, to be summed by `running_sums`.
    """
    n = ordered.shape[1]
    terms = gaps(ordered)
    terms[:, :n] /= np.arange(n, 0, -1)
    return terms


def mu(n: int, k: int) -> Array:
    """mu_1..mu_n in the range of floats, (n,), unchecked; see `objectives.element_weights`."""
    weights: Array = np.ldexp(*mu_parts(n, k))
    return weights
