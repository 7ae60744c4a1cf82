"""Two stored results side by side, and what changed from one to the other."""

from __future__ import annotations

from math import hypot, inf, isnan, nan
from typing import TYPE_CHECKING, Any

import pandas as pd

from pkpo_toy.report.elements import Child, folded, tag
from pkpo_toy.report.sections import (
    Section,
    figure_of,
    has_summary,
    identifier,
    provenance,
    settings_of,
    title_of,
)
from pkpo_toy.report.table import table
from pkpo_toy.studies.table import STUDIES

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

    from pkpo_toy.experiment import Result

THIS, OTHER = "this", "other"


def compared(result: Result, other: Result) -> Section:
    """Both figures, the settings that differ, and every number that does."""
    titles = [str(one.path) for one in (result, other)]
    content: list[Child] = [
        tag("p", STUDIES[result.study].question, class_="question"),
        tag("p", f"{THIS}: {titles[0]}; {OTHER}: {titles[1]}"),
    ]
    if all(map(has_summary, (result, other))):
        rows = changes(result.summary, other.summary)
        halves = [
            tag("div", tag("h3", f"{side}: {one.path}"),
                figure_of(one, f"{side}-{identifier(one.name)}"))
            for side, one in ((THIS, result), (OTHER, other))
        ]  # fmt: skip
        content += [
            tag("div", *(tag("p", text) for text in _said(rows, result, other)), class_="found"),
            tag("div", *halves, class_="pair"),
        ]
        if len(rows):
            name = f"{result.name}_changes"
            content += [tag("h3", "Numbers that changed"), table(rows, name, "What changed")]
    else:
        content.append(tag("p", "One of the two has no summary.", class_="notice"))
    settings = differing(settings_of(result), settings_of(other))
    origins = differing(provenance(result), provenance(other))
    content += [
        tag("h3", "Settings"),
        settings if settings is not None else tag("p", "All settings are the same."),
        folded("How they were made", origins) if origins is not None else None,
    ]
    return Section(identifier(result.name), title_of(result), content)


def differing(this: dict[str, str], other: dict[str, str]) -> Element | None:
    """The names whose values differ, both marked."""
    rows = [
        tag("tr", tag("th", name, scope="row"),
            *(tag("td", tag("mark", side.get(name, "-"))) for side in (this, other)))
        for name in dict.fromkeys((*this, *other))
        if this.get(name) != other.get(name)
    ]  # fmt: skip
    if not rows:
        return None
    head = tag("tr", *(tag("th", text, scope="col") for text in ("", THIS, OTHER)))
    body = tag("table", tag("thead", head), tag("tbody", *rows), class_="plain")
    return tag("div", body, class_="scroll", tabindex="0")


def keys(frame: pd.DataFrame, other: pd.DataFrame) -> list[str]:
    """The leftmost columns that tell the rows of both frames apart."""
    shared = [name for name in frame.columns if name in other.columns]
    for count in range(1, len(shared) + 1):
        if not any(one.duplicated(shared[:count]).any() for one in (frame, other)):
            return shared[:count]
    return shared


def changes(frame: pd.DataFrame, other: pd.DataFrame) -> pd.DataFrame:
    """Every value that differs: one row each, with what tells it apart.

    Columns: the keys, `column`, `this`, `other`, `difference`, and `standard errors`: the
    difference over the joint standard error where the frame has one, largest first. A row that
    one side lacks is a change of the column "row".
    """
    named = keys(frame, other)
    both = frame.merge(other, how="outer", on=named, suffixes=("", " other"), indicator="side")
    measures = [name for name in frame.columns if name in other.columns and name not in named]
    found = [
        [*(row[name] for name in named), *change]
        for row in both.to_dict("records")
        for change in _changed(row, measures)
    ]
    columns = [*named, "column", THIS, OTHER, "difference", "standard errors"]
    frame = pd.DataFrame(found, columns=columns)
    frame = frame.assign(**{name: pd.to_numeric(frame[name]) for name in columns[-2:]})
    return frame.sort_values(columns[-1], key=abs, ascending=False, kind="stable")


def _changed(row: dict[Any, Any], measures: list[str]) -> list[list[Any]]:
    """The values of one row that differ."""
    if row["side"] != "both":
        here = row["side"] == "left_only"
        return [["row", "there" if here else "", "" if here else "there", None, None]]
    found = []
    for name in measures:
        this, other = row[name], row[f"{name} other"]
        if this == other or (pd.isna(this) and pd.isna(other)):
            continue
        found.append([name, this, other, *_distance(row, name, this, other)])
    return found


def _distance(row: dict[Any, Any], name: str, this: Any, other: Any) -> tuple[Any, Any]:
    """The difference, and the same in standard errors where both have one."""
    if not all(isinstance(value, float | int) for value in (this, other)):
        return None, None
    error = "se" if name == "value" else f"{name}_se"
    joint = hypot(*(row.get(key, nan) for key in (error, f"{error} other")))
    if isnan(joint):
        return this - other, None
    return this - other, (this - other) / joint if joint else inf


def _said(rows: pd.DataFrame, result: Result, other: Result) -> list[str]:
    """How much changed, in a sentence."""
    if rows.empty:
        return ["Every number of the two summaries is the same."]
    apart = int((rows["column"] == "row").sum())
    numbers = len(rows) - apart
    found = [f"{numbers} number{'s' * (numbers != 1)} of {result.summary.size} changed."]
    if apart:
        found.append(f"{apart} row{'s' * (apart != 1)} are on one side alone.")
    errors = pd.to_numeric(rows["standard errors"]).abs()
    if errors.notna().any():
        row = rows.iloc[int(errors.argmax())]
        found.append(
            f"The largest change in standard errors is {errors.max():.1f}: {row['column']} of "
            + ", ".join(f"{name} {row[name]}" for name in rows.columns[: -5])
            + f", {row[THIS]:.4g} against {row[OTHER]:.4g}."
        )  # fmt: skip
    return found
