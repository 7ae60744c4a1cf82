"""One stored result as a part of the page: question, findings, figure, summary, how it was made."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING, Any
from xml.etree.ElementTree import Element

from pkpo_toy.plotting import draw, inline
from pkpo_toy.report.elements import Child, definitions, folded, tag
from pkpo_toy.report.findings import findings
from pkpo_toy.report.table import table
from pkpo_toy.studies.table import STUDIES

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from pkpo_toy.experiment import Result


@dataclass(frozen=True)
class Section:
    """A part of the page with its title; `name` starts the ids in it."""

    name: str
    title: str
    content: Sequence[Child]


def section(result: Result) -> Section:
    """All there is to say of a stored result. Raises Corrupt, DiskError."""
    study = STUDIES[result.study]
    paper = f" (After {study.reproduces} of arXiv 2505.15201.)" if study.reproduces else ""
    question = tag("p", f"{study.question}{paper}", class_="question")
    content: list[Child] = [question, *_notices(result)]
    if has_summary(result):
        said = [tag("p", text) for text in findings(result.study, result.summary)]
        if said:
            content.append(tag("div", *said, class_="found"))
        content.append(figure_of(result, identifier(result.name)))
        content += [
            tag("h3", "Summary"),
            table(result.summary, result.name, f"Summary of {result.name}"),
        ]
    made = folded("How it was made", definitions(dict(provenance(result))))
    content += [*_failures(result), _settings(result), made]
    return Section(identifier(result.name), title_of(result), content)


def title_of(result: Result) -> str:
    """The name of the result as a heading."""
    words = result.name.replace("_", " ")
    return re.sub(r"^Lm\b", "LM", words[:1].upper() + words[1:])


def identifier(name: str) -> str:
    """The name of a folder as the beginning of ids: letters, digits, dots, dashes, underscores."""
    return re.sub(r"[^A-Za-z0-9_.-]", lambda found: f"_{ord(found[0]):x}", name)


def has_summary(result: Result) -> bool:
    """Whether the run got as far as a summary with rows."""
    return result.manifest["summary"] is not None and not result.summary.empty


def _notices(result: Result) -> list[Child]:
    """What keeps this from being the whole result."""
    cells, failed = len(result.manifest["cells"]), len(result.manifest["failed"])
    found = []
    if not result.manifest["times"]["finished"]:
        found.append("This run has not finished; the same command goes on with it.")
    if failed:
        found.append(f"{failed} of {cells} cells failed; the numbers below are of the others.")
    return [tag("p", text, class_="notice") for text in found]


def figure_of(result: Result, prefix: str) -> Element:
    """The figure of the result, or why there is none. Raises Corrupt for damaged records."""
    if not result.drawable:
        text = "The figure is drawn from cells, and these are not stored here. To make them: "
        return tag("p", text, tag("code", command(result)), class_="notice")
    # The question is the page's.
    canvas = draw(**(result.drawing() | {"title": ""}))
    return figure(canvas, prefix, STUDIES[result.study].question)


def figure(canvas: Figure, prefix: str, about: str) -> Element:
    """A figure whose curves the page's script names, lights up and hides."""
    svg = inline(canvas, f"{prefix}-")
    width = float(svg.attrib.pop("data-width"))
    svg.attrib |= {"role": "img", "aria-label": f"Figure: {about}"}
    svg.set("style", f"max-width:{width * 2:.0f}px;min-width:{width * 1.25:.0f}px")
    return tag("figure", tag("div", svg, class_="scroll"))


def settings_of(result: Result) -> dict[str, str]:
    """Each setting as text."""
    return {name: shown(value) for name, value in result.manifest["configuration"].items()}


def shown(value: Any) -> str:
    """A value of the manifest as a reader would write it."""
    if isinstance(value, list):
        return ", ".join(map(shown, value))
    return value if isinstance(value, str) else json.dumps(value)


def _settings(result: Result) -> Element:
    fields = STUDIES[result.study].config.model_fields
    rows = [
        tag("tr", tag("th", tag("code", name), scope="row"), tag("td", text),
            tag("td", fields[name].description if name in fields else ""))
        for name, text in settings_of(result).items()
    ]  # fmt: skip
    head = tag("tr", *(tag("th", text, scope="col") for text in ("setting", "value", "meaning")))
    body = tag("table", tag("thead", head), tag("tbody", *rows), class_="plain")
    return folded("Settings", tag("div", body, class_="scroll", tabindex="0"))


def provenance(result: Result) -> dict[str, str]:
    """What can be told of the origin of a result."""
    manifest = result.manifest
    git, packages = manifest.get("git"), dict(manifest["versions"])
    cells, failed = len(manifest["cells"]), len(manifest["failed"])
    changed = ", with changes that are not in it" if git and git["dirty"] else ""
    found = {
        "folder": str(result.path),
        "command": command(result),
        "pkpo-toy": packages.pop("pkpo-toy", "unknown"),
        "commit": git["commit"] + changed if git else "not a repository",
        "seed": shown(manifest["configuration"].get("seed", "none")),
        "cells": f"{cells}, {failed} failed" if failed else f"{cells}",
        "machine": manifest.get("platform", "unknown"),
        "packages": ", ".join(f"{name} {version}" for name, version in packages.items()),
        "started": manifest["times"]["started"],
        "finished": manifest["times"]["finished"] or "not finished",
    }
    if manifest["summary"]:
        found["checksum of the summary"] = "sha256 " + manifest["summary"]["sha256"]
    return found


def command(result: Result) -> str:
    """What made the result, as it was typed."""
    program, *arguments = result.manifest.get("command") or [""]
    # Manifests of earlier versions name the file that `python -m pkpo_toy` runs.
    name = "pkpo-toy" if PurePath(program).name == "__main__.py" else program
    return shlex.join([name, *arguments] if name else [])


def _failures(result: Result) -> list[Child]:
    failures = result.failures()
    if not failures:
        return []
    each = [
        folded(f"{one['key']}: {one['exception']}",
               tag("p", shown(one.get("spec", {}))),
               tag("pre", str(one.get("traceback", "")), tabindex="0"))
        for one in failures
    ]  # fmt: skip
    return [tag("h3", f"Cells that failed ({len(failures)})"), *each]
