"""Cells on the workers of a dask.distributed scheduler, an existing one or one started here."""

import importlib
import logging
import os
import signal
from collections.abc import Generator, Iterator
from contextlib import contextmanager, nullcontext, suppress
from itertools import islice
from typing import Any

from pkpo_toy.errors import InputError
from pkpo_toy.extras import install_command
from pkpo_toy.runs.blas import one_blas_thread
from pkpo_toy.runs.cells import Cell
from pkpo_toy.runs.compute import Facts, Function, Result, Workforce, compute, failure, lost
from pkpo_toy.runs.errors import WorkersFailed

try:
    distributed: Any = importlib.import_module("distributed")
    # Its event loop would log every connection that an interruption has cut.
    logging.getLogger("tornado.application").setLevel(logging.CRITICAL + 1)
except ImportError as missing:
    raise InputError(f"running on a cluster needs dask: {install_command('cluster')}") from missing

IN_FLIGHT = 2  # cells handed out per worker thread
CONNECT_SECONDS = 10
WORKER_SECONDS = 60


def in_cluster(
    pending: Iterator[Cell], function: Function, workforce: Workforce
) -> Generator[tuple[Cell, Result]]:
    """Compute cells on a cluster; results come as they are ready, files are written here.

    `workforce.cluster` is tcp://host:port, or "local" for `jobs` workers started and ended here;
    `facts` is called here and on every worker, and must give the same answers. Dask counts the
    death of a worker against every cell that the worker held. So a cell that Dask gives up for this
    reason is run once more, alone, before it counts as lost.
    Raises InputError for no dask or a scheduler that does not answer, and WorkersFailed.
    """
    suspects: list[Cell] = []
    with _client(workforce) as client:
        _check_workers(client, workforce.facts or dict)
        room = IN_FLIGHT * sum(client.nthreads().values())
        for cell, result in _submitted(client, pending, function, workforce.retries, room):
            if result is None:
                suspects.append(cell)
            else:
                yield cell, result
        for cell, result in _submitted(client, iter(suspects), function, workforce.retries, 1):
            yield cell, result or lost(cell, 2, "killed on every dask worker that tried")


def _submitted(
    client: Any, pending: Iterator[Cell], function: Function, retries: int, room: int
) -> Generator[tuple[Cell, Result | None]]:
    """The results of cells, at most `room` in work at a time; None for one whose workers died."""
    cells: dict[Any, Cell] = {}
    completed = distributed.as_completed(
        [], loop=client.loop, with_results=True, raise_errors=False
    )
    while True:
        for cell in islice(pending, room - len(cells)):
            future = client.submit(_pinned, function, cell, retries, retries=retries, pure=False)
            cells[future] = cell
            completed.add(future)
        if not cells:
            return
        future, outcome = next(completed)
        cell = cells.pop(future)
        yield cell, _result(cell, future.status, outcome)


def _result(cell: Cell, status: str, outcome: Any) -> Result | None:
    if status == "finished":
        result: Result = outcome
        return result
    if status == "error":
        error: BaseException = outcome[1]
        return None if isinstance(error, distributed.KilledWorker) else failure(cell, 1, error)
    raise WorkersFailed(f"the dask scheduler has gone: a cell in work was reported {status}")


def _pinned(function: Function, cell: Cell, retries: int) -> Result:
    # The worker may have been started with BLAS on all cores.
    one_blas_thread()
    return compute(function, cell, retries)


def _check_workers(client: Any, facts: Facts) -> None:
    try:
        client.wait_for_workers(1, timeout=WORKER_SECONDS)
        found = client.run(facts)
    except Exception as error:
        raise WorkersFailed(f"the dask workers cannot run this package: {error}") from error
    expected = facts()
    for worker, given in found.items():
        different = [name for name, value in expected.items() if given.get(name) != value]
        if different:
            raise WorkersFailed(
                f"dask worker {worker} has another version of {', '.join(different)}"
            )


def check_answers(address: str) -> None:
    """Raises InputError where no scheduler answers at an address; "local" is one of our own."""
    if address != "local":
        with _connected(address, address):
            pass


@contextmanager
def _client(workforce: Workforce) -> Iterator[Any]:
    address = workforce.cluster
    with (
        _local_cluster(workforce.jobs) if address == "local" else nullcontext(address) as scheduler,
        _connected(scheduler, address) as client,
    ):
        yield client


@contextmanager
def _connected(scheduler: Any, address: str | None) -> Iterator[Any]:
    try:
        client = distributed.Client(scheduler, timeout=CONNECT_SECONDS)
    except Exception as error:  # what an address can be wrong in has many names
        raise InputError(f"no dask scheduler answers at cluster = {address!r:.100}.") from error
    try:
        yield client
    finally:
        with suppress(TimeoutError):
            client.close(timeout=1)


@contextmanager
def _local_cluster(jobs: int) -> Iterator[Any]:
    cluster = distributed.LocalCluster(
        n_workers=jobs,
        threads_per_worker=1,
        processes=True,
        dashboard_address="127.0.0.1:0",
        silence_logs=logging.CRITICAL,
    )
    try:
        yield cluster
    finally:
        _hush()
        _kill_workers(cluster)
        with suppress(TimeoutError):
            cluster.close(timeout=2)


def _hush() -> None:
    # Workers killed on purpose break connections. Dask may log these with tracebacks, after its own
    # `silence_logs` has ended and from threads that outlive the cluster.
    for name in list(logging.root.manager.loggerDict):
        if name.partition(".")[0] == "distributed":
            logging.getLogger(name).setLevel(logging.CRITICAL + 1)


def _kill_workers(cluster: Any) -> None:
    # Closing would wait for the cells in work, and only an interrupted run has any.
    for nanny in cluster.workers.values():
        nanny.auto_restart = False
        if nanny.pid is not None:
            with suppress(ProcessLookupError):
                os.kill(nanny.pid, getattr(signal, "SIGKILL", signal.SIGTERM))
