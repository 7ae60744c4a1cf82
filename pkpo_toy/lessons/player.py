"""A lesson played in the terminal, and its still picture."""

from __future__ import annotations

import time

from rich.console import Console, Group
from rich.live import Live
from rich.padding import Padding
from rich.text import Text

from pkpo_toy.lessons.blackboard import COLOURS, Board, full_height, panels
from pkpo_toy.lessons.conclusions import conclusions
from pkpo_toy.lessons.curves import policy_curves
from pkpo_toy.lessons.events import Event, find_events
from pkpo_toy.lessons.keyboard import Read, undisturbed
from pkpo_toy.lessons.lessons import LESSONS, Recording

NARROWEST, LOWEST = 60, 22  # columns and rows that the moving picture needs
WIDEST = 126
INTRODUCTION, FRAME, TURN = 12.0, 0.05, 2.5  # seconds at speed 1
BLINK = 0.04  # no picture stays for less
STILL_ROWS, MOST_ROWS = 8, 14
OTHER_LINES = 11  # of a page: what is neither bars, nor the scene, nor what has happened

PASS_AT_K = (
    "A policy answers by chance and learns from what its answers earn. pass@k asks: if it may try "
    "k times, is at least one try right? Where answers earn more or less, it is what the best of "
    "the k tries earns on average."
)
THREE = (
    "Three policies learn side by side, from the same start and the same seed. They differ only in "
    "what they are trained for: one good try (k = 1), the best of 4, or the best of 16."
)
TOO_SMALL = (
    f"The lesson needs a terminal of {NARROWEST} x {LOWEST}; this one is {{}} x {{}}. "
    "Please make it larger, or quit with q."
)
READING = "Bars: how often each answer is tried. Strip below: what it earns."
READING_THROWS = "Bars: where the throws land. Strip below: what they earn."


class Playback:
    """A lesson that was run, ready to be drawn at any of its reports."""

    def __init__(self, recording: Recording):
        self.name = recording.name
        self.scene = LESSONS[recording.name].scene
        self.policies = policy_curves(recording)
        self.steps = self.policies[0].steps.tolist()
        self.events = find_events(recording)
        self.conclusions = conclusions(recording)

    @property
    def reading(self) -> str:
        """How to read the picture."""
        return READING_THROWS if self.policies[0].throws else READING

    def turns(self) -> dict[int, list[Event]]:
        """The events of each report that has some."""
        places = {step: at for at, step in enumerate(self.steps)}
        found: dict[int, list[Event]] = {}
        for event in self.events:
            found.setdefault(places[event.step], []).append(event)
        return found

    def said(self, at: int) -> list[Text]:
        """What has happened up to a report, oldest first."""
        width = len(str(self.steps[-1]))
        return [
            Text.assemble(
                (f"step {event.step:>{width}}  ", "dim"), (event.sentence, COLOURS[event.k])
            )
            for event in self.events
            if event.step <= self.steps[at]
        ]


def print_still(playback: Playback, console: Console, at: int) -> None:
    """Print the picture of one report; what happened until then; at the end, what was learned."""
    for text in (PASS_AT_K, THREE, playback.scene):
        console.print(Text(text), "", sep="\n")
    board = Board(min(console.width, WIDEST), STILL_ROWS, _only_ascii(console))
    console.print(
        Text(f"{playback.name}, step {playback.steps[at]} of {playback.steps[-1]}", "bold")
    )
    if console.width >= NARROWEST:
        _print_picture(playback, console, at, board)
    else:
        console.print(Text(f"(The picture needs {NARROWEST} columns; here are {console.width}.)"))
    said = playback.said(at)
    if said:
        console.print("", Text("What happened", "bold"), *said, sep="\n")
    if at == len(playback.steps) - 1:
        learned = (Text(sentence) for sentence in playback.conclusions)
        console.print("", Text("What this run shows", "bold"), *learned, sep="\n")


def _print_picture(playback: Playback, console: Console, at: int, board: Board) -> None:
    top = full_height(playback.policies, at, board)
    console.print(Text(f"{playback.reading} Full height: {100 * top:.0f}%.", "dim"), "", sep="\n")
    console.print(*panels(playback.policies, at, board, top), sep="\n")


