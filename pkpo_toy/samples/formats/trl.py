"""TRL: a row per completion, a column per reward function; their weighted total is not stored.

A problem is a prompt at a step. Source: huggingface/trl, `trl/trainer/grpo_trainer.py`.
"""

import math

from pkpo_toy.samples.evaluation import Collector
from pkpo_toy.samples.formats.format import Format, Head, number
from pkpo_toy.samples.formats.parquet import numeric_columns, rows_of
from pkpo_toy.samples.rows import Source

_OTHERS = {"step", "advantage"}


def _recognises(head: Head) -> bool:
    return {"prompt", "completion"} <= head.keys() and head.container == "parquet"


def _read(source: Source, into: Collector) -> str:
    reward = into.choose("reward", numeric_columns(source, _OTHERS))
    wanted = [*dict.fromkeys(("step", "prompt", reward, *into.group_by))]
    for where, row in rows_of(source, wanted):
        problem = into.grouped(row, where) or f"step {row['step']}: {row['prompt']}"
        value = row[reward]
        if value is None or (isinstance(value, float) and math.isnan(value)):
            into.leave_out("unscored")
        else:
            into.add(problem, [number(value, where, reward)])
    return reward


FORMAT = Format(
    "TRL", "completions_STEP.parquet", _recognises, _read, "formats/completions_00005.parquet"
)
