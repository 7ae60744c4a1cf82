"""Frames as tables of a paper: Markdown, and LaTeX with the rules of booktabs.

Numbers have four significant digits, as on the screen; a missing one is an empty cell.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from pkpo_toy.cli.support.tables import Column, columns_of

if TYPE_CHECKING:
    import pandas as pd

_SPECIAL = {c: f"\\{c}" for c in "&%$#_{}"} | {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
}


def markdown(frame: pd.DataFrame) -> str:
    """A table of GitHub's Markdown; numbers are flush right."""
    columns = columns_of(frame, " ± ")
    rules = ("---:" if column.numeric else "---" for column in columns)
    rows = [[column.name for column in columns], list(rules), *_rows(columns)]
    return "".join(f"| {' | '.join(map(_in_markdown, row))} |\n" for row in rows)


def latex(frame: pd.DataFrame) -> str:
    r"""A tabular; \usepackage{booktabs} is needed."""
    columns = columns_of(frame, " ± ")
    kinds = "".join("r" if column.numeric else "l" for column in columns)
    cells = [
        replace(column, texts=list(map(_number if column.numeric else _in_latex, column.texts)))
        for column in columns
    ]
    header = " & ".join(_in_latex(column.name) for column in columns)
    body = "".join(f"{' & '.join(row)} \\\\\n" for row in _rows(cells))
    return (
        f"\\begin{{tabular}}{{{kinds}}}\n\\toprule\n{header} \\\\\n\\midrule\n"
        f"{body}\\bottomrule\n\\end{{tabular}}\n"
    )


def _rows(columns: list[Column]) -> list[tuple[str, ...]]:
    return list(zip(*(column.texts for column in columns), strict=True))


def _in_markdown(text: str) -> str:
    return text.replace("|", r"\|").replace("\n", " ")


def _in_latex(text: str) -> str:
    escaped = re.sub(r"[\\&%$#_{}~^]", lambda found: _SPECIAL[found[0]], text)
    return escaped.replace("±", r"$\pm$").replace("\n", " ")


def _number(text: str) -> str:
    r"""-1.5e-07 ± 2e-08 as $-1.5 \cdot 10^{-7}$ $\pm$ $2 \cdot 10^{-8}$."""
    signed = re.sub(r"(-?[\d.]+)e\+?(-?)0*(\d+)", r"$\1 \\cdot 10^{\2\3}$", text)
    return re.sub(r"(?<![{\w$])-([\d.]+)(?!\S*cdot)", r"$-\1$", signed).replace("±", r"$\pm$")
