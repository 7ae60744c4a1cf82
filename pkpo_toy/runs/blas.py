"""One BLAS thread: with more, sums are split differently and the last bits of a product change."""

import ctypes
import importlib.util
from collections.abc import Iterator
from contextlib import contextmanager

# Read by BLAS and OpenMP when they load: to be in a worker's environment before it starts.
ONE_THREAD = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "BLIS_NUM_THREADS": "1",
    "VECLIB_MAXIMUM_THREADS": "1",
}

_SETTERS = {
    "scipy_openblas_set_num_threads64_": "scipy_openblas_get_num_threads64_",
    "scipy_openblas_set_num_threads": "scipy_openblas_get_num_threads",
    "openblas_set_num_threads64_": "openblas_get_num_threads64_",
    "openblas_set_num_threads": "openblas_get_num_threads",
    "MKL_Set_Num_Threads": "MKL_Get_Max_Threads",
}


def set_blas_threads(count: int) -> int | None:
    """Set the thread count of the BLAS that numpy has loaded; the count before, None if unknown."""
    module = importlib.util.find_spec("numpy._core._multiarray_umath")
    if module is None or module.origin is None:
        return None
    library = ctypes.CDLL(module.origin)  # finds the symbols of the BLAS it is linked to as well
    for setter, getter in _SETTERS.items():
        if hasattr(library, setter):
            before = int(getattr(library, getter)())
            getattr(library, setter)(ctypes.c_int(count))
            return before
    return None


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """One BLAS thread in this process for a while."""
    before = set_blas_threads(1)
    try:
        yield
    finally:
        if before is not None:
            set_blas_threads(before)
