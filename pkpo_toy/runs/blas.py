"""One BLAS thread: with more, sums are split differently and the last bits of a product change."""

from threadpoolctl import threadpool_limits

# BLAS and OpenMP read these when they are loaded: a worker must have them when it starts.
ONE_THREAD = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "BLIS_NUM_THREADS": "1",
    "VECLIB_MAXIMUM_THREADS": "1",
}


def one_blas_thread() -> threadpool_limits:
    """One BLAS thread in this process from now on; as a context manager, until its end."""
    return threadpool_limits(1, user_api="blas")
