"""Cells in worker processes of this machine; a cell that kills its worker is identified."""

import os
import pickle
import signal
from collections.abc import Generator, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from itertools import islice

from pkpo_toy.errors import InputError
from pkpo_toy.runs.cells import Cell
from pkpo_toy.runs.compute import Function, Result, compute, lost
from pkpo_toy.runs.errors import WorkersFailed
from pkpo_toy.runs.workers import Workers, prepare

STARTS = 3  # how often a pool is started whose workers end before they work
IN_FLIGHT = 2  # cells handed out per worker: one in work, one to go on with


@dataclass(eq=False)
class _Crew:
    """A pool whose processes have started. `whole`: none of them has died."""

    pool: ProcessPoolExecutor
    workers: Workers
    jobs: int
    know_script: bool
    whole: bool = True

    def end(self) -> None:
        """End its processes at once, whatever they are doing."""
        self.workers.kill()
        self.pool.shutdown(cancel_futures=True)


_waiting: ContextVar[list[_Crew] | None] = ContextVar("waiting crews", default=None)
"""The crews kept for the next study; None outside `workers_kept`, where there is no next one."""


@contextmanager
def workers_kept() -> Iterator[None]:
    """In this block workers are kept for the next study, because starting one takes a second."""
    crews: list[_Crew] = []
    before = _waiting.set(crews)
    try:
        yield
    finally:
        _waiting.reset(before)
        for crew in crews:
            crew.end()


def in_processes(
    pending: Iterator[Cell], function: Function, jobs: int, retries: int
) -> Generator[tuple[Cell, Result]]:
    """Compute cells in `jobs` spawned workers; results come as they are ready.

    When a worker dies, the pool cannot tell which cell it was computing. So every cell in flight is
    run again, one at a time in a pool of its own; after that the others go on in a new pool.
    Raises WorkersFailed, and InputError for a function that cannot be sent to a worker.
    """
    _check_picklable(function)
    while True:
        suspects, _ = yield from _together(pending, function, retries, jobs, IN_FLIGHT * jobs)
        if not suspects:
            return
        yield from _one_by_one(suspects, function, retries)


def _check_picklable(function: Function) -> None:
    try:
        pickle.dumps(function)
    except (pickle.PicklingError, AttributeError, TypeError) as error:
        raise InputError(f"function must be importable by workers, got {function}") from error


def _together(
    pending: Iterator[Cell], function: Function, retries: int, jobs: int, room: int
) -> Generator[tuple[Cell, Result], None, tuple[list[Cell], str]]:
    """Run until nothing is pending or the pool breaks: returns the cells in flight, and why."""
    in_flight: dict[str, Cell] = {}
    futures: dict[Future[Result], Cell] = {}
    with _crew(jobs, function) as crew:
        try:
            while True:
                for cell in islice(pending, room - len(futures)):
                    in_flight[cell.key] = cell
                    futures[crew.pool.submit(compute, function, cell, retries)] = cell
                if not futures:
                    return [], ""
                ready = wait(futures, return_when=FIRST_COMPLETED).done
                # Results that were finished when the pool broke come first, so that they are kept.
                for future in sorted(ready, key=lambda each: each.exception() is not None):
                    cell, result = futures.pop(future), future.result()
                    del in_flight[cell.key]
                    yield cell, result
        except BrokenProcessPool:
            crew.whole = False
            crew.pool.shutdown()
            return list(in_flight.values()), _ending(crew.workers.started[0].exitcode)


def _one_by_one(
    suspects: list[Cell], function: Function, retries: int
) -> Generator[tuple[Cell, Result]]:
    """Run these cells one at a time, so that each death has one cause; each has had one before."""
    deaths = dict.fromkeys((cell.key for cell in suspects), 1)
    waiting = list(suspects)
    while waiting:
        dead, ending = yield from _together(_drain(waiting), function, retries, 1, 1)
        for cell in dead:
            deaths[cell.key] += 1
            if deaths[cell.key] > max(1, retries):
                yield cell, lost(cell, deaths[cell.key], ending)
            else:
                waiting.append(cell)


def _drain(cells: list[Cell]) -> Iterator[Cell]:
    while cells:
        yield cells.pop(0)


def _ending(exitcode: int | None) -> str:
    if exitcode is not None and exitcode < 0:
        return f"killed by {signal.Signals(-exitcode).name}"
    return f"ended with exit code {exitcode}"


@contextmanager
def _crew(jobs: int, function: Function) -> Iterator[_Crew]:
    """A crew for the block; when it ends, the crew is kept for the next study, or ended."""
    crew = _taken(jobs, know_script=function.__module__ == "__main__")
    waiting, kept = _waiting.get(), False
    try:
        yield crew
        if crew.whole and waiting is not None:
            waiting.append(crew)
            kept = True
        else:
            crew.pool.shutdown()  # idle workers end by themselves, and their libraries clean up
    finally:
        if not kept:
            crew.end()


def _taken(jobs: int, *, know_script: bool) -> _Crew:
    """A crew that was kept, if one is large enough, or a new one."""
    waiting = _waiting.get()
    while waiting:
        crew = waiting.pop()
        if crew.jobs >= jobs and crew.know_script == know_script:
            return crew
        crew.end()
    return _new(jobs, know_script=know_script)


def _new(jobs: int, *, know_script: bool) -> _Crew:
    # The pool must show that it can start a process before it is given a cell: on a machine that
    # starts none, the failure would be blamed on every cell in turn. A worker may be killed while
    # it starts, so one failed start is no reason to give up.
    for _ in range(STARTS):
        workers = Workers(know_script=know_script)
        pool = ProcessPoolExecutor(jobs, mp_context=workers, initializer=prepare)
        crew = _Crew(pool, workers, jobs, know_script)
        try:
            greetings = [pool.submit(os.getpid) for _ in range(jobs)]
            greetings[0].result()
            return crew
        except BaseException as error:
            crew.end()
            if not isinstance(error, BrokenProcessPool):
                raise
    raise WorkersFailed("worker processes cannot start")
