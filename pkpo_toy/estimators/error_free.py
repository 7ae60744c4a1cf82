"""Error-free sums and products: the rounding error of one operation, as a float of its own."""

import numpy as np

from pkpo_toy.typing import Array


def product_error(a: Array, b: Array) -> Array:
    """a * b - fl(a * b), exact where fl(a * b) is a normal float (Dekker 1971)."""
    (a, a_power), (b, b_power) = np.frexp(a), np.frexp(b)
    product = a * b
    a_high, a_low = _halves(a)
    b_high, b_low = _halves(b)
    error = a_low * b_low - (((product - a_high * b_high) - a_low * b_high) - a_high * b_low)
    scaled: Array = np.ldexp(error, a_power + b_power)
    return scaled


def difference_error(a: Array, b: Array, difference: Array) -> Array:
    """a - b - difference, exact for difference = fl(a - b) (Knuth)."""
    back = difference - a
    return (a - (difference - back)) - (b + back)


def _halves(a: Array) -> tuple[Array, Array]:
    wide = a * 134217729.0  # 2**27 + 1 splits 53 bits into 26 and 27
    high = wide - (wide - a)
    return high, a - high
