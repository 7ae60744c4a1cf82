"""Toy cells: functions of a specification with nothing of a study in them."""

import os
import signal
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from pkpo_toy.errors import InputError
from pkpo_toy.runs import Cell, generator, make_cell


def cells(count: int, code: str = "v1", **options: Any) -> list[Cell]:
    """`count` cells that differ in `index`; the options are part of every specification."""
    return [make_cell({"index": index, "seed": 0, **options}, code) for index in range(count)]


def draw(spec: dict[str, Any]) -> pd.DataFrame:
    """A few rows of random numbers, after `seconds`."""
    time.sleep(spec.get("seconds", 0.0))
    rng = generator(spec["seed"], spec)
    rows = spec.get("rows", 3)
    return pd.DataFrame(
        {"index": spec["index"], "label": f"cell {spec['index']}", "value": rng.normal(size=rows)}
    )


def means(frame: pd.DataFrame) -> pd.DataFrame:
    """One summary row a cell."""
    return pd.DataFrame({"index": frame["index"].iloc[:1], "mean": [frame["value"].mean()]})


def multiply(spec: dict[str, Any]) -> pd.DataFrame:
    """A matrix product large enough for BLAS to share out among threads, if it may."""
    rng = generator(spec["seed"], spec)
    left, right = rng.normal(size=(2, 700, 700))
    product = left @ right @ np.ones(700)
    return pd.DataFrame({"index": spec["index"], "value": product[:50]})


def trouble(spec: dict[str, Any]) -> pd.DataFrame:
    """`draw`, but the cell whose index is `bad` does what `how` says, counting its calls in a file."""
    if spec["index"] == spec["bad"]:
        with open(Path(spec["calls"]), "a") as calls:
            calls.write("x")
        _misbehave(spec)
    return draw(spec)


def _misbehave(spec: dict[str, Any]) -> None:
    how = spec["how"]
    if how == "raise":
        raise ArithmeticError("no answer")
    if how == "raise once" and Path(spec["calls"]).stat().st_size == 1:
        raise ArithmeticError("not yet")
    if how == "input":
        raise InputError("k must be at most 8, got 9")
    if how == "exit":
        raise SystemExit(3)
    if how == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if how == "swallow":
        try:
            time.sleep(spec["seconds"])
        except BaseException:
            pass
