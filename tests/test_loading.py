"""A user's own function: whatever it does, it ends in one sentence and harms nothing."""

import os
import sys
from pathlib import Path

import pytest

import pkpo_toy
from pkpo_toy.errors import InputError

WAYS = {
    "raises": ("raise RuntimeError('no answer')", "RuntimeError: no answer (own.py, line 6)"),
    "raises nothing said": ("raise KeyError", "KeyError (own.py, line 6)"),
    "sys.exit": ("sys.exit(0)", "SystemExit: 0 (own.py, line 6)"),
    "os._exit": ("os._exit(3)", "os._exit(3)"),
    "unprintable": ("raise Odd", "an error that cannot be printed (own.py, line 6)"),
    "recursion": ("f(r, k)", "RecursionError"),
    "memory": ("np.empty(1 << 50)", "MemoryError"),
    "own base": ("raise BaseException('mine')", "BaseException: mine"),
    "lines": ("raise ValueError('a\\nb\\x1b[2J')", "ValueError: a b"),
    "long": ("raise ValueError('x' * 10**6)", "ValueError: xxx"),
    "complex": ("return r * 1j", "real numbers, got complex128"),
    "datetime": ("return r.astype('datetime64[s]')", "real numbers, got datetime64"),
    "strings": ("return r.astype(str)", "real numbers, got <U32"),
    "None": ("return None", "real numbers, got NoneType"),
    "ragged": ("return [[1], [1, 2]]", "real numbers, got list"),
    "shape": ("return r[..., :1]", "weights of shape (3,), got (1,)"),
    "NaN": ("return r * np.nan", "NaN"),
}
HEAD = """import os, sys, numpy as np
class Odd(Exception):
    def __str__(self): raise ValueError
    __reduce__ = None
def f(r, k):
    """


@pytest.fixture
def own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def write(body, name="own.py"):
        Path(name).write_text(HEAD + body + "\n")
        return f"{name}:f"

    return write


@pytest.mark.parametrize("way", WAYS)
def test_one_sentence_with_function_and_line(own, way):
    body, says = WAYS[way]
    with pytest.raises(InputError) as caught:
        pkpo_toy.weights([0.1, 0.5, 1.0], 2, own(body))
    message = str(caught.value)
    assert says in message
    assert "own.py:f" in message
    assert len(message) <= 300
    assert message.isprintable()


def test_what_it_prints_goes_to_stderr_and_stdout_stays_open(own, capfd):
    name = own("print('mine'); sys.stdout.close(); return r")
    assert list(pkpo_toy.weights([1.0, 2.0], 1, name)) == [1.0, 2.0]
    print("ours")
    assert capfd.readouterr() == ("ours\n", "mine\n")


def test_it_changes_neither_its_input_nor_the_working_folder(own, tmp_path):
    name = own("r *= 0; os.chdir('/'); return r")
    rewards = pkpo_toy.ESTIMATORS  # something else than the array below
    given = [1.0, 2.0]
    assert list(pkpo_toy.weights(given, 1, name)) == [0.0, 0.0]
    assert given == [1.0, 2.0]
    assert rewards is pkpo_toy.ESTIMATORS
    assert Path.cwd() == tmp_path


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("import os; os._exit(3)", "os._exit(3)"),
        ("import sys; sys.exit(0)", "SystemExit: 0 (own.py, line 1)"),
        ("\n\n1 / 0", "ZeroDivisionError: division by zero (own.py, line 3)"),
        ("def f(:", "SyntaxError"),
        ("import helper", "ModuleNotFoundError: No module named 'helper'"),
        ("\0", "own.py"),
        ("f = 3", "it defines no function"),
        ("def g(): pass", "it defines g"),
    ],
)
def test_a_file_that_cannot_be_imported(tmp_path, monkeypatch, text, says):
    monkeypatch.chdir(tmp_path)
    Path("own.py").write_text(text)
    with pytest.raises(InputError) as caught:
        pkpo_toy.weights([1.0, 2.0], 1, "own.py:f")
    assert says in str(caught.value)


def test_ctrl_c_is_the_users_own(own):
    with pytest.raises(KeyboardInterrupt):
        pkpo_toy.weights([1.0, 2.0], 1, own("raise KeyboardInterrupt"))


def test_helpers_of_two_folders_are_kept_apart_and_edits_are_seen(own, tmp_path):
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "helper.py").write_text(f"scale = {ord(name)}.0\n")
        (tmp_path / name / "own.py").write_text(
            "from helper import scale\ndef f(r, k):\n    return r * scale\n"
        )
    for name in ("a", "b", "a"):
        assert pkpo_toy.weights([1.0], 1, f"{name}/own.py:f")[0] == ord(name)
    (tmp_path / "a" / "helper.py").write_text("scale = 33333.0\n")
    assert pkpo_toy.weights([1.0], 1, "a/own.py:f")[0] == 33333.0
    assert "helper" not in sys.modules


def test_a_pipe_is_not_waited_for(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    os.mkfifo("own.py")
    with pytest.raises(InputError, match="there is no file"):
        pkpo_toy.weights([1.0], 1, "own.py:f")
