"""A bar on stderr while cells run; silent where stderr is not a terminal, and for quick work."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from rich.progress import Progress

    from pkpo_toy.runs import Event

PATIENCE = 1.0  # seconds without a bar


class CellProgress:
    """Follows the cells of a study: done, running out of total, failed, time to go."""

    def __init__(self, title: str, *, quiet: bool):
        self.title = title
        self.quiet = quiet
        self.failed = 0
        self._started = time.monotonic()
        self._bar: Progress | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def __call__(self, event: Event) -> None:
        self.failed += event.kind == "failed"
        if event.text and not self.quiet:
            self._say(f"{self.title}: cell {event.key} {event.kind}: {event.text}")
        if self._bar is None and self._is_due():
            self._bar = _new_bar()
            self._bar.start()
            self._bar.add_task(self.title)
        if self._bar is not None:
            failed = f"{self.failed} failed" if self.failed else ""
            self._bar.update(
                self._bar.task_ids[0], completed=event.done, total=event.total, failed=failed
            )

    def _is_due(self) -> bool:
        late = time.monotonic() - self._started > PATIENCE
        return late and not self.quiet and sys.stderr.isatty()

    def _say(self, text: str) -> None:
        if self._bar is not None:
            self._bar.console.print(text, markup=False, highlight=False)
        else:
            print(text, file=sys.stderr)


def _new_bar() -> Progress:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[failed]}", style="red"),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    )
