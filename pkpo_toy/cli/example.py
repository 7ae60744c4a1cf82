"""`pkpo-toy example`: small files of sampling results to try the commands on."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pkpo_toy.cli.support.completion import examples
from pkpo_toy.cli.support.options import AsJson

OWN = {
    "counts": "example_counts.csv",
    "samples": "example_samples.csv",
    "before": "example_before.csv",
    "after": "example_after.csv",
}


def example(
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME",
            autocompletion=examples,
            help="counts, samples, before, after, a row of `pkpo-toy list formats`, or all.",
        ),
    ],
    to: Annotated[Path, typer.Option(help="Folder to write into.")] = Path(),
    as_json: AsJson = False,
) -> None:
    """Write small files of sampling results to try `passk`, `weights` and `compare` on."""
    from importlib.resources import files

    from pkpo_toy.cli.support.printing import print_written
    from pkpo_toy.errors import InputError, unknown
    from pkpo_toy.files import write_output
    from pkpo_toy.samples.formats.table import FORMATS

    kinds = OWN | {key: one.example for key, one in FORMATS.items() if key != "table"}
    if name not in (*kinds, "all"):
        raise unknown("example", name, [*kinds, "all"])
    sources = [
        files("pkpo_toy.samples").joinpath("data", kinds[key])
        for key in (kinds if name == "all" else [name])
    ]
    targets = [to / source.name for source in sources]
    for path in targets:
        if path.exists() or path.is_symlink():
            raise InputError(f"{path} is there already; remove it or write elsewhere with --to.")
    for source, path in zip(sources, targets, strict=True):
        write_output(path, source.read_bytes())
    print_written(targets, as_json=as_json)