def play(playback: Playback, console: Console, read: Read, speed: float) -> int:
    """Play the lesson; returns the report it was left at, the last one if it was seen to the end.

    Space pauses and resumes, q quits.
    """
    turns = playback.turns()
    # Drawn by hand and never by a timer's thread, so that each picture is drawn whole.
    with Live(console=console, screen=True, auto_refresh=False) as live:
        screen = _Screen(playback, live, read)
        if not screen.introduce(INTRODUCTION / speed):
            return 0
        for at in _shown(len(playback.steps), turns, speed):
            stay = TURN if at in turns and TURN / speed >= BLINK else FRAME
            if not screen.show(at, max(stay / speed, BLINK)):
                return at
        screen.show(at, TURN / speed)
    return at


def _shown(reports: int, turns: dict[int, list[Event]], speed: float) -> list[int]:
    """The reports to be drawn: all, unless they would flash by; always the turns and the last."""
    stride = max(1, round(BLINK / FRAME * speed))
    seen = set(range(0, reports, stride)) | {reports - 1}
    return sorted(seen | set(turns) if TURN / speed >= BLINK else seen)


class _Screen:
    """Draws pages and holds them, while keys are read and the window may change its size."""

    def __init__(self, playback: Playback, live: Live, read: Read):
        self.playback, self.live, self.read = playback, live, read

    def introduce(self, seconds: float) -> bool:
        """The page before the run; any key but q starts it. False to leave."""
        self._draw(_introduction(self.playback))
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            key = self.read(min(left, 0.2))
            if key:
                return key != "q"
            self._draw(_introduction(self.playback))
        return True

    def show(self, at: int, seconds: float) -> bool:
        """One report, for so long or while paused. False to leave."""
        end, paused = time.monotonic() + seconds, False
        self._draw(_page(self.playback, self.live.console, at, paused))
        while paused or (left := end - time.monotonic()) > 0:
            key = self.read(0.2 if paused else min(left, 0.2))
            if key == "q":
                return False
            if key == " ":
                paused = not paused
            if key or seconds > 0.2:
                self._draw(_page(self.playback, self.live.console, at, paused))
        return True

    def _draw(self, page: Group) -> None:
        with undisturbed():
            self.live.update(Padding(page, (0, 1)), refresh=True)


def _introduction(playback: Playback) -> Group:
    return Group(
        Text("What is pass@k, and what does training for it do?\n", "bold"),
        *(Text(text + "\n") for text in (PASS_AT_K, THREE, playback.scene, playback.reading)),
        Text("space: start  q: quit", "dim"),
    )


def _page(playback: Playback, console: Console, at: int, paused: bool) -> Group:
    width, height = min(console.width - 2, WIDEST), console.height
    if console.width < NARROWEST or height < LOWEST:
        return Group(Text(TOO_SMALL.format(console.width, height)))
    state = "paused: space goes on" if paused else "space: pause  q: quit"
    scene = list(Text(playback.scene).wrap(console, width))
    room = max(4, (height - 14) // 3)
    rows = min(MOST_ROWS, height - len(scene) - OTHER_LINES - room)
    board = Board(width, rows, _only_ascii(console))
    top = full_height(playback.policies, at, board)
    step = f"step {playback.steps[at]:>{len(str(playback.steps[-1]))}} of {playback.steps[-1]}"
    head = f"{step}  full height {100 * top:2.0f}%  "
    return Group(
        Text.assemble((head, "bold"), (state, "reverse" if paused else "dim")),
        *scene,
        Text(),
        *panels(playback.policies, at, board, top),
        Text(),
        *_last(playback.said(at), room, console, width),
    )


def _last(said: list[Text], room: int, console: Console, width: int) -> list[Text]:
    """As many of the latest sentences as there is room for, the newest bold."""
    lines: list[Text] = []
    for number, text in enumerate(reversed(said)):
        shown = text.copy()
        shown.stylize("bold" if number == 0 else "dim")
        wrapped = list(shown.wrap(console, width))
        if len(lines) + len(wrapped) > room:
            break
        lines = wrapped + lines
    return lines


def _only_ascii(console: Console) -> bool:
    return not console.encoding.startswith("utf")
