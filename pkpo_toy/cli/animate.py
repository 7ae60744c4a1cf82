"""`pkpo-toy animate`: a lesson or a stored training study as a small looping picture."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pkpo_toy.cli.support.completion import animated, lessons
from pkpo_toy.cli.support.options import RESULTS, AsJson, ResultsFolder

DEMO = "demo"


def animate(
    study: Annotated[
        str,
        typer.Argument(
            metavar="STUDY|demo",
            help="A training study that was run, or demo.",
            autocompletion=animated,
        ),
    ],
    out: Annotated[str, typer.Option(help="The GIF to write.")],
    lesson: Annotated[
        str | None,
        typer.Option(
            help="Of demo: two_peaks, gaussian or water_filling. (two_peaks)",
            autocompletion=lessons,
        ),
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Of demo: seed of the run. (0)")] = None,
    steps: Annotated[int | None, typer.Option(help="Of demo: training steps.")] = None,
    results: ResultsFolder = RESULTS,
    as_json: AsJson = False,
) -> None:
    """Write a GIF for slides: the demo's lesson, or the curves of a study that was run."""
    from pkpo_toy.cli.support.output import checked_target
    from pkpo_toy.cli.support.printing import print_written
    from pkpo_toy.cli.support.progress import working
    from pkpo_toy.errors import InputError
    from pkpo_toy.files import write_output

    if not out.lower().endswith(".gif"):
        raise InputError(f"--out must end in .gif, got {out!r}.")
    target = checked_target("--out", out)
    if study == DEMO:
        with working("drawing"):
            data = _demo(lesson or "two_peaks", seed or 0, steps)
    else:
        options = {"--lesson": lesson, "--seed": seed, "--steps": steps}
        given = [name for name, value in options.items() if value is not None]
        if given:
            raise InputError(f"{given[0]} is an option of {DEMO!r}; {study!r} is drawn as stored.")
        with working("drawing"):
            data = _study(study, results)
    write_output(target, data)
    print_written([target], as_json=as_json)


def _demo(lesson: str, seed: int, steps: int | None) -> bytes:
    from pkpo_toy.lessons.frames import animation_frame
    from pkpo_toy.lessons.lessons import record_lesson
    from pkpo_toy.plotting import animate as gif_of

    return gif_of(animation_frame(record_lesson(lesson, seed=seed, steps=steps)))


def _study(study: str, results: Path) -> bytes:
    from pkpo_toy.errors import InputError
    from pkpo_toy.experiment import load
    from pkpo_toy.plotting import FIGURES
    from pkpo_toy.plotting.reveal import reveal
    from pkpo_toy.studies.table import STUDIES

    moving = [name for name, row in STUDIES.items() if FIGURES[row.figure].over_steps]
    able = ", ".join([DEMO, *moving])
    if study in STUDIES and study not in moving:
        raise InputError(f"{study!r} has no training steps; can be animated: {able}.")
    result = load(study, results)
    if result.study not in moving:
        raise InputError(f"{result.study!r} has no training steps; can be animated: {able}.")
    return reveal(**result.drawing())
