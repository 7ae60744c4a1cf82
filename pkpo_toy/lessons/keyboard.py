"""Single key presses from the terminal, which is given back as it was whatever happens."""

from __future__ import annotations

import os
import select
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from types import FrameType

try:
    import termios
    import tty

    TERMINALS = True
except ImportError:  # an operating system without them: nothing can be paused there
    TERMINALS = False

Read = Callable[[float], str]


@contextmanager
def keys() -> Iterator[Read]:
    """A function that waits that many seconds for a key and returns it, "" if none came.

    Where stdin is no terminal it only waits. SIGINT and SIGTERM end the program with 130 and 143,
    after everything that was entered has been left in order.
    """
    with _leaving_in_order():
        if not (TERMINALS and sys.stdin and sys.stdin.isatty()):
            yield _only_wait
            return
        descriptor = sys.stdin.fileno()
        settings = termios.tcgetattr(descriptor)
        try:
            tty.setcbreak(descriptor, termios.TCSADRAIN)
            yield partial(_key, descriptor)
        finally:
            termios.tcsetattr(descriptor, termios.TCSADRAIN, settings)


def _only_wait(seconds: float) -> str:
    time.sleep(seconds)
    return ""


def _key(descriptor: int, seconds: float) -> str:
    ready, _, _ = select.select([descriptor], [], [], seconds)
    if not ready:
        return ""
    try:
        pressed = os.read(descriptor, 1)
    except OSError:
        pressed = b""
    # A terminal that has hung up is always ready and never has a key: leave.
    return pressed.decode("ascii", "replace") if pressed else "q"


@contextmanager
def _leaving_in_order() -> Iterator[None]:
    def leave(signum: int, frame: FrameType | None) -> None:
        # A second signal must not break the tidying up.
        for one in before:
            signal.signal(one, signal.SIG_IGN)
        sys.exit(128 + signum)

    handlers = {one: signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM)}
    before = {one: handler for one, handler in handlers.items() if handler != signal.SIG_IGN}
    for one in before:
        signal.signal(one, leave)
    try:
        yield
    finally:
        for one, handler in before.items():
            if signal.getsignal(one) == leave:
                signal.signal(one, handler)


@contextmanager
def undisturbed() -> Iterator[None]:
    """Hold SIGINT and SIGTERM back for a moment: a picture is drawn whole or not at all."""
    if not TERMINALS:
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
