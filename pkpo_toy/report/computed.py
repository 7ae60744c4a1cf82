"""The page of something that was just computed and is stored nowhere else."""

from __future__ import annotations

import platform
import shlex
from collections.abc import Sequence
from typing import TYPE_CHECKING

from pkpo_toy.package import __version__
from pkpo_toy.plotting import draw
from pkpo_toy.report.elements import definitions, folded, tag
from pkpo_toy.report.page import MADE_BY, page
from pkpo_toy.report.sections import Section, figure, identifier
from pkpo_toy.report.table import table
from pkpo_toy.runs import typed_command

if TYPE_CHECKING:
    import pandas as pd


def computed_page(
    name: str,
    title: str,
    sentences: Sequence[str],
    drawn: tuple[str, pd.DataFrame],
    rows: pd.DataFrame,
) -> str:
    """The page as HTML text.

    name: of the CSV file to save; title: what was asked; sentences: what was found; drawn: a name
    of the table of figures, and its frame; rows: the table.
    """
    origin = {
        "command": shlex.join(typed_command()),
        "pkpo-toy": __version__,
        "machine": platform.platform(),
    }
    content = [
        tag("div", *(tag("p", text) for text in sentences), class_="found"),
        figure(draw(*drawn), identifier(name), title),
        tag("h3", "Numbers"),
        table(rows, name, title),
        folded("How it was made", definitions(dict(origin))),
    ]
    return page(
        f"pkpo-toy: {title}", [Section(identifier(name), "What was found", content)], "", MADE_BY
    )
