"""Computing one cell, in this process or in a worker: the CSV of its frame, or what went wrong."""

import traceback
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from pkpo_toy.checks import check_count
from pkpo_toy.errors import InputError
from pkpo_toy.runs.cells import Cell, Spec
from pkpo_toy.runs.tables import csv_bytes

if TYPE_CHECKING:
    import pandas as pd

Function = Callable[[Spec], "pd.DataFrame"]
Facts = Callable[[], dict[str, str]]  # what must be the same wherever cells are computed


@dataclass(frozen=True)
class Failure:
    """A cell that could not be computed, as a line of failures.jsonl."""

    key: str
    spec: Spec
    attempts: int
    exception: str
    traceback: str

    def record(self) -> dict[str, Any]:
        """The line as a dictionary."""
        return asdict(self)


@dataclass(frozen=True)
class Workforce:
    """Who computes cells: `jobs` workers here, or those of a dask scheduler.

    A cell that fails is tried 1 + `retries` times at most.
    """

    jobs: int = 1
    retries: int = 2
    cluster: str | None = None
    facts: Facts | None = None

    def __post_init__(self) -> None:
        check_count("jobs", self.jobs)
        check_count("retries", self.retries, least=0)


Result = bytes | Failure  # the CSV of a cell, or why there is none


def compute(function: Function, cell: Cell, retries: int) -> Result:
    """The cell's CSV, after at most 1 + retries calls.

    An InputError is not retried: the same input is wrong again. Failures come back as text, so
    that they cross any process boundary and read the same wherever the cell ran.
    """
    import pandas as pd

    for attempts in range(1, retries + 2):
        try:
            frame = function(cell.spec)
            if not isinstance(frame, pd.DataFrame):
                raise TypeError(f"a cell must return a DataFrame, got {type(frame).__name__}")
            return csv_bytes(frame)
        except (Exception, SystemExit) as error:
            if isinstance(error, InputError) or attempts > retries:
                return failure(cell, attempts, error)
    raise AssertionError("retries must not be negative")


def failure(cell: Cell, attempts: int, error: BaseException) -> Failure:
    """The record of a cell that was given up after that many attempts."""
    text = "".join(traceback.format_exception(error))
    return Failure(cell.key, cell.spec, attempts, f"{type(error).__name__}: {error}", text)


def lost(cell: Cell, attempts: int, ending: str) -> Failure:
    """The record of a cell whose worker died in every attempt; there is no traceback then."""
    text = f"WorkerDied: the worker was {ending} (memory is the usual reason)"
    return Failure(cell.key, cell.spec, attempts, text, "")
