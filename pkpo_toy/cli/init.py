"""`pkpo-toy init` and `pkpo-toy schema`: a study file to edit, and what an editor may check."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def init(
    path: Annotated[Path, typer.Argument(metavar="FILE.toml", help="The study file to write.")],
    source: Annotated[str, typer.Option("--from", help="The study to copy.")] = "variance",
) -> None:
    """Write a commented copy of a study's file, to edit and to run."""
    from pkpo_toy.errors import InputError, unknown
    from pkpo_toy.runs import check_name
    from pkpo_toy.runs.failures import write_output
    from pkpo_toy.studies.files import packaged
    from pkpo_toy.studies.table import STUDIES

    if source not in STUDIES:
        raise unknown("study", source, STUDIES)
    if path.suffix != ".toml":
        raise InputError(f"a study file ends in .toml, got {str(path)!r}.")
    check_name("the name of a study file", path.stem)
    if path.exists():
        raise InputError(f"{path} is there already; choose another name or remove it.")
    write_output(path, packaged(source).encode())
    print(f"{path}: edit it, then run it with `pkpo-toy run {path}`")


def schema() -> None:
    """Print the JSON schema of study files, for editors."""
    from pkpo_toy.cli.support.printing import print_json
    from pkpo_toy.studies.schema import study_schema

    print_json(study_schema())
