"""The array types of every signature, and the one type of a weight function."""

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]
Integers = NDArray[np.integer]
Flags = NDArray[np.bool_]

WeightFunction = Callable[[Array, int], Array]
"""rewards (..., n), k -> weights (..., n), each leading index a group of its own."""

__all__ = ["Array", "ArrayLike", "Flags", "Integers", "WeightFunction"]
