"""The page: sections, with the style and the script that they need, in one HTML file."""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree.ElementTree import Element

from pkpo_toy.package import __version__
from pkpo_toy.report.elements import tag, written
from pkpo_toy.report.sections import Section
from pkpo_toy.web import compact_script, compact_style, web_file

ALLOWED = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:"
"""Nothing is asked for beyond the file itself."""

MADE_BY = (
    f"Made by pkpo-toy {__version__}. Every number is exact, or has its standard error or "
    "interval beside it."
)

HINT = (
    "Point at a curve, or at its name in the legend, to see it everywhere; click to hide it. "
    "Click the head of a column to sort."
)


def page(title: str, sections: Sequence[Section], lead: str, footer: str) -> str:
    """The whole page as HTML text."""
    links = [tag("a", one.title, href=f"#{one.name}") for one in sections]
    body = tag(
        "body",
        tag("header", tag("h1", title), tag("p", lead, class_="lead") if lead else None,
            tag("p", HINT, class_="hint")),
        tag("nav", *links, aria_label="Parts of this page") if len(links) > 1 else None,
        tag("main", *map(_part, sections)),
        tag("footer", tag("p", footer)),
        tag("div", id="name", role="status"),
        tag("script", compact_script(web_file("pkpo_toy.report", "report.js"))),
    )  # fmt: skip
    return "<!DOCTYPE html>\n" + written(tag("html", _head(title), body, lang="en")) + "\n"


def _head(title: str) -> Element:
    policy = tag("meta", content=ALLOWED)
    policy.set("http-equiv", "Content-Security-Policy")
    return tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        policy,
        tag("title", title),
        tag("link", rel="icon", href="data:,"),
        tag("style", compact_style(web_file("pkpo_toy.report", "report.css"))),
    )


def _part(section: Section) -> Element:
    heading = tag("h2", section.title, id=f"{section.name}-title")
    return tag("section", heading, *section.content, id=section.name,
               aria_labelledby=f"{section.name}-title")  # fmt: skip
