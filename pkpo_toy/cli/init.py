"""`pkpo-toy init`: a study file to edit, with every setting, its meaning and its default."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pkpo_toy.cli.support.completion import studies
from pkpo_toy.cli.support.options import AsJson


def init(
    path: Annotated[Path, typer.Argument(metavar="FILE.toml", help="The study file to write.")],
    source: Annotated[
        str, typer.Option("--from", help="The study to start from.", autocompletion=studies)
    ] = "variance",
    as_json: AsJson = False,
) -> None:
    """Write a study file to edit and to run: every setting with its meaning and its default."""
    from pkpo_toy.cli.support.printing import print_written
    from pkpo_toy.errors import InputError, unknown
    from pkpo_toy.files import write_output
    from pkpo_toy.runs import check_name
    from pkpo_toy.studies.table import STUDIES
    from pkpo_toy.studies.template import template

    if source not in STUDIES:
        raise unknown("study", source, STUDIES)
    if path.suffix != ".toml":
        raise InputError(f"a study file ends in .toml, got {str(path)!r}.")
    check_name("the name of a study file", path.stem)
    if path.exists():
        raise InputError(f"{path} is there already; choose another name or remove it.")
    write_output(path, template(source).encode())
    if as_json:
        print_written([path], as_json=True)
    else:
        print(f"{path}: edit it, then run it with `pkpo-toy run {path}`")
