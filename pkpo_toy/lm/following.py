"""Logs of a run, written where they can be watched while it trains: TensorBoard or W&B."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from pkpo_toy.lm.config import LmConfig
from pkpo_toy.lm.trainer import Log

Write = Callable[[dict[str, float], int], None]


@contextmanager
def followed(config: LmConfig, stem: Path | None, step: int) -> Iterator[Callable[[Log], None]]:
    """A function that writes one log where `log_to` says; it does nothing where that is empty.

    stem: names the run, and its folder holds what is written. step: that of the checkpoint the run
    goes on from; what TensorBoard was shown beyond it is made again and is not shown twice.
    """
    if not config.log_to or stem is None:
        yield lambda log: None
        return
    open_run = {"tensorboard": _tensorboard, "wandb": _wandb}[config.log_to]
    with open_run(config, stem, step) as write:
        yield lambda log: write(values_of(config, log), log.step)


def values_of(config: LmConfig, log: Log) -> dict[str, float]:
    """The numbers of a log by name: pass@k (max@k for graded rewards) and what goes with it."""
    measure = "pass" if config.reward == "exact" else "max"
    values = {f"{measure}@{k}": value for k, value, _ in log.pass_rates}
    values |= {"entropy": log.entropy, "cumulative_solve_rate": log.cumulative_solve_rate}
    if config.microbatches > 1:
        values["gradient_variance"] = log.gradient_variance
    return values | {"k": float(log.k)}


@contextmanager
def _tensorboard(config: LmConfig, stem: Path, step: int) -> Iterator[Write]:
    from torch.utils.tensorboard import SummaryWriter

    folder = stem.parent / "tensorboard" / f"{config.name()}, {stem.name}"
    with SummaryWriter(str(folder), purge_step=step or None) as writer:

        def write(values: dict[str, float], at: int) -> None:
            for name, value in values.items():
                writer.add_scalar(name, value, at)
            writer.flush()

        yield write


@contextmanager
def _wandb(config: LmConfig, stem: Path, step: int) -> Iterator[Write]:
    import wandb

    stem.parent.mkdir(parents=True, exist_ok=True)
    with wandb.init(
        project="pkpo-toy",
        dir=str(stem.parent),
        id=stem.name,
        name=f"{config.name()}, run {stem.name.rpartition('-')[2]}",
        resume="allow",
        config=config.model_dump(mode="json"),
    ) as run:
        yield lambda values, at: run.log(values, step=at)
