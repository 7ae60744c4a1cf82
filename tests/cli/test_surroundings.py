"""The environment is input: streams, variables, folders and systems as users really have them."""

import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
COMMAND = [sys.executable, "-m", "pkpo_toy"]
WEIGHTS = ["run", "element_weights", "--jobs", "1"]


def sh(folder, script, **environment):
    """A shell script in which `pkpo-toy` is the command."""
    quoted = " ".join(COMMAND)
    return subprocess.run(
        ["bash", "-c", f"pkpo-toy() {{ {quoted} \"$@\"; }}\n{script}"],
        cwd=folder, capture_output=True, text=True, check=False, timeout=240,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
    )  # fmt: skip


def one_line(text):
    assert "Traceback" not in text
    assert text.count("\n") == 1, text
    assert len(text) <= 301
    return text


@pytest.mark.parametrize(
    "environment",
    [
        {
            "MPLBACKEND": "module://matplotlib_inline.backend_inline",
            "WORLD_SIZE": "8",
            "RANK": "3",
            "LOCAL_RANK": "1",
        },
        {"MPLBACKEND": "nonsense", "WORLD_SIZE": "abc"},
    ],
    ids=["a notebook's backend in a cluster job", "no backend in a strange job"],
)
def test_the_environment_changes_nothing(tmp_path, environment):
    done = sh(tmp_path, "pkpo-toy run element_weights --jobs 1 --quiet", **environment)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert (tmp_path / "figures" / "element_weights.png").exists()


def test_settings_of_matplotlib_in_the_working_folder_are_left_alone(tmp_path):
    (tmp_path / "matplotlibrc").write_bytes(b"backend: nonsense\nfigure.dpi: \xff\nfont.size = 99")
    done = sh(tmp_path, "pkpo-toy run element_weights --jobs 1 --quiet")
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("redirected", ["> /dev/full", ">&-"])
@pytest.mark.parametrize("command", ["list estimators --json", "weights s.csv --k 2"])
def test_stdout_that_takes_nothing_exits_74(tmp_path, redirected, command):
    (tmp_path / "s.csv").write_text("problem,sample,reward\na,0,1\na,1,0\n")
    done = sh(tmp_path, f"pkpo-toy {command} {redirected}")
    assert done.returncode == 74
    assert "stdout" in one_line(done.stderr)


def test_no_stderr_breaks_nothing(tmp_path):
    done = sh(tmp_path, "pkpo-toy run varience 2>&-; echo $?")
    assert done.stdout == "2\n"


def test_a_folder_that_is_gone(tmp_path):
    script = "mkdir gone; cd gone; rmdir ../gone; pkpo-toy run element_weights --jobs 1; echo $?"
    done = sh(tmp_path, script)
    assert done.stdout == "74\n"
    assert "working folder" in one_line(done.stderr)


def test_few_file_handles(tmp_path):
    done = subprocess.run(
        [*COMMAND, "run", "variance", "--set", "estimates=100", "--jobs", "2"],
        cwd=tmp_path, capture_output=True, text=True, check=False, timeout=240,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (12, 12)),
    )  # fmt: skip
    assert done.returncode in {0, 1, 74}
    assert done.returncode == 0 or one_line(done.stderr)


@pytest.mark.parametrize(
    "arguments",
    [
        [*WEIGHTS, "--out", "x" * 300],
        [*WEIGHTS, "--figures", "x" * 5000],
        [*WEIGHTS, "--name", "x" * 300],
        ["run", "x" * 300 + ".toml"],
        ["run", "x" * 5000 + ".toml"],
        ["init", "x" * 300 + ".toml"],
        ["show", "x/" * 3000],
        ["export", "element_weights", "--to", "x" * 300],
    ],
)
def test_names_longer_than_the_system_allows(inside, arguments):
    inside(*WEIGHTS)
    with pytest.raises(AssertionError, match=r"exit (2|74)") as caught:
        inside(*arguments)
    assert "Traceback" not in str(caught.value)


SIMULATED = """
import sys, types, signal, os
import subprocess, typer, numpy, pandas, multiprocessing.util, rich.console
import fcntl as real
fake = types.ModuleType("msvcrt")
fake.LK_NBLCK = 2
def locking(descriptor, mode, size):
    assert os.lseek(descriptor, 0, os.SEEK_CUR) >= 1 << 30
    try:
        real.flock(descriptor, real.LOCK_EX | real.LOCK_NB)
    except BlockingIOError:
        raise PermissionError(13, "Permission denied")
fake.locking = locking
sys.modules["msvcrt"] = fake
for name in ("fcntl", "termios", "tty", "resource", "pwd", "grp", "pty"):
    sys.modules[name] = None
del signal.pthread_sigmask, signal.SIGKILL, os.sched_getaffinity
import pkpo_toy.files
class Nt:
    def __getattr__(self, name):
        return "nt" if name == "name" else getattr(os, name)
pkpo_toy.files.os = Nt()
from pkpo_toy.cli.main import main
"""


WINDOWS = f"""
def call(*arguments):
    sys.argv[1:] = arguments
    try:
        main()
    except SystemExit as end:
        print("exit", end.code)
call(*{WEIGHTS!r})
call("show", "element_weights")
call("weights", "s.csv", "--k", "2")
call("init", "mine.toml")
call("demo", "--steps", "20")
from pathlib import Path
from pkpo_toy.runs.lock import Lock
held = Lock(Path("results/element_weights")).__enter__()
call(*{WEIGHTS!r})
"""


def test_a_system_without_fcntl_and_termios(tmp_path):
    """The command line without what Windows does not have."""
    (tmp_path / "s.csv").write_text("problem,sample,reward\na,0,1\na,1,0\n")
    done = subprocess.run(
        [sys.executable, "-c", SIMULATED + WINDOWS], cwd=tmp_path, capture_output=True, text=True,
        check=False, env={**os.environ, "PYTHONPATH": str(ROOT)}, timeout=240,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    _, shown, weighed, *_ = parts = done.stdout.split("exit 0\n")
    assert len(parts) == 6
    assert "weight" in shown
    assert "weight" in weighed
    assert parts[-1] == "exit 75\n"
    assert "is in use by" in done.stderr.splitlines()[-1]


def test_ctrl_c_while_something_is_imported_or_drawn_is_one_line(tmp_path):
    program = (
        "import sys, pkpo_toy.cli.main as m, pkpo_toy.plotting as p\n"
        "def stop(*_, **__): raise KeyboardInterrupt\n"
        "p.render = stop\n"
        f"sys.argv[1:] = {WEIGHTS!r}\nm.main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True,
        check=False, env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert done.returncode == 130
    assert "resume: pkpo-toy run element_weights" in one_line(done.stderr)
