"""MultiPL-E: a file per problem. Source: nuprl/MultiPL-E, `evaluation/src`."""

from pkpo_toy.samples.evaluation import Collector
from pkpo_toy.samples.formats.format import Format, Head, Record, document_of
from pkpo_toy.samples.rows import Source


class _Result(Record):
    status: str
    exit_code: int


class _Problem(Record):
    name: str
    language: str
    results: list[_Result]


def _recognises(head: Head) -> bool:
    result = head.at("results", 0)
    return isinstance(result, dict) and {"status", "exit_code"} <= set(result)


def _read(source: Source, into: Collector) -> str:
    problem = document_of(source, _Problem)
    right = (one.status == "OK" and one.exit_code == 0 for one in problem.results)
    into.add(f"{problem.language}/{problem.name}", right)
    return ""


FORMAT = Format(
    "MultiPL-E",
    "X.results.json, a file per problem",
    _recognises,
    _read,
    "formats/H_0.results.json",
)
