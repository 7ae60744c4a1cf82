"""`pkpo-toy demo`: three policies learn side by side in the terminal; a lesson in pass@k."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from pkpo_toy.cli.support.completion import lessons
from pkpo_toy.cli.support.options import AsJson

if TYPE_CHECKING:
    from rich.console import Console

    from pkpo_toy.lessons.lessons import Recording
    from pkpo_toy.lessons.player import Playback

SLOWEST, FASTEST = 0.01, 1000.0


def demo(
    lesson: Annotated[
        str,
        typer.Argument(
            metavar="[two_peaks|gaussian|water_filling]",
            help="What to learn on.",
            autocompletion=lessons,
        ),
    ] = "two_peaks",
    seed: Annotated[int, typer.Option(help="Seed of the run.")] = 0,
    speed: Annotated[float, typer.Option(help="2 plays twice as fast, 0.5 half as fast.")] = 1.0,
    steps: Annotated[int | None, typer.Option(help="Training steps. (300, gaussian 200)")] = None,
    as_json: AsJson = False,
) -> None:
    """See why training for k > 1 spreads and for k = 1 commits: three policies, side by side.

    Space pauses, q leaves. Not in a terminal, it prints the last picture and what happened.
    """
    from pkpo_toy.errors import InputError
    from pkpo_toy.lessons.keyboard import keys
    from pkpo_toy.lessons.lessons import record_lesson
    from pkpo_toy.lessons.player import Playback, play, print_still

    if not SLOWEST <= speed <= FASTEST:
        raise InputError(f"--speed must be from {SLOWEST} to {FASTEST:g}, got {speed}.")
    with keys() as read:
        recording = record_lesson(lesson, seed=seed, steps=steps)
        playback = Playback(recording)
        if as_json:
            _print_json(recording, playback)
            return
        console = _console()
        at = len(playback.steps) - 1
        if console.is_terminal and not console.is_dumb_terminal:
            at = play(playback, console, read, speed)
        print_still(playback, console, at)


def _print_json(recording: Recording, playback: Playback) -> None:
    from dataclasses import asdict

    from pkpo_toy.cli.support.printing import json_rows, print_json

    events = [asdict(event) for event in playback.events]
    about = {"lesson": recording.name, "seed": recording.seed, "rows": json_rows(recording.values)}
    print_json({**about, "events": events, "conclusions": playback.conclusions})


def _console() -> Console:
    from rich.console import Console

    # What is piped gets no colour and no escape codes, even if a terminal's settings ask for them.
    return Console(markup=False, highlight=False, force_terminal=sys.stdout.isatty())
