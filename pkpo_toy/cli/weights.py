"""`pkpo-toy weights`: a file of sampled rewards again, with the weight of every sample."""

from __future__ import annotations

import sys
from typing import Annotated

import typer


def weights(
    file: Annotated[
        str,
        typer.Argument(help="CSV or JSON lines with problem,sample,reward; - is standard input."),
    ],
    k: Annotated[int, typer.Option(help="k of pass@k.")],
    estimator: Annotated[
        str | None,
        typer.Option(help="A key of the table or FILE.py:FUNCTION. (pkpo_loo_minus_one)"),
    ] = None,
    scale: Annotated[
        str, typer.Option(help="sum: for a loss summed over samples; mean: times n.")
    ] = "sum",
    out: Annotated[str | None, typer.Option(help="File to write. (stdout)")] = None,
    beta: Annotated[float | None, typer.Option(help="Of rs_grpo and entropic_loo.")] = None,
    seed: Annotated[int, typer.Option(help="Of passk_bootstrap, which draws.")] = 0,
) -> None:
    """Weigh every sample by its problem's rewards: the same rows with one more column, `weight`.

    Columns, order and text of the rows stay as they are; CSV gives CSV, JSON lines JSON lines.
    """
    from pkpo_toy.cli.support.output import checked_target
    from pkpo_toy.cli.support.progress import working
    from pkpo_toy.runs.files import write_file
    from pkpo_toy.samples.samples import SAMPLES, frame_of
    from pkpo_toy.samples.tables import read_table, with_column
    from pkpo_toy.samples.weighing import sample_weights

    target = None if out is None else checked_target("--out", out)
    with working("weighing"):
        table = read_table(file, [SAMPLES], keep_text=True)
        weights = sample_weights(frame_of(table), k, estimator, scale=scale, seed=seed, beta=beta)
        data = with_column(table, "weight", weights.tolist())
    if target is not None:
        write_file(target, data)
        return
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()
