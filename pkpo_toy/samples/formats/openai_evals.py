"""OpenAI evals: a line per event; those of type "match" are the scores.

Source: openai/evals, `evals/record.py`.
"""

from typing import Any

from pkpo_toy.errors import InputError
from pkpo_toy.samples.evaluation import Collector
from pkpo_toy.samples.formats.format import Format, Head, Record, lines_of
from pkpo_toy.samples.rows import Source, shown


class _Event(Record):
    type: str = ""
    run_id: str = ""
    event_id: int | None = None
    sample_id: str | None = None
    data: Any = None


def _recognises(head: Head) -> bool:
    return isinstance(head.at("spec"), dict) or {"run_id", "event_id", "sample_id"} <= head.keys()


def _read(source: Source, into: Collector) -> str:
    for where, event in lines_of(source, _Event):
        if event.type == "error":
            into.leave_out("failed to run")
        if event.type != "match":
            continue
        right = event.data.get("correct") if isinstance(event.data, dict) else None
        if not isinstance(right, bool) or event.sample_id is None:
            must = "sample_id and data.correct, true or false"
            raise InputError(f"{where}: a match needs {must}, got {shown(event.data)}.")
        into.once("run and event", event.run_id, event.event_id)
        into.add(event.sample_id, [right])
    return "match events"


FORMAT = Format("OpenAI evals", "X.jsonl", _recognises, _read, "formats/openai_evals.jsonl")
