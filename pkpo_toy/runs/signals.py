"""SIGINT and SIGTERM as one exception, raised at once but never in the middle of a write."""

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, Self

from pkpo_toy.runs.errors import Interrupted

STOPPING = (signal.SIGINT, signal.SIGTERM)
GRACE_SECONDS = 2.0


def ignore_signals() -> None:
    """For a program about to end: a last Ctrl-C must not kill it while Python shuts down."""
    for signum in STOPPING:
        signal.signal(signum, signal.SIG_IGN)


@contextmanager
def signals_held() -> Iterator[None]:
    """Hold signals back until the enclosed work is done, whichever handlers are installed.

    Python runs a handler in the main thread, between any two of its steps, also when another thread
    received the signal. So it is not enough to block signals in the main thread.
    """
    held: list[int] = []
    before = {}
    if threading.current_thread() is threading.main_thread():
        for signum in filter(lambda each: callable(signal.getsignal(each)), STOPPING):
            before[signum] = signal.signal(signum, lambda number, frame: held.append(number))
    try:
        yield
    finally:
        for signum, handler in before.items():
            signal.signal(signum, handler)
        if held:
            signal.raise_signal(held[0])


class Signals:
    """While in use as a context manager, the first SIGINT or SIGTERM raises Interrupted.

    Later ones are ignored until GRACE_SECONDS after the end, so that a second Ctrl-C can interrupt
    neither the cleaning up nor the caller's last message; then the handlers of before are back.
    Outside the main thread nothing is installed, because Python forbids it. A signal that was
    ignored before stays ignored.
    """

    def __init__(self) -> None:
        self._received: int | None = None
        self._raised = False
        self._shields = 0
        self._left = float("inf")
        self._previous: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            for signum in STOPPING:
                if signal.getsignal(signum) != signal.SIG_IGN:
                    self._previous[signum] = signal.signal(signum, self._handle)
        return self

    def __exit__(self, *raised: object) -> None:
        if self._raised:
            self._left = time.monotonic()
        else:
            self._restore()

    def _restore(self) -> None:
        for signum, handler in self._previous.items():
            signal.signal(signum, handler)

    def _handle(self, signum: int, frame: FrameType | None) -> None:
        if time.monotonic() - self._left > GRACE_SECONDS:
            self._restore()
            signal.raise_signal(signum)
        elif self._received is None:
            self._received = signum
            if not self._shields:
                self._raise()

    def _raise(self) -> None:
        if self._received is not None:
            self._raised = True
            raise Interrupted(self._received)

    def check(self) -> None:
        """Raise Interrupted again, in case a cell has caught it with a bare `except`."""
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
