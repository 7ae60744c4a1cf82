"""What the commands on sampling results share: reading them, saying what was read, writing."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pkpo_toy.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

    from pkpo_toy.samples.evaluation import Evaluation


def read_evaluation(
    files: list[str], *, form: str | None, score: str | None, group_by: str | None
) -> Evaluation:
    """The evaluation in the files."""
    from pkpo_toy.cli.support.progress import working
    from pkpo_toy.samples.reading import read

    with working("reading"):
        return read(files, form=form, score=score, group_by=fields(group_by))


def say_read(*evaluations: Evaluation) -> None:
    """What was recognised and left out, on stderr; our own tables go without saying."""
    for one in evaluations:
        if one.recognised or one.left_out:
            sys.stderr.write(f"{one.described()}\n")


def fields(group_by: str | None) -> list[str]:
    """The names in --group-by."""
    return [name.strip() for name in group_by.split(",")] if group_by else []


def counts(text: str | None) -> list[int] | None:
    """The k of --k, if it was given. Raises InputError unless they are integers >= 1."""
    if text is None:
        return None
    parts = [part.strip() for part in text.split(",")]
    if not all(re.fullmatch("0*[1-9][0-9]{0,17}", part) for part in parts):
        raise InputError(f"--k takes integers >= 1 separated by commas, got {text[:60]!r}.")
    return [int(part) for part in parts]


def kinds(*, plot: bool, pdf: bool) -> tuple[str, ...]:
    """The files a figure is drawn as; --pdf draws it without --plot too."""
    return ("png", "svg", "pdf")[: 2 + pdf] if plot or pdf else ()


def stem(file: str) -> str:
    """What a figure of this file is called: its name up to the first point, no pattern."""
    name = "".join(c for c in Path(file).name.split(".")[0] if c.isprintable() and c not in "*?")
    return "stdin" if file == "-" else name or "results"


@dataclass(frozen=True)
class Findings:
    """What a command found, as it is drawn and written: the name of the figure, the name of the
    files, a title, sentences, what the figure is drawn from (computed when asked), a table."""

    figure: str
    stem: str
    title: str
    sentences: list[str]
    curves: Callable[[], pd.DataFrame]
    rows: pd.DataFrame

    def write(self, kinds: Sequence[str], figures: Path, page: Path | None) -> None:
        """The figure as files FIGURES/STEM.kind, and the page; each said on stderr."""
        if not kinds and page is None:
            return
        from pkpo_toy.plotting import render
        from pkpo_toy.report import computed_page

        curves = self.curves()
        for kind, picture in render(self.figure, curves, kinds=kinds).items():
            _write(figures / f"{self.stem}.{kind}", picture)
        if page is not None:
            drawn_from = (self.figure, curves)
            text = computed_page(self.stem, self.title, self.sentences, drawn_from, self.rows)
            _write(page, text.encode())


def _write(path: Path, content: bytes) -> None:
    from pkpo_toy.files import write_output

    write_output(path, content)
    sys.stderr.write(f"wrote {path}\n")
