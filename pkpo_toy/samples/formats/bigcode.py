"""bigcode-evaluation-harness: per problem number a list of [sample number, result].

Source: its `bigcode_eval/tasks/humanevalpack.py`.
"""

from pkpo_toy.samples.evaluation import Collector
from pkpo_toy.samples.formats.format import Format, Head, Record, document_of
from pkpo_toy.samples.rows import Source


class _Result(Record):
    passed: bool


def _recognises(head: Head) -> bool:
    entry = head.at(None, 0, 1)
    return isinstance(head.value, dict) and isinstance(entry, dict) and "passed" in entry


def _read(source: Source, into: Collector) -> str:
    for problem, samples in document_of(source, dict[str, list[tuple[int, _Result]]]).items():
        into.add(problem, (result.passed for _, result in samples))
    return ""


FORMAT = Format(
    "bigcode-evaluation-harness", "logs.json", _recognises, _read, "formats/bigcode_logs.json"
)
