"""Executing the cells of a results folder: valid ones are reused, the others run and stored."""

import json
import sys
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from importlib import import_module
from itertools import chain, islice
from pathlib import Path
from typing import Any

from pkpo_toy.files import make_folder, remove_file, write_file
from pkpo_toy.runs.blas import one_blas_thread
from pkpo_toy.runs.cells import Cell
from pkpo_toy.runs.compute import Facts, Failure, Function, Result, Workforce, compute
from pkpo_toy.runs.errors import Corrupt, Interrupted
from pkpo_toy.runs.failures import FAILURES
from pkpo_toy.runs.lock import Lock
from pkpo_toy.runs.manifest import (
    MANIFEST,
    Manifest,
    new_manifest,
    now,
    read_manifest,
    same_run,
    write_manifest,
)
from pkpo_toy.runs.ownership import check_ours, remove_results
from pkpo_toy.runs.signals import Signals
from pkpo_toy.runs.store import Store
from pkpo_toy.runs.summary import SUMMARY, Summarize, summary_state, write_summary


@dataclass(frozen=True)
class Event:
    """What happened to a cell: kind is "reused", "done", "failed" or "corrupt".

    `done` of `total` cells are finished (reused ones too); `text` is a sentence where one is due.
    """

    kind: str
    key: str
    done: int
    total: int
    text: str = ""


Progress = Callable[[Event], None]
Results = Generator[tuple[Cell, Result]]


@dataclass(frozen=True)
class Outcome:
    """How an execution ended: total = ran + reused + cells that failed before their summary."""

    folder: Path
    total: int
    ran: int
    reused: int
    failed: tuple[Failure, ...]
    corrupt: tuple[Path, ...]


def execute(
    cells: Sequence[Cell],
    function: Function,
    folder: Path,
    *,
    summarize: Summarize | None = None,
    description: Mapping[str, Any] | None = None,
    jobs: int = 1,
    retries: int = 2,
    fresh: bool = False,
    cluster: str | None = None,
    facts: Facts | None = None,
    progress: Progress | None = None,
) -> Outcome:
    """Bring a results folder up to date: its cells, summary.csv, failures.jsonl, manifest.json.

    `function` is a top-level function spec -> frame; `summarize` a function (spec, frame) -> frame
    whose rows make up summary.csv. Finished valid cells are not run again unless `fresh`, which
    first removes what runs made in the folder; one with files that no run made is refused. jobs = 1
    runs in this process; more are spawned; `cluster` is the address of a dask scheduler or "local",
    whose workers must answer the top-level function `facts` (versions of code, say) as this process
    does. The bytes written do not depend on any of this. `description` goes into the manifest.
    Raises InputError, Busy, DiskError, Interrupted, WorkersFailed.
    """
    if cluster is not None:
        # Refuses without dask, or a scheduler, before anything is written.
        import_module("pkpo_toy.runs.cluster").check_answers(cluster)
    workforce = Workforce(jobs, retries, cluster, facts)
    check_ours(folder)
    run = _Run(cells, Store(folder), Signals(), progress, description or {})
    with run.signals, Lock(folder):
        try:
            if fresh:
                make_folder(
                    folder
                )  # fails, before anything is removed, where nothing can be written
                remove_results(folder)
            run.look()
            with run.store, one_blas_thread():
                with closing(_results(run.pending(), function, workforce)) as results:
                    run.collect(results)
                return run.finish(summarize)
        except Interrupted as stop:
            stop.done, stop.total, stop.folder = run.done, len(cells), folder
            raise


def _results(pending: Iterator[Cell], function: Function, workforce: Workforce) -> Results:
    # Imported where used: a run in this process waits neither for process pools nor for dask.
    if workforce.jobs == 1 and workforce.cluster is None:
        return _in_this_process(pending, function, workforce.retries)
    first = list(islice(pending, min(workforce.jobs, sys.maxsize)))
    if not first:
        return _in_this_process(iter(()), function, workforce.retries)
    # No more workers than there are cells to compute.
    workforce = replace(workforce, jobs=len(first))
    pending = chain(first, pending)
    if workforce.cluster is not None:
        from pkpo_toy.runs.cluster import in_cluster

        return in_cluster(pending, function, workforce)
    from pkpo_toy.runs.processes import in_processes

    return in_processes(pending, function, workforce.jobs, workforce.retries)


