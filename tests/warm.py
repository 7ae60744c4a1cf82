"""`python -m MODULE` as a process of its own, forked from one that has imported what it needs.

`WarmPopen` is `subprocess.Popen` in all but this: a real process with streams, signals, group and
exit of its own, that is there in milliseconds where Python takes a second or two to import pandas
and Matplotlib. Its workers, too, are forked from a process as it was when it began, where
multiprocessing would start Python; `workers_warm` is the same for workers of this process.

It is for the tests whose subject begins once the program is imported. Not for those about what is
fixed when Python starts: `PYTHON...` variables, threads of BLAS, Matplotlib's settings, the imports
themselves. A new session takes the terminal that is its stdout. Elsewhere than on Linux Python
starts anew.
"""

import atexit
import ctypes
import fcntl
import gc
import json
import os
import runpy
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache, partial
from importlib import import_module
from importlib.util import find_spec
from inspect import signature
from multiprocessing import util
from pathlib import Path
from typing import Any

from tests.drawn import draw_once

ROOT = Path(__file__).parent.parent
_USUAL = ("pkpo_toy.cli.main", "pkpo_toy.experiment.calls", "pkpo_toy.plotting")
_LM = (
    *_USUAL,
    "pkpo_toy.lm.study", "transformers.models.llama.modeling_llama", "torch.distributed.run",
    *(("pkpo_toy.lm.trl", "datasets") if find_spec("trl") else ()),
)  # fmt: skip
PRELOADED = {
    "pkpo_toy": _USUAL,
    "pkpo_toy.__main__": _LM,  # `pkpo_toy` where it trains a language model
    "tests.lm.rank_step": _LM,
    "tests.lm.trl_step": _LM,
    "torch.distributed.run": _LM,
    "tests.lm.load_models": ("pkpo_toy.lm.huggingface",),
    "tests.lm.without_extra": _USUAL,
    "tests.runs.driver": (
        *("pkpo_toy.runs.execution", "pkpo_toy.runs.processes", "tests.runs.toy"),
        *("distributed", "distributed.cli.dask_worker", "distributed.cli.dask_scheduler"),
    ),
}
"""What each module imports in any case, and the driver and its workers on a cluster."""
PRELOADED |= {
    f"distributed.cli.dask_{part}": PRELOADED["tests.runs.driver"]
    for part in ("worker", "scheduler")
}

WORKER = "--multiprocessing-fork"  # how the command line of a spawned worker ends
# Ctrl-C reaches only processes that the terminal controls.
TAKE_TERMINAL = """
import fcntl, os, sys, termios
if os.getsid(0) == os.getpid() and os.isatty(1):
    fcntl.ioctl(1, termios.TIOCSCTTY, 0)
"""
START_ANEW = "os.execv(sys.executable, [sys.executable, '-m', *sys.argv[1:]])"
_PR_SET_CHILD_SUBREAPER = 36  # linux/prctl.h
_asking = threading.Lock()


class WarmPopen(subprocess.Popen):  # type: ignore[type-arg]
    """`WarmPopen([MODULE, *ARGUMENTS], cwd=..., ...)` with the other options of `Popen`."""

    whole_end = True
    """Whether it also ends as Python does to the last, where a signal may still meet it."""

    def __init__(self, command: Sequence[str], **options: Any) -> None:
        if sys.platform != "linux":
            command = [sys.executable, "-c", TAKE_TERMINAL + START_ANEW, *command]
        super().__init__(command, **options)

    if sys.platform == "linux":

        def _execute_child(self, *given: Any) -> None:
            names = list(signature(subprocess.Popen._execute_child).parameters)[1:]
            options = dict(zip(names, given, strict=True))
            for name in ("executable", "preexec_fn", "pass_fds", "shell"):
                assert not options[name], f"{name} is not for a warm process"
            ends = [options[name] for name in ("p2cread", "c2pwrite", "errwrite")]
            self.pid = _forked(
                _server(PRELOADED[options["args"][0]]),
                list(options["args"]),
                {own: own if end == -1 else end for own, end in enumerate(ends)},
                place=str(options["cwd"] or Path.cwd()),
                environment=dict(options["env"] or os.environ),
                session=options["start_new_session"],
                whole_end=self.whole_end,
            )
            self._child_created = True
            pipes = ("p2cread", "p2cwrite", "c2pread", "c2pwrite", "errread", "errwrite")
            self._close_pipe_fds(*(options[name] for name in pipes))


class _BriefPopen(WarmPopen):
    whole_end = False


def run_warm(
    command: Sequence[str], given: Any = "", **options: Any
) -> subprocess.CompletedProcess[Any]:
    """A warm process that is given text or bytes and left to end, and what it wrote."""
    streams = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    with _BriefPopen(command, text=isinstance(given, str), **streams, **options) as process:
        stdout, stderr = process.communicate(given)
    return subprocess.CompletedProcess(command, process.returncode, stdout, stderr)


@contextmanager
def workers_warm(module: str = "tests.runs.driver") -> Iterator[None]:
    """In this block, workers of this process are forked from one with the module's imports."""
    cold = util.spawnv_passfds
    if sys.platform == "linux":
        _fork_workers_from(partial(_server, PRELOADED[module]))
    try:
        yield
    finally:
        util.spawnv_passfds = cold


