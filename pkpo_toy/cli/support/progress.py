"""A bar on stderr for what takes longer than a second; silent where stderr is not a terminal."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Self

from pkpo_toy.errors import one_sentence

if TYPE_CHECKING:
    from rich.progress import Progress

    from pkpo_toy.runs import Event

PATIENCE = 1.0  # seconds without a bar


class Bar:
    """How much is done of how much, what else there is to say, time to go."""

    def __init__(self, title: str, *, quiet: bool = False):
        self.title = title
        self.quiet = quiet
        self._bar: Progress | None = None
        self._state: dict[str, Any] = {"completed": 0, "total": None, "note": ""}
        # A first step may be long: the bar appears without one.
        self._timer = threading.Timer(PATIENCE, self._appear)
        self._timer.daemon = True

    def __enter__(self) -> Self:
        if not self.quiet and sys.stderr.isatty():
            self._timer.start()
        return self

    def __exit__(self, *raised: object) -> None:
        self._timer.cancel()
        if self._timer.ident is not None:
            self._timer.join()
        if self._bar is not None:
            self._bar.stop()

    def show(self, done: int, total: int, note: str = "") -> None:
        """Move the bar; before the first second is over, and on no terminal, nothing is drawn."""
        self._state = {"completed": done, "total": total, "note": note}
        if self._bar is not None:
            self._bar.update(self._bar.task_ids[0], description=self.title, **self._state)

    def say(self, text: str) -> None:
        """A line above the bar, as short as a message."""
        if self.quiet:
            return
        text = one_sentence(text)
        if self._bar is not None:
            self._bar.console.print(text, markup=False, highlight=False)
        else:
            print(text, file=sys.stderr)

    def _appear(self) -> None:
        bar = _new_bar()
        bar.add_task(self.title, **self._state)
        bar.start()
        self._bar = bar


class CellBar(Bar):
    """Follows the cells of a study: done, running, failed, left, time to go."""

    def __init__(self, title: str, *, cells: int, jobs: int, quiet: bool):
        super().__init__(title, quiet=quiet)
        self.jobs = jobs
        self.failed = 0
        self._show_cells(0, cells)

    def __call__(self, event: Event) -> None:
        self.failed += event.kind == "failed"
        if event.text:
            what = event.key if "." in event.key else f"cell {event.key}"
            self.say(f"{self.title}: {what} {event.kind}: {event.text}")
        self._show_cells(event.done, event.total)

    def _show_cells(self, done: int, total: int) -> None:
        left = total - done - self.failed
        counts = {"running": min(self.jobs, left), "left": left, "failed": self.failed}
        self.show(done, total, ", ".join(f"{n} {name}" for name, n in counts.items() if n))


class AuditBar(Bar):
    """Follows the enumeration of outcomes, estimator by estimator."""

    def __call__(self, name: str, done: int, total: int) -> None:
        self.title = name
        self.show(done, total)


@contextmanager
def working(title: str, *, quiet: bool = False) -> Iterator[None]:
    """A sign of life on the terminal while something that cannot be counted takes its time."""
    if quiet or not sys.stderr.isatty():
        yield
        return
    from rich.progress import SpinnerColumn, TextColumn

    sign = _on_stderr(SpinnerColumn(style="status.spinner"), TextColumn("{task.description}"))
    sign.add_task(title)
    timer = threading.Timer(PATIENCE, sign.start)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()
        sign.stop()


def _new_bar() -> Progress:
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn

    return _on_stderr(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[note]}"),
        TimeRemainingColumn(),
    )


def _on_stderr(*columns: Any) -> Progress:
    from rich.console import Console
    from rich.progress import Progress

    # It begins at any moment, also while a user's function has stdout lead to stderr; Rich would
    # put that back for good when the bar has gone.
    console = Console(stderr=True)
    return Progress(*columns, console=console, transient=True, redirect_stdout=False)
