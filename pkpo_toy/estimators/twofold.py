"""Error-free sums and products: the rounding error of one operation, as a float of its own."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def product_error(a: Floats, b: Floats, product: Floats) -> Floats:
    """a * b - product exactly, for product = fl(a * b) and factors below 2**996 (Dekker 1971)."""
    a_high, a_low = _halves(a)
    b_high, b_low = _halves(b)
    return a_low * b_low - (((product - a_high * b_high) - a_low * b_high) - a_high * b_low)


def difference_error(a: Floats, b: Floats, difference: Floats) -> Floats:
    """a - b - difference exactly, for difference = fl(a - b) (Knuth)."""
    back = difference - a
    return (a - (difference - back)) - (b + back)


def _halves(a: Floats) -> tuple[Floats, Floats]:
    wide = a * 134217729.0  # 2**27 + 1 splits 53 bits into 26 and 27
    high = wide - (wide - a)
    return high, a - high
