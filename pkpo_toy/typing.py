"""The array types of the simulator's signatures."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]
Integers = NDArray[np.intp]
Flags = NDArray[np.bool_]

__all__ = ["Array", "ArrayLike", "Flags", "Integers"]
