"""BigCodeBench: per task a list of samples. Source: its `bigcodebench/evaluate.py`."""

from pkpo_toy.samples.evaluation import Collector
from pkpo_toy.samples.formats.format import Format, Head, Record, document_of
from pkpo_toy.samples.rows import Source


class _Sample(Record):
    status: str


class _Document(Record):
    eval: dict[str, list[_Sample]]


def _recognises(head: Head) -> bool:
    sample = head.at("eval", None, 0)
    return isinstance(sample, dict) and "status" in sample and "base_status" not in sample


def _read(source: Source, into: Collector) -> str:
    for task, samples in document_of(source, _Document).eval.items():
        into.add(task, (one.status == "pass" for one in samples))
    return ""


FORMAT = Format(
    "BigCodeBench", "X_eval_results.json", _recognises, _read, "formats/bcb_eval_results.json"
)
