"""`pkpo-toy plot`: figures again from stored results, without simulation."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pkpo_toy.cli.run import FIGURES, RESULTS


def plot(
    runs: Annotated[list[str], typer.Argument(help="Studies that were run, or their folders.")],
    out: Annotated[Path, typer.Option(help="Folder of the results.")] = RESULTS,
    figures: Annotated[Path, typer.Option(help="Folder of the figures.")] = FIGURES,
) -> None:
    """Draw the figures of stored results again."""
    from pkpo_toy.cli.support.results import open_stored
    from pkpo_toy.experiment import draw

    for stored in [open_stored(run, out) for run in runs]:
        where = stored.folder, stored.study, stored.name, stored.keys, figures
        for path in draw(*where, again=True):
            print(path)
