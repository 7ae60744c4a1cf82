"""The curves of training figures: which rows make one, how it looks and what it is called."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pandas as pd

from pkpo_toy.plotting.figure import Legend
from pkpo_toy.plotting.parts import key
from pkpo_toy.plotting.style import Look, estimator_look, number_look, spare_look, training_look
from pkpo_toy.plotting.words import in_symbols, setting

IDENTITY = ("label", "k_opt", "n", "entropy_bonus", "estimator")
"""The columns of every training frame that tell its curves apart."""


def with_series(
    frame: pd.DataFrame, more: tuple[str, ...] = (), apart: tuple[str, ...] = ()
) -> pd.DataFrame:
    """The frame with a column `look`, one Look for each curve: no two share colour and dash.

    more: swept settings beside IDENTITY that tell curves apart; apart: those that blocks tell
    apart, so that the same curve looks the same in every block.
    """
    names = dict.fromkeys((*IDENTITY, *more))
    columns = [name for name in names if name in frame and name not in apart]
    looks: dict[tuple[Any, ...], Look] = {}
    keys = list(frame[columns].itertuples(index=False, name=None))
    for values in dict.fromkeys(keys):
        looks[values] = _look(dict(zip(columns, values, strict=True)), more, frame, looks)
    return with_looks(frame, [looks[values] for values in keys])


def with_looks(frame: pd.DataFrame, looks: Sequence[Look]) -> pd.DataFrame:
    """The frame with the look of each row's curve."""
    return frame.assign(look=pd.Series(list(looks), index=frame.index, dtype=object))


def _look(
    row: dict[str, Any], more: tuple[str, ...], frame: pd.DataFrame, taken: dict[Any, Look]
) -> Look:
    """The look of one curve: that of its k, or of the setting that is told apart by curves."""
    text = [in_symbols(str(row["label"])), *(setting(name, row[name]) for name in more)]
    if not more:
        look = training_look(row["k_opt"], int(row["n"]), float(row["entropy_bonus"]))
    elif more == ("estimator",):
        look = estimator_look(str(row["estimator"]))
    elif len(more) == 1 and pd.api.types.is_numeric_dtype(frame[more[0]]):
        values = sorted(frame[more[0]].unique())
        look = number_look(values.index(row[more[0]]), len(values))
    else:
        look = spare_look(len(taken))
    if frame["label"].nunique() == 1 and more:
        text = text[1:]
    label = ", ".join(text)
    if label in {one.label for one in taken.values()}:
        label += f" ({', '.join(setting(name, row[name]) for name in IDENTITY[1:] if name in row)})"
    if (look.colour, look.dash) in {(one.colour, one.dash) for one in taken.values()}:
        look = spare_look(len(taken))
    return replace(look, label=label)


def curves(frame: pd.DataFrame) -> list[tuple[Look, pd.DataFrame]]:
    """The rows of each curve with its look, in order of appearance."""
    found = {look.label: look for look in frame["look"]}
    labels = frame["look"].map(lambda look: look.label)
    return [(look, frame[labels == label]) for label, look in found.items()]


def legend(frame: pd.DataFrame, columns: int, note: str) -> Legend:
    """An entry for each curve of the frame."""
    return Legend([key(look) for look, _ in curves(frame)], columns, note)
