"""Settings as columns: what tells the cells of a run apart, in its records and its summary."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from pkpo_toy.studies.study import Study

SEED = "seed"
Settings = Mapping[str, Any]


def differing(configurations: Sequence[Settings]) -> list[str]:
    """The settings that are not the same in all cells, in the order of the Config."""
    return [
        name for name in configurations[0] if len({_text(one[name]) for one in configurations}) > 1
    ]


def with_columns(frame: pd.DataFrame, config: Settings, names: Sequence[str]) -> pd.DataFrame:
    """The frame of a cell with these settings in front, a column each that it does not have yet.

    Lists and tables are written as JSON, so that every column holds numbers or text. Where the
    frame has a column of one entry of the list (k_eval), the list is column NAME_setting.
    """
    front = pd.DataFrame(index=frame.index)
    for name in dict.fromkeys(names):
        value = config[name]
        if isinstance(value, list | tuple | dict):
            front[f"{name}_setting" if name in frame else name] = _text(value)
        elif name not in frame:
            front[name] = value
    return pd.concat([front, frame], axis=1)


def _text(value: Any) -> str:
    return json.dumps(value)


def pooled(
    study: Study, cells: Sequence[tuple[Settings, pd.DataFrame]], names: Sequence[str]
) -> pd.DataFrame:
    """The frame of the study's figure with cells that differ in the seed alone made one.

    Replicates are put together before they are summarised. What has no replicates is averaged over
    the seeds, with the standard error of the average: estimates of different seeds are independent.

    cells: settings and records of every cell; names: the settings that are columns.
    """
    groups: dict[str, list[tuple[Settings, pd.DataFrame]]] = {}
    for config, records in cells:
        same = _text({name: value for name, value in config.items() if name != SEED})
        groups.setdefault(same, []).append((config, records))
    parts = [_pool(study, group, names) for group in groups.values()]
    return pd.concat(parts, ignore_index=True)


def _pool(
    study: Study, group: Sequence[tuple[Settings, pd.DataFrame]], names: Sequence[str]
) -> pd.DataFrame:
    config, first = group[0]
    named = [name for name in names if name != SEED]
    if "replicate" in first:
        count = int(first["replicate"].max()) + 1
        frames = [
            records.assign(replicate=records["replicate"] + turn * count)
            for turn, (_, records) in enumerate(group)
        ]
        return with_columns(study.summarize(pd.concat(frames, ignore_index=True)), config, named)
    frames = [records if study.draws == "records" else study.summarize(records)
              for _, records in group]  # fmt: skip
    return with_columns(_average(frames), config, named)


def _average(frames: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Row by row the mean of the numbers; of a column x_se the standard error of that mean."""
    first = frames[0]
    average = first.copy()
    for name in first.columns:
        if pd.api.types.is_float_dtype(first[name]):
            values = np.array([frame[name].to_numpy() for frame in frames])
            squared = np.sqrt((values**2).sum(axis=0)) / len(frames)
            average[name] = squared if name.endswith("_se") else values.mean(axis=0)
    return average