@cache
def _server(preloaded: Sequence[str]) -> socket.socket:
    """A process that has these imports done; it ends when this one does."""
    # Whoever is left without a parent becomes a child of this process, which can wait for it.
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1)
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    program = f"from tests.warm import serve; serve({theirs.fileno()}, {preloaded!r})"
    environment = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    process = subprocess.Popen(
        [sys.executable, "-c", program], pass_fds=[theirs.fileno()], env=environment
    )
    theirs.close()

    def end() -> None:
        ours.close()
        process.wait()

    atexit.register(end)
    return ours


def _forked(
    server: socket.socket, command: list[str], descriptors: dict[int, int], **wanted: Any
) -> int:
    """Ask for a process that finds these descriptors under the given numbers; who it is."""
    blocked = list(signal.pthread_sigmask(signal.SIG_BLOCK, ()))
    wanted |= {"command": command, "descriptors": list(descriptors), "blocked": blocked}
    with _asking:
        socket.send_fds(server, [json.dumps(wanted).encode()], list(descriptors.values()))
        return int(server.recv(64))


def _fork_workers_from(server: Callable[[], socket.socket]) -> None:
    """Have a server fork the workers that multiprocessing would spawn."""
    cold = util.spawnv_passfds

    def spawn(path: bytes, command: list[str], descriptors: Sequence[int]) -> int:
        if command[-1] != WORKER:  # the resource tracker
            return int(cold(path, command, descriptors))
        return _forked(
            server(),
            command[-2:],
            {own: own for own in (0, 1, 2, *descriptors)},
            place=str(Path.cwd()),
            environment=dict(os.environ),
            session=False,
            whole_end=False,
        )

    util.spawnv_passfds = spawn


def serve(descriptor: int, preloaded: Sequence[str]) -> None:
    """Fork for every request, with these imports done."""
    for module in preloaded:
        import_module(module)
    if "pkpo_toy.plotting" in preloaded:
        draw_once()
        _read_imports_of_studies()
    assert threading.active_count() == 1, "threads are not there in a process that is forked"
    gc.collect()
    gc.freeze()
    # Ctrl-C and the like are for those who are forked, which unblock them.
    signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGINT, signal.SIGTERM))
    _serve(socket.socket(fileno=descriptor))


def _read_imports_of_studies() -> None:
    """Which a process remembers, so that none of those that are forked parses sixty files."""
    from pkpo_toy.experiment.planning import sources
    from pkpo_toy.studies.table import STUDIES

    for name in ("learning_curves", "variance"):
        sources(STUDIES[name])


def _serve(requests: socket.socket) -> None:
    """Fork for every request; in the process that is forked, run its program to the end."""
    while True:
        text, given, *_ = socket.recv_fds(requests, 2**20, 250)
        if not text:
            os._exit(0)
        reader, writer = os.pipe()
        if (child := os.fork()) == 0:
            if os.fork():
                os._exit(0)
            break
        os.close(writer)
        for each in given:
            os.close(each)
        os.waitpid(child, 0)
        requests.send(os.read(reader, 64))
        os.close(reader)
    requests.close()
    os.close(reader)
    wanted = json.loads(text)
    # Out of the way of the numbers that they are wanted under.
    *given, writer = _moved([*given, writer])
    _become(wanted, given)
    worker = wanted["command"][-1] == WORKER
    if not worker:
        _begin_server_of_workers()
    signal.pthread_sigmask(signal.SIG_SETMASK, wanted["blocked"])
    os.write(writer, str(os.getpid()).encode())
    os.close(writer)
    try:
        if worker:
            exec(sys.argv[0], {})
        else:
            runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
    except SystemExit as end:
        if wanted["whole_end"] or not isinstance(end.code, int):
            raise
        # As Python ends, but for taking all modules apart, which takes a tenth of a second.
        threading._shutdown()  # type: ignore[attr-defined]
        atexit._run_exitfuncs()
        sys.stdout.flush()
        os._exit(end.code)


def _moved(descriptors: Sequence[int]) -> list[int]:
    moved = [fcntl.fcntl(each, fcntl.F_DUPFD_CLOEXEC, 512) for each in descriptors]
    for each in descriptors:
        os.close(each)
    return moved


def _become(wanted: dict[str, Any], given: Sequence[int]) -> None:
    text = partial(open, closefd=False)
    if wanted["session"]:
        os.setsid()
    for own, descriptor in zip(wanted["descriptors"], given, strict=True):
        os.dup2(descriptor, own)
        os.close(descriptor)
    for name, stream in (
        ("stdin", text(0, "r")),
        ("stdout", text(1, "w")),
        ("stderr", text(2, "w", buffering=1, errors="backslashreplace")),
    ):
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)
    exec(TAKE_TERMINAL)
    os.environ.clear()
    os.environ.update(wanted["environment"])
    os.chdir(wanted["place"])
    sys.path[0] = wanted["place"]
    sys.argv[:] = wanted["command"]


def _begin_server_of_workers() -> None:
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1)
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    if os.fork() == 0:
        ours.close()
        _serve(theirs)
        sys.exit()
    theirs.close()
    _fork_workers_from(lambda: ours)
