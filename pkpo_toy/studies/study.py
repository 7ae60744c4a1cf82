"""What a study is: the settings of a cell, `run` -> records, `summarize` -> summary rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any, Literal

import numpy as np
import pandas as pd

from pkpo_toy.errors import InputError
from pkpo_toy.extras import install_command
from pkpo_toy.training.config import Config


@dataclass(frozen=True)
class Study:
    """A question: its settings, its computation and what its figure is drawn from.

    `run(config, rng)` returns the tidy records of one cell, `summarize(records)` its summary rows;
    a study's summary is the concatenation over its cells. Settings that differ between cells are
    columns of both, put there for it; `columns` are those that always are. `figure` names a file
    of `plotting/figures`, drawn from what `draws` says. `exact`: `run` draws no random numbers and
    is quick, so records that are not stored can be had again. `version` changes when the columns
    do. `extra` is the extra of the package that brings the modules `needs`.
    """

    question: str
    config: type[Config]
    run: Callable[[Any, np.random.Generator], pd.DataFrame]
    summarize: Callable[[pd.DataFrame], pd.DataFrame]
    figure: str
    reproduces: str = ""
    columns: tuple[str, ...] = ()
    version: int = 1
    draws: Literal["summary", "records"] = "summary"
    exact: bool = False
    extra: str = ""
    needs: tuple[str, ...] = ()

    def check_installed(self) -> None:
        """InputError with the install command unless all that `run` needs is there."""
        missing = [name for name in self.needs if find_spec(name) is None]
        if missing:
            raise InputError(
                f"this study needs {' and '.join(missing)}: {install_command(self.extra)}"
            )


def as_is(frame: pd.DataFrame) -> pd.DataFrame:
    """For studies whose records are already the summary."""
    return frame
