"""Worker processes that leave Ctrl-C to their parent and do not outlive it."""

import ctypes
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from multiprocessing import parent_process
from multiprocessing.context import SpawnContext, SpawnProcess
from types import ModuleType
from typing import Any

from pkpo_toy.runs.blas import ONE_THREAD
from pkpo_toy.runs.signals import signals_held

# For glibc: keep the memory of arrays up to 32 MB for the next ones. Returning it to the system and
# asking for it again at every step would cost as much as the arithmetic.
_KEPT_MEMORY = {"MALLOC_MMAP_THRESHOLD_": str(2**25), "MALLOC_TRIM_THRESHOLD_": str(2**28)}
_PR_SET_PDEATHSIG = 1  # linux/prctl.h


class Worker(SpawnProcess):
    """A spawned process that starts with SIGINT blocked and one BLAS thread, and keeps its memory.

    knows_script: whether it runs the caller's script again, as spawned processes do.
    """

    knows_script = False

    def start(self) -> None:
        script = nullcontext() if self.knows_script else _script_hidden()
        environment = _environment(ONE_THREAD | _KEPT_MEMORY)
        with signals_held(), _sigint_blocked(), environment, script:
            super().start()


class Workers(SpawnContext):
    """A spawn context that keeps a list of its processes, so that they can be ended.

    Its workers run the caller's script, which then needs `if __name__ == "__main__"`, only where
    `know_script` says so.
    """

    def __init__(self, *, know_script: bool) -> None:
        super().__init__()
        self.know_script = know_script
        self.started: list[Worker] = []

    def Process(self, *args: Any, **options: Any) -> Worker:  # type: ignore[override]
        worker = Worker(*args, **options)
        worker.knows_script = self.know_script
        self.started.append(worker)
        return worker

    def kill(self) -> None:
        """End all workers at once, whatever they are doing."""
        for worker in self.started:
            if worker.pid is not None:
                worker.kill()


def prepare() -> None:
    """Runs first in every worker."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    if sys.platform == "linux":
        _end_with_parent()
    threading.Thread(target=_watch_parent, daemon=True).start()


def _end_with_parent() -> None:
    # The kernel ends it even while a long call keeps the interpreter from running any thread.
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _watch_parent() -> None:
    # Also covers a parent that died before `_end_with_parent`.
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


@contextmanager
def _sigint_blocked() -> Iterator[None]:
    # A new process inherits the mask: Ctrl-C cannot reach it before `prepare` ignores it.
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def _script_hidden() -> Iterator[None]:
    # A spawned process runs the script it comes from again, to find the functions defined there.
    # One without `if __name__ == "__main__"` would start its own run in every worker.
    script = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = script


@contextmanager
def _environment(variables: dict[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