def _in_this_process(pending: Iterator[Cell], function: Function, retries: int) -> Results:
    for cell in pending:
        yield cell, compute(function, cell, retries)


@dataclass
class _Run:
    """One execution: the cells, what the last run left, and what has become of each cell so far."""

    cells: Sequence[Cell]
    store: Store
    signals: Signals
    progress: Progress | None
    description: Mapping[str, Any]
    before: Manifest = field(default_factory=dict)
    started: str | None = None
    ran: int = 0
    reused: int = 0
    failed: dict[str, Failure] = field(default_factory=dict)
    corrupt: list[Path] = field(default_factory=list)

    @property
    def done(self) -> int:
        """How many cells have results."""
        return self.ran + self.reused

    def tell(self, kind: str, key: str, text: str = "") -> None:
        """Tell the caller what happened to a cell."""
        if self.progress is not None:
            self.progress(Event(kind, key, self.done, len(self.cells), text))

    def pending(self) -> Iterator[Cell]:
        """The cells to run, found one by one as the workers ask for them."""
        for cell in self.cells:
            state = self.store.check(cell.key)
            if state == "valid":
                self.reused += 1
                self.tell("reused", cell.key)
                continue
            if state == "corrupt":
                aside = self.store.set_aside(cell.key)
                self.corrupt.append(aside)
                self.tell(
                    "corrupt",
                    cell.key,
                    f"checksum failed, set aside as {aside}; computing it again",
                )
            if self.started is None:
                manifest = self._manifest()
                self.started = manifest["times"]["started"]
                write_manifest(self.store.folder, manifest)
            yield cell

    def _manifest(self) -> Manifest:
        return new_manifest(self.description, [cell.key for cell in self.cells])

    def collect(self, results: Results) -> None:
        """Store the results as they come."""
        for cell, result in results:
            self.signals.check()
            with self.signals.shield():
                self._keep(cell, result)

    def _keep(self, cell: Cell, result: Result) -> None:
        if isinstance(result, Failure):
            self._fail(result)
        else:
            self.store.write(cell.key, result)
            self.ran += 1
            self.tell("done", cell.key)

    def _fail(self, failure: Failure) -> None:
        self.failed[failure.key] = failure
        self.tell("failed", failure.key, f"{failure.exception} (attempts: {failure.attempts})")

    def finish(self, summarize: Summarize | None) -> Outcome:
        """Sort the checksums; write summary, failures and manifest where they have changed."""
        folder, store = self.store.folder, self.store
        store.finish()
        stored = [cell for cell in self.cells if cell.key not in self.failed]
        summary = summary_state(store, stored)
        if summarize is not None and not self._is_current(summary):
            for failure in write_summary(store, stored, summarize):
                self._fail(failure)
            summary = summary_state(store, stored)
        self._write_failures()
        self._write_manifest(summary if summarize is not None else None)
        total = len(self.cells)
        failed = tuple(self._failures())
        return Outcome(folder, total, self.ran, self.reused, failed, tuple(self.corrupt))

    def look(self) -> None:
        """Read what the last run left. A damaged manifest is reported, and written again."""
        try:
            self.before = read_manifest(self.store.folder) or {}
        except Corrupt as error:
            self.tell("corrupt", MANIFEST, str(error))

    def _is_current(self, summary: dict[str, str]) -> bool:
        """Whether summary.csv was made from the cells as they are stored, with no cell failing."""
        before = self.before.get("summary") or {}
        if before.get("inputs") == summary["inputs"] and before != summary:
            self.tell("corrupt", SUMMARY, "checksum failed; writing it again")
        return self.started is None and before == summary and self.before["failed"] == []

    def _failures(self) -> list[Failure]:
        order = dict.fromkeys(cell.key for cell in self.cells if cell.key in self.failed)
        return [self.failed[key] for key in order]

    def _write_failures(self) -> None:
        path = self.store.folder / FAILURES
        if self.failed:
            lines = (json.dumps(failure.record()) + "\n" for failure in self._failures())
            write_file(path, "".join(lines).encode())
        else:
            remove_file(path)

    def _write_manifest(self, summary: dict[str, str] | None) -> None:
        manifest = self._manifest()
        manifest["summary"] = summary
        manifest["failed"] = [failure.key for failure in self._failures()]
        manifest["times"]["started"] = self.started or manifest["times"]["started"]
        manifest["times"]["finished"] = now()
        if self.started is not None or not same_run(self.before, manifest):
            write_manifest(self.store.folder, manifest)
