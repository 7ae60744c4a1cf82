"""What a study is: a frozen Config of one cell, `run` -> records, `summarize` -> summary rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any, Literal, get_args, get_origin

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict, NonNegativeInt

from pkpo_toy.errors import InputError


class Config(BaseModel):
    """Settings of one cell. Unknown keys, wrong types and non-finite numbers are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    seed: NonNegativeInt = 0

    @classmethod
    def listed(cls) -> frozenset[str]:
        """Fields that are lists by nature; in all others a list multiplies into cells."""
        return frozenset(
            name
            for name, field in cls.model_fields.items()
            if tuple in {get_origin(t) for t in (field.annotation, *get_args(field.annotation))}
        )


@dataclass(frozen=True)
class Study:
    """A question: its settings, its computation and what its figure is drawn from.

    `run(config, rng)` returns the tidy records of one cell, `summarize(records)` its summary rows;
    a study's summary is the concatenation over its cells. `schema` changes when the columns do.
    `extra` is the extra of the package that brings the modules `needs`.
    """

    question: str
    config: type[Config]
    run: Callable[[Any, np.random.Generator], pd.DataFrame]
    summarize: Callable[[pd.DataFrame], pd.DataFrame]
    reproduces: str = ""
    schema: int = 1
    draws: Literal["summary", "records"] = "summary"
    rooms: tuple[str, ...] = ("estimators", "simulator", "studies")
    extra: str = ""
    needs: tuple[str, ...] = ()

    def check_installed(self) -> None:
        """InputError with the install command unless all that `run` needs is there."""
        missing = [name for name in self.needs if find_spec(name) is None]
        if missing:
            raise InputError(
                f"this study needs {' and '.join(missing)}: pip install 'pkpo-toy[{self.extra}]'"
            )


def canonical(config: Config) -> dict[str, Any]:
    """The configuration as plain JSON data, defaults written out."""
    return config.model_dump(mode="json")


def as_is(frame: pd.DataFrame) -> pd.DataFrame:
    """For studies whose records are already the summary."""
    return frame
