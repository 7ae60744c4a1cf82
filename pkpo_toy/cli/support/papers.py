"""Frames as tables of a paper: Markdown, and LaTeX with the rules of booktabs.

Numbers have four significant digits, as on the screen; a missing one is an empty cell.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pkpo_toy.cli.support.printing import columns_of

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
    rules = ("---:" if numeric else "---" for _, numeric in columns.values())
    rows = [list(columns), list(rules), *_rows(columns)]
    return "".join(f"| {' | '.join(map(_in_markdown, row))} |\n" for row in rows)


def latex(frame: pd.DataFrame) -> str:
    r"""A tabular; \usepackage{booktabs} is needed."""
    columns = columns_of(frame, " ± ")
    kinds = "".join("r" if numeric else "l" for _, numeric in columns.values())
    cells = {
        name: ([_number(text) if numeric else _in_latex(text) for text in texts], numeric)
        for name, (texts, numeric) in columns.items()
    }
    header = " & ".join(map(_in_latex, columns))
    body = "".join(f"{' & '.join(row)} \\\\\n" for row in _rows(cells))
    return (
        f"\\begin{{tabular}}{{{kinds}}}\n\\toprule\n{header} \\\\\n\\midrule\n"
        f"{body}\\bottomrule\n\\end{{tabular}}\n"
    )


def _rows(columns: dict[str, tuple[list[str], bool]]) -> list[tuple[str, ...]]:
    return list(zip(*(texts for texts, _ in columns.values()), strict=True))


def _in_markdown(text: str) -> str:
    return text.replace("|", r"\|").replace("\n", " ")


def _in_latex(text: str) -> str:
    escaped = re.sub(r"[\\&%$#_{}~^]", lambda found: _SPECIAL[found[0]], text)
    return escaped.replace("±", r"$\pm$").replace("\n", " ")


def _number(text: str) -> str:
    r"""-1.5e-07 ± 2e-08 as $-1.5 \cdot 10^{-7}$ $\pm$ $2 \cdot 10^{-8}$."""
    signed = re.sub(r"(-?[\d.]+)e\+?(-?)0*(\d+)", r"$\1 \\cdot 10^{\2\3}$", text)
    return re.sub(r"(?<![{\w$])-([\d.]+)(?!\S*cdot)", r"$-\1$", signed).replace("±", r"$\pm$")
