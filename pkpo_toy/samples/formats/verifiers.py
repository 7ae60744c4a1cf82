"""verifiers: `results.jsonl`, a line per rollout; and `traces.jsonl` of its version 1 and prime-rl.

A trace's reward is the sum of score times weight. Source: willccbb/verifiers.
"""

from typing import Any

from pydantic import Field

from pkpo_toy.errors import InputError
from pkpo_toy.samples.evaluation import Collector
from pkpo_toy.samples.formats.format import Format, Head, Record, lines_of, number, objects_of
from pkpo_toy.samples.rows import Source, shown


class _Reward(Record):
    score: float = Field(allow_inf_nan=False)
    weight: float = Field(1.0, allow_inf_nan=False)


class _Trace(Record):
    rewards: dict[str, _Reward]


class _Task(Record):
    key: str | int | None = None
    data: dict[str, Any] = Field(default_factory=dict)


class _Episode(Record):
    task: _Task
    ok: bool = True
    traces: list[_Trace] = Field(default_factory=list)


def _is_results(head: Head) -> bool:
    return {"example_id", "reward"} <= head.keys()


def _read_results(source: Source, into: Collector) -> str:
    score = into.score or "reward"
    into.asked.add("score")
    for where, line in objects_of(source):
        problem = into.grouped(line, where) or line.get("example_id")
        if not isinstance(problem, str | int):
            raise InputError(
                f"{where}: example_id must be text or an integer, got {shown(problem)}."
            )
        metrics = line.get("metrics")
        values = {"reward": line.get("reward")} | (metrics if isinstance(metrics, dict) else {})
        into.choose("score", values, "reward")
        if line.get("error") is not None:
            into.leave_out("failed to run")
        elif values[score] is None:
            into.leave_out("unscored")
        else:
            into.add(problem, [number(values[score], where, score)])
    return score


def _is_traces(head: Head) -> bool:
    return {"task", "traces"} <= head.keys()


def _read_traces(source: Source, into: Collector) -> str:
    for where, line in lines_of(source, _Episode):
        if not line.ok:
            into.leave_out("failed to run")
            continue
        if len(line.traces) != 1:
            raise InputError(f"{where}: one trace a line can be read, got {len(line.traces)}.")
        problem = line.task.key if line.task.key is not None else line.task.data.get("idx")
        if problem is None:
            raise InputError(f"{where}: the task has neither key nor data.idx.")
        rewards = line.traces[0].rewards.values()
        total = sum(one.score * one.weight for one in rewards)
        into.add(problem, [number(total, where, "the weighted sum of rewards")])
    return "weighted sum of rewards"


RESULTS = Format(
    "verifiers", "results.jsonl", _is_results, _read_results, "formats/verifiers_results.jsonl"
)
TRACES = Format(
    "verifiers traces", "traces.jsonl", _is_traces, _read_traces, "formats/verifiers_traces.jsonl"
)
