"""`pkpo-toy demo`: alive in a terminal, which it leaves as it was; a still picture elsewhere."""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from contextlib import contextmanager
from functools import cache

import numpy as np
import pytest

from pkpo_toy.lessons.blackboard import Board, bars, full_height, panels
from pkpo_toy.lessons.conclusions import conclusions
from pkpo_toy.lessons.curves import policy_curves
from pkpo_toy.lessons.events import find_events
from pkpo_toy.lessons.lessons import LESSONS, record_lesson
from tests.runs.driving import crowding
from tests.warm import WarmPopen

ENTER, LEAVE = b"\x1b[?1049h", b"\x1b[?1049l"
SHOW_CURSOR = b"\x1b[?25h"
STEP = re.compile(rb"step +(\d+) of (\d+)")


class Terminal:
    """The demo in a terminal of its own: what it shows, keys for it, and the terminal's state."""

    def __init__(self, process, master, child, before):
        self.process, self.master, self.child, self.before = process, master, child, before
        self.shown = b""

    def read(self, seconds):
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            if select.select([self.master], [], [], left)[0]:
                self.shown += os.read(self.master, 65536)

    def until(self, text, seconds=30.0):
        end = time.monotonic() + seconds * crowding()
        while text not in self.shown:
            assert time.monotonic() < end, self.shown[-2000:].decode(errors="replace")
            self.read(0.05)

    def press(self, key):
        os.write(self.master, key)

    def step(self):
        return int(STEP.findall(self.shown)[-1][0])

    def end(self, seconds=20.0):
        deadline = time.monotonic() + seconds * crowding()
        while self.process.poll() is None:
            assert time.monotonic() < deadline, "it does not end"
            self.read(0.05)
        self.read(0.1)
        return self.process.returncode

    def is_as_before(self):
        whole = self.shown.count(ENTER) == self.shown.count(LEAVE)
        visible = self.shown.rfind(SHOW_CURSOR) > self.shown.rfind(b"\x1b[?25l")
        return whole and visible and termios.tcgetattr(self.child) == self.before


