"""`python -m MODULE` as a process of its own, forked from one that has imported what it needs.

`WarmPopen` is `subprocess.Popen` in all but this: a real process with streams, signals, group and
exit of its own, that is there in milliseconds where Python takes a second or two to import pandas
and Matplotlib. It is for the tests whose subject begins once the program is imported. Not for
those about what is fixed when Python starts: `PYTHON...` variables, threads of BLAS, Matplotlib's
settings, the imports themselves; nor for terminals. Elsewhere than on Linux Python starts anew.
"""

import atexit
import ctypes
import gc
import json
import os
import runpy
import socket
import subprocess
import sys
import threading
from collections.abc import Sequence
from functools import cache, partial
from importlib import import_module
from inspect import signature
from pathlib import Path
from typing import Any

from tests.drawn import draw_once

ROOT = Path(__file__).parent.parent
PRELOADED = {
    "pkpo_toy": ("pkpo_toy.cli.main", "pkpo_toy.experiment.calls", "pkpo_toy.plotting"),
    "tests.lm.rank_step": ("pkpo_toy.lm.trainer",),
    "tests.lm.trl_step": ("pkpo_toy.lm.trl", "datasets", "tests.lm.tiny"),
    "tests.runs.driver": ("pkpo_toy.runs.execution", "pkpo_toy.runs.processes", "tests.runs.toy"),
}
"""What each module imports in any case."""

_PR_SET_CHILD_SUBREAPER = 36  # linux/prctl.h


class WarmPopen(subprocess.Popen):  # type: ignore[type-arg]
    """`WarmPopen([MODULE, *ARGUMENTS], cwd=..., ...)` with the other options of `Popen`."""

    def __init__(self, command: Sequence[str], **options: Any) -> None:
        if sys.platform != "linux":
            command = [sys.executable, "-m", *command]
        super().__init__(command, **options)

    if sys.platform == "linux":

        def _execute_child(self, *given: Any) -> None:
            names = list(signature(subprocess.Popen._execute_child).parameters)[1:]
            options = dict(zip(names, given, strict=True))
            for name in ("executable", "preexec_fn", "pass_fds", "shell"):
                assert not options[name], f"{name} is not for a warm process"
            wanted = {
                "command": list(options["args"]),
                "place": str(options["cwd"] or Path.cwd()),
                "environment": dict(options["env"] or os.environ),
                "session": options["start_new_session"],
            }
            pipes = ("p2cread", "p2cwrite", "c2pread", "c2pwrite", "errread", "errwrite")
            ends = [options[name] for name in ("p2cread", "c2pwrite", "errwrite")]
            streams = [own if end == -1 else end for own, end in enumerate(ends)]
            self.pid = _forked(wanted, streams)
            self._child_created = True
            self._close_pipe_fds(*(options[name] for name in pipes))


def run_warm(
    command: Sequence[str], given: Any = "", **options: Any
) -> subprocess.CompletedProcess[Any]:
    """A warm process that is given text or bytes and left to end, and what it wrote."""
    streams = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    with WarmPopen(command, text=isinstance(given, str), **streams, **options) as process:
        stdout, stderr = process.communicate(given)
    return subprocess.CompletedProcess(command, process.returncode, stdout, stderr)


def _forked(wanted: dict[str, Any], streams: list[int]) -> int:
    server = _server(wanted["command"][0])
    socket.send_fds(server, [json.dumps(wanted).encode()], streams)
    return int(server.recv(64))


@cache
def _server(module: str) -> socket.socket:
    """A process that has the module's imports done; it ends when this one does."""
    # Whoever is left without a parent becomes a child of this process, which can wait for it.
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1)
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    program = f"from tests.warm import serve; serve({theirs.fileno()}, {PRELOADED[module]!r})"
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


def serve(descriptor: int, preloaded: Sequence[str]) -> None:
    """Fork for every request; in the process that is forked, run its module to the end."""
    for module in preloaded:
        import_module(module)
    if "pkpo_toy.plotting" in preloaded:
        draw_once()
    assert threading.active_count() == 1, "threads are not there in a process that is forked"
    gc.collect()
    gc.freeze()
    with socket.socket(fileno=descriptor) as requests:
        while True:
            text, streams, *_ = socket.recv_fds(requests, 2**20, 3)
            if not text:
                return
            reader, writer = os.pipe()
            if (child := os.fork()) == 0:
                if os.fork():
                    os._exit(0)
                break
            os.close(writer)
            for stream in streams:
                os.close(stream)
            os.waitpid(child, 0)
            requests.send(os.read(reader, 64))
            os.close(reader)
    _become(json.loads(text), streams)
    os.write(writer, str(os.getpid()).encode())
    os.close(writer)
    os.close(reader)
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)


def _become(wanted: dict[str, Any], streams: Sequence[int]) -> None:
    text = partial(open, closefd=False)
    if wanted["session"]:
        os.setsid()
    for own, stream in enumerate(streams):
        os.dup2(stream, own)
        os.close(stream)
    for name, stream in (
        ("stdin", text(0, "r")),
        ("stdout", text(1, "w")),
        ("stderr", text(2, "w", buffering=1, errors="backslashreplace")),
    ):
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)
    os.environ.clear()
    os.environ.update(wanted["environment"])
    os.chdir(wanted["place"])
    sys.path[0] = wanted["place"]
    sys.argv[:] = wanted["command"]
