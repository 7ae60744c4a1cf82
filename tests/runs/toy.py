"""Toy cells: functions of a specification with nothing of a study in them."""

import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from pkpo_toy.errors import InputError
from pkpo_toy.runs import Cell, generator, make_cell

Spec = dict[str, Any]


def cells(count: int, code: str = "v1", **options: Any) -> list[Cell]:
    """`count` cells that differ in `index`; the options are part of every specification."""
    return [make_cell({"index": index, "seed": 0, **options}, code) for index in range(count)]


def draw(spec: Spec) -> pd.DataFrame:
    """A few rows of random numbers, after `seconds`; the process is noted in the file `pids`."""
    if "pids" in spec:
        note(spec["pids"], f"{spec['index']} {os.getpid()}\n")
    time.sleep(spec.get("seconds", 0.0))
    rng = generator(spec["seed"], spec)
    values = rng.normal(size=spec.get("rows", 3))
    label = f"cell, no. {spec['index']}"
    return pd.DataFrame({"index": spec["index"], "label": label, "value": values})


def sleep_from_two(spec: Spec) -> pd.DataFrame:
    """`draw`, for a minute from the third cell on."""
    return draw({**spec, "seconds": 60.0 if spec["index"] >= 2 else 0.0})


def hold(spec: Spec) -> pd.DataFrame:
    """A minute in one call in C that lets no other Python thread run."""
    note(spec["pids"], f"{spec['index']} {os.getpid()}\n")
    sum(range(3 * 10**9))
    return draw(spec)


def note(path: str, text: str) -> None:
    """Append a short text, whole, whoever else does."""
    with open(path, "a") as file:
        file.write(text)


def means(spec: Spec, frame: pd.DataFrame) -> pd.DataFrame:
    """One summary row a cell."""
    return pd.DataFrame({"index": frame["index"].iloc[:1], "mean": [frame["value"].mean()]})


def multiply(spec: Spec) -> pd.DataFrame:
    """A matrix product large enough for BLAS to share out among threads, if it may."""
    rng = generator(spec["seed"], spec)
    left, right = rng.normal(size=(2, 700, 700))
    product = left @ right @ np.ones(700)
    return pd.DataFrame({"index": spec["index"], "value": product[:50]})


def no_answer(spec: Spec) -> None:
    """The first cell takes its seconds before it fails, the others fail at once."""
    time.sleep(spec.get("seconds", 0.0) if spec["index"] == 0 else 0.0)
    raise ArithmeticError("no answer")


def not_yet(spec: Spec) -> None:
    if calls(spec["calls"]) < 2:
        raise ArithmeticError("not yet")


def wrong_input(spec: Spec) -> None:
    raise InputError("k must be at most 8, got 9")


def leave(spec: Spec) -> None:
    raise SystemExit(3)


def die(spec: Spec) -> None:
    time.sleep(spec.get("seconds", 0.0))
    os.kill(os.getpid(), signal.SIGKILL)


def swallow(spec: Spec) -> None:
    with suppress(BaseException):
        time.sleep(spec["seconds"])


TROUBLE: dict[str, Callable[[Spec], None]] = {
    each.__name__: each for each in (no_answer, not_yet, wrong_input, leave, die, swallow)
}


def trouble(spec: Spec) -> pd.DataFrame:
    """`draw`, but the cells whose index is in `bad` do what `how` says and note it in `calls`."""
    if spec["index"] in spec["bad"]:
        note(spec["calls"], "x")
        TROUBLE[spec["how"]](spec)
    return draw({**spec, "seconds": 0.0, "calls": ""})


def calls(path: str | Path) -> int:
    """How often the bad cells were called."""
    return Path(path).stat().st_size if Path(path).exists() else 0