@contextmanager
def terminal(*arguments, columns=100, rows=32, stdin=None, **environment):
    master, child = pty.openpty()
    fcntl.ioctl(child, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    before = termios.tcgetattr(child)
    plain = {k: v for k, v in os.environ.items() if k not in {"COLUMNS", "LINES", "NO_COLOR"}}
    process = WarmPopen(
        ["pkpo_toy", "demo", *map(str, arguments)],
        stdin=child if stdin is None else stdin,
        stdout=child,
        stderr=child,
        env={**plain, "TERM": "xterm-256color", **environment},
        start_new_session=True,  # for Ctrl-C reaches only processes that the terminal controls
    )
    try:
        yield Terminal(process, master, child, before)
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
        os.close(master)
        os.close(child)


def test_space_pauses_and_goes_on_and_q_quits():
    with terminal("water_filling", "--speed", 1) as demo:
        demo.until(b"What is pass@k")
        demo.press(b" ")
        demo.until(b"step   1 of 300")
        assert termios.tcgetattr(demo.child) != demo.before
        demo.press(b" ")
        demo.until(b"paused: space goes on")
        demo.read(0.3)
        held = demo.step()
        demo.read(1.0)
        assert demo.step() == held
        demo.press(b" ")
        demo.until(b"step %3d of 300" % (held + 1))
        demo.press(b"q")
        assert demo.end() == 0
        assert demo.is_as_before()
        after = demo.shown.rpartition(LEAVE)[2]
        assert b"water_filling, step" in after
        assert b"What this run shows" not in after


def test_it_plays_to_the_end_and_leaves_picture_and_sentences():
    with terminal("two_peaks", "--speed", 30) as demo:
        assert demo.end() == 0
        assert demo.is_as_before()
        steps = [int(step) for step, _ in STEP.findall(demo.shown.partition(LEAVE)[0])]
        assert (steps[0], steps[-1]) == (0, 300)
        assert steps == sorted(steps)
        turns = {event.step for event in find_events(record_lesson("two_peaks"))}
        assert turns <= set(steps)
        after = demo.shown.rpartition(LEAVE)[2].decode()
        assert "two_peaks, step 300 of 300" in after
        assert "What this run shows" in after


@pytest.mark.faults
@pytest.mark.parametrize(
    ("how", "code"), [("ctrl-c", 130), (signal.SIGTERM, 143), (signal.SIGINT, 130)]
)
@pytest.mark.parametrize("moment", ["introduction", "running", "paused"])
def test_a_signal_ends_it_at_once_and_restores_the_terminal(how, code, moment):
    with terminal("water_filling") as demo:
        demo.until(b"What is pass@k")
        if moment != "introduction":
            demo.press(b" ")
            demo.until(b"step   1 of 300")
        if moment == "paused":
            demo.press(b" ")
            demo.until(b"paused")
        began = time.monotonic()
        if how == "ctrl-c":
            demo.press(b"\x03")
        else:
            demo.process.send_signal(how)
        assert demo.end() == code
        assert time.monotonic() - began < 2 * crowding()
        assert demo.is_as_before()
        assert demo.shown.rpartition(LEAVE)[2].strip() == b""


def test_a_small_terminal_is_told_so_and_can_be_enlarged():
    with terminal("water_filling", columns=50, rows=20, NO_COLOR="1") as demo:
        demo.until(b"What is pass@k")
        demo.press(b" ")
        demo.until(b"needs a terminal of 60 x 22")
        fcntl.ioctl(demo.child, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        demo.until(b"trained for k = 16")
        demo.press(b"q")
        assert demo.end() == 0
        assert re.search(rb"\x1b\[[0-9;]*3[0-7]m", demo.shown) is None  # no colour


def test_without_a_keyboard_it_plays_all_the_same():
    options = ("water_filling", "--speed", 200, "--steps", 5)
    with terminal(*options, stdin=subprocess.DEVNULL) as demo:
        assert demo.end() == 0
        assert demo.is_as_before()
        assert b"step 5 of 5" in demo.shown.partition(LEAVE)[0]


@pytest.mark.parametrize("name", LESSONS)
def test_in_a_pipe_it_prints_the_last_picture_and_the_sentences(cli, name):
    done = cli("demo", name, "--seed", 1, env={"FORCE_COLOR": "1"})
    assert "\x1b" not in done.stdout
    assert done.stderr == ""
    recording = record_lesson(name, seed=1)
    text = " ".join(done.stdout.split())
    for event in find_events(recording):
        assert f"step {event.step} {event.sentence}" in text
    for sentence in conclusions(recording):
        assert sentence in text
    assert "is at least one try right?" in text
    for policy in policy_curves(recording):
        assert f"> pass@{policy.k}" in done.stdout
        assert f"{policy.values[policy.k][-1]:.3f} of {policy.optimum[policy.k]:.3f}" in text


def test_ascii_only_output_has_bars_of_hashes(cli):
    done = cli(
        "demo", "water_filling", "--steps", 20, env={"PYTHONIOENCODING": "ascii", "COLUMNS": "80"}
    )
    assert done.stdout.isascii()
    assert "##" in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 80


def test_a_narrow_pipe_gets_words_only(cli):
    done = cli("demo", "water_filling", "--steps", 20, env={"COLUMNS": "40"})
    assert "The picture needs 60 columns" in done.stdout
    assert "trained for" not in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 40


def test_a_reader_that_leaves_early_is_no_error():
    code = f"{sys.executable} -m pkpo_toy demo water_filling --steps 3 | head -1"
    done = subprocess.run(code, shell=True, capture_output=True, text=True, check=False)
    assert done.stdout.startswith("A policy answers by chance")
    assert done.stderr == ""


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["water_filing"], "unknown lesson 'water_filing'. Did you mean 'water_filling'?"),
        (["--speed", "0"], "--speed must be from 0.01 to 1000, got 0.0."),
        (["--speed", "nan"], "got nan."),
        (["--speed", "inf"], "got inf."),
        (["--steps", "0"], "steps must be from 1 to 10000, got 0."),
        (["--seed", "-1"], "seed must be an integer >= 0, got -1."),
    ],
)
def test_bad_input_is_one_sentence(inside, arguments, sentence):
    done = inside("demo", *arguments, code=2)
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert line.startswith("error: ")
    assert sentence in line


short = cache(lambda name: policy_curves(record_lesson(name, steps=30)))


@pytest.mark.parametrize("name", LESSONS)
@pytest.mark.parametrize("width", [58, 78, 98, 126])
@pytest.mark.parametrize("only_ascii", [True, False])
def test_panels_fit_and_the_tallest_bar_is_full(name, width, only_ascii):
    found = short(name)
    board = Board(width, 6, only_ascii)
    top = full_height(found, 30, board)
    lines = [line.plain for line in panels(found, 30, board, top)]
    assert max(map(len, lines)) <= width
    assert all(line.isascii() for line in lines) or not only_ascii
    assert top <= 1.0


def test_bars_are_the_shares_to_the_nearest_mark():
    shares = np.array([0.0, 0.5, 1.0, 1 / 16, 0.74])
    assert bars(shares, 2, 1, only_ascii=False) == ["  █ ▄", " ██▁█"]
    assert bars(shares, 2, 1, only_ascii=True) == ["  # .", " ## #"]
    assert bars(shares[:3], 1, 3, only_ascii=True) == ["   :: ## "]
