"""`pkpo-toy lesson`: the lesson in pass@k as one HTML file for a browser."""

from __future__ import annotations

from typing import Annotated

import typer


def lesson(
    out: Annotated[str, typer.Option(help="The HTML file to write.")] = "lesson.html",
    show: Annotated[bool, typer.Option("--open", help="Open it in the browser.")] = False,
) -> None:
    """Write an interactive lesson in pass@k: one file that needs nothing but a browser."""
    import sys
    import webbrowser

    from pkpo_toy.cli.support.output import checked_target
    from pkpo_toy.errors import InputError
    from pkpo_toy.files import write_output
    from pkpo_toy.lessons.page import lesson_page

    if not out.lower().endswith((".html", ".htm")):
        raise InputError(f"--out must end in .html, got {out!r}.")
    target = checked_target("--out", out)
    write_output(target, lesson_page().encode())
    print(target)
    if show and not webbrowser.open(target.resolve().as_uri()):
        sys.stderr.write(f"no browser was found: open {target} yourself\n")
