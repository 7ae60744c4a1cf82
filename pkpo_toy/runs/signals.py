"""SIGINT and SIGTERM as one exception, raised at once but never in the middle of a write."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType, TracebackType
from typing import Any, Self

from pkpo_toy.runs.errors import Interrupted

STOPPING = (signal.SIGINT, signal.SIGTERM)


class Signals:
    """While in use as a context manager, the first SIGINT or SIGTERM raises Interrupted.

    Later ones are ignored, so that a second Ctrl-C cannot break the tidying up. Outside the main
    thread nothing is installed (Python forbids it); a signal that was ignored stays ignored.
    """

    def __init__(self) -> None:
        self._received: int | None = None
        self._raised = False
        self._shields = 0
        self._previous: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            for signum in STOPPING:
                if signal.getsignal(signum) != signal.SIG_IGN:
                    self._previous[signum] = signal.signal(signum, self._handle)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        for signum, handler in self._previous.items():
            signal.signal(signum, handler)

    def _handle(self, signum: int, frame: FrameType | None) -> None:
        if self._received is None:
            self._received = signum
            if not self._shields:
                self._raise()

    def _raise(self) -> None:
        if self._received is not None:
            self._raised = True
            raise Interrupted(self._received)

    def check(self) -> None:
        """Raise again what a cell has swallowed with a bare `except`."""
        self._raise()

    @contextmanager
    def shield(self) -> Iterator[None]:
        """Hold a signal back until the enclosed work is done."""
        self._shields += 1
        try:
            yield
        finally:
            self._shields -= 1
        self._raise()
