"""`pkpo-toy lesson`: the lesson in pass@k as one HTML file for a browser."""

from __future__ import annotations

from pkpo_toy.cli.support.options import AsJson, OpenPage, PageFile


def lesson(
    out: PageFile = "lesson.html",
    as_json: AsJson = False,
    show: OpenPage = False,
) -> None:
    """Write an interactive lesson in pass@k: one file that needs nothing but a browser."""
    from pkpo_toy.cli.support.output import checked_page, open_page
    from pkpo_toy.cli.support.printing import print_written
    from pkpo_toy.files import write_output
    from pkpo_toy.lessons.page import lesson_page

    target = checked_page("--out", out)
    write_output(target, lesson_page().encode())
    print_written([target], as_json=as_json)
    if show:
        open_page(target)
