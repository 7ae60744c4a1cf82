"""A cell of the `lm` study: its replicates one after another, logged as one tidy frame."""

from __future__ import annotations

import hashlib
import json
import os
import sys
import traceback
from pathlib import Path

import pandas as pd
import torch

from pkpo_toy.errors import InputError
from pkpo_toy.lm.config import LmConfig
from pkpo_toy.lm.following import followed
from pkpo_toy.lm.ranks import Ranks, current, follow
from pkpo_toy.lm.trainer import Log, Training

CHANGE_NO_NUMBER = {"folder", "checkpoint_every", "threads", "replicates", "log_to"}
"""Settings left out of a checkpoint's name: it is found again when they change."""


def train_cell(config: LmConfig) -> pd.DataFrame:
    """All replicates of a cell; with several ranks, rank 0 takes the others along.

    Returns one row per replicate, logged step and k_eval: label, replicate, step, k, k_eval, value
    (max@k_eval on held-out prompts), se, entropy (nats), cumulative_solve_rate, gradient_variance.

    Raises InputError for a device, model or file that is not there.
    """
    ranks = current()
    ranks.share(config.model_dump(mode="json"))
    try:
        return _train_replicates(config, ranks)
    except InputError:
        raise
    except Exception:
        if ranks.size > 1:  # the others wait in the middle of something: no way on but to end all
            traceback.print_exc()
            os._exit(1)
        raise


def follow_cells() -> None:
    """What ranks above 0 do while rank 0 runs the command."""
    follow(
        lambda piece: _train_replicates(LmConfig.model_validate_json(json.dumps(piece)), current())
    )


def _train_replicates(config: LmConfig, ranks: Ranks) -> pd.DataFrame:
    torch.set_num_threads(config.threads)
    frames = [_train_replicate(config, replicate, ranks) for replicate in range(config.replicates)]
    return pd.concat(frames, ignore_index=True)


def _train_replicate(config: LmConfig, replicate: int, ranks: Ranks) -> pd.DataFrame:
    stem = _checkpoint_stem(config, replicate)
    training = Training(config, replicate, ranks, stem)
    with followed(config, None if ranks.rank else stem, training.step) as write:

        def report(log: Log) -> None:
            _print_progress(config, replicate, ranks, log)
            write(log)

        return _frame(config, replicate, training.finish(report))


def _checkpoint_stem(config: LmConfig, replicate: int) -> Path | None:
    """FOLDER/HASH-REPLICATE, without a suffix: where checkpoint and answers are kept, if they are.

    The hash is that of the settings, so that a checkpoint of other settings is never taken.
    """
    if not config.folder:
        return None
    given = config.model_dump(mode="json")
    settings = {name: given[name] for name in given if name not in CHANGE_NO_NUMBER}
    digest = hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()[:16]
    return Path(config.folder) / f"{digest}-{replicate}"


def _frame(config: LmConfig, replicate: int, logs: list[Log]) -> pd.DataFrame:
    rows = [
        {
            "label": config.name(),
            "replicate": replicate,
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


def _print_progress(config: LmConfig, replicate: int, ranks: Ranks, log: Log) -> None:
    """A line with a bar on a terminal: how far the run is, and its pass rates."""
    if ranks.rank or not sys.stderr.isatty():
        return
    done = round(20 * log.step / config.steps)
    rates = "  ".join(f"pass@{k} {value:.3f}" for k, value, _ in log.pass_rates)
    print(
        f"{config.name()}, run {replicate + 1} of {config.replicates}  "
        f"[{'#' * done}{'.' * (20 - done)}] {log.step}/{config.steps}  {rates}",
        file=sys.stderr,
    )
