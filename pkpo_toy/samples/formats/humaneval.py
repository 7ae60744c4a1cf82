"""HumanEval: a line per sample. Source: openai/human-eval, `human_eval/evaluation.py`."""

from pkpo_toy.samples.evaluation import Collector
from pkpo_toy.samples.formats.format import Format, Head, Record, lines_of
from pkpo_toy.samples.rows import Source


class _Line(Record):
    task_id: str | int
    passed: bool


def _recognises(head: Head) -> bool:
    return {"task_id", "passed"} <= head.keys()


def _read(source: Source, into: Collector) -> str:
    for _, line in lines_of(source, _Line):
        into.add(line.task_id, [line.passed])
    return ""


FORMAT = Format(
    "HumanEval",
    "X.jsonl_results.jsonl",
    _recognises,
    _read,
    "formats/humaneval.jsonl_results.jsonl",
)
