"""A cell of the `lm` study: its runs one after another, as the records of `learning_curves`."""

from __future__ import annotations

import hashlib
import json
import os
import sys
import traceback
from functools import partial
from pathlib import Path

import pandas as pd
import torch

from pkpo_toy.errors import InputError
from pkpo_toy.lm.config import LmConfig
from pkpo_toy.lm.ranks import Ranks, current, follow
from pkpo_toy.lm.trainer import Log, Training

APART = {"folder", "checkpoint_every", "threads", "replicates"}
"""Settings that change no number of a run: a checkpoint is found again without them."""


def train_cell(config: LmConfig) -> pd.DataFrame:
    """All runs of a cell; with several ranks, rank 0 takes the others along."""
    ranks = current()
    ranks.share(config.model_dump(mode="json"))
    try:
        return _trained(config, ranks)
    except InputError:
        raise
    except Exception:
        if ranks.size > 1:  # the others wait in the middle of something: no way on but to end all
            traceback.print_exc()
            os._exit(1)
        raise


def follow_cells() -> None:
    """What ranks above 0 do while rank 0 runs the command."""
    follow(lambda piece: _trained(LmConfig.model_validate_json(json.dumps(piece)), current()))


def _trained(config: LmConfig, ranks: Ranks) -> pd.DataFrame:
    torch.set_num_threads(config.threads)
    frames = []
    for run in range(config.replicates):
        training = Training(config, run, ranks, _place(config, run))
        logs = training.finish(partial(_tell, config, run, ranks))
        frames.append(_frame(config, run, logs))
    return pd.concat(frames, ignore_index=True)


def _place(config: LmConfig, run: int) -> Path | None:
    """Where the run keeps its checkpoint and answers: FOLDER/HASH-RUN, a name of its settings."""
    if not config.folder:
        return None
    settings = {k: v for k, v in config.model_dump(mode="json").items() if k not in APART}
    digest = hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()[:16]
    return Path(config.folder) / f"{digest}-{run}"


def _frame(config: LmConfig, run: int, logs: list[Log]) -> pd.DataFrame:
    rows = [
        {
            "label": config.name(),
            "replicate": run,
            "step": log.step,
            "k": log.k,
            "k_eval": k_eval,
            "value": value,
            "se": se,
            "entropy": log.entropy,
            "cumulative_solve_rate": log.cumulative_solve_rate,
            "gradient_variance": log.gradient_variance,
        }
        for log in logs
        for k_eval, value, se in log.pass_rates
    ]
    return pd.DataFrame(rows)


def _tell(config: LmConfig, run: int, ranks: Ranks, log: Log) -> None:
    """A line with a bar on a terminal: how far, pass@1, pass@k."""
    if ranks.rank or not sys.stderr.isatty():
        return
    done = round(20 * log.step / config.steps)
    rates = "  ".join(f"pass@{k} {value:.3f}" for k, value, _ in log.pass_rates)
    print(
        f"{config.name()}, run {run + 1} of {config.replicates}  "
        f"[{'#' * done}{'.' * (20 - done)}] {log.step}/{config.steps}  {rates}",
        file=sys.stderr,
    )
