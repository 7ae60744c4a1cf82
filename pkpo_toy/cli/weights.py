"""`pkpo-toy weights`: a file of sampled rewards again, with the weight of every sample."""

from __future__ import annotations

import sys
from typing import Annotated, Any

import typer

from pkpo_toy.cli.support.completion import estimators
from pkpo_toy.cli.support.options import (
    AsJson,
    FilesArgument,
    FormatOption,
    GroupByOption,
    ScoreOption,
)


def weights(
    files: FilesArgument,
    k: Annotated[int, typer.Option(help="k of pass@k.")],
    estimator: Annotated[
        str | None,
        typer.Option(
            help="A key, KEY(OPTION=VALUE) or FILE.py:FUNCTION. (pkpo_loo_minus_one)",
            autocompletion=estimators,
        ),
    ] = None,
    scale: Annotated[
        str, typer.Option(help="sum: for a loss summed over samples; mean: times n.")
    ] = "sum",
    out: Annotated[str | None, typer.Option(help="File to write. (stdout)")] = None,
    beta: Annotated[float | None, typer.Option(help="Of rs_grpo and entropic_loo.")] = None,
    seed: Annotated[int, typer.Option(help="Of passk_bootstrap, which draws.")] = 0,
    score: ScoreOption = None,
    form: FormatOption = None,
    group_by: GroupByOption = None,
    as_json: AsJson = False,
) -> None:
    """Weigh every sample by its problem's rewards.

    Of a table problem,sample,reward the same rows come back with one more column, `weight`: CSV
    gives CSV, JSON lines JSON lines. Of any other format a CSV problem,sample,reward,weight.
    """
    from pkpo_toy.cli.support.evaluations import fields, say_read
    from pkpo_toy.cli.support.output import checked_target
    from pkpo_toy.cli.support.printing import json_rows, print_json, print_written
    from pkpo_toy.cli.support.progress import working
    from pkpo_toy.estimators.api import DEFAULT
    from pkpo_toy.files import write_output
    from pkpo_toy.samples.weighing import weighed

    target = None if out is None else checked_target("--out", out, reads=files)
    options: dict[str, Any] = {"scale": scale, "seed": seed, "beta": beta}
    named = estimator or DEFAULT
    with working("weighing"):
        read, rows, data = weighed(
            files, k, named, form=form, score=score, group_by=fields(group_by), **options
        )
    say_read(read)
    if target is not None:
        write_output(target, data)
        if as_json:
            print_written([target], as_json=True)
    elif as_json:
        print_json({"estimator": named, "k": k, "rows": json_rows(rows)})
    else:
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
