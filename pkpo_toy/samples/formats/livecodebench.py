"""LiveCodeBench: a list of problems with the grade of each sample, `X_eval_all.json`."""

from pkpo_toy.samples.evaluation import Collector
from pkpo_toy.samples.formats.format import Format, Head, Record, document_of
from pkpo_toy.samples.rows import Source


class _Problem(Record):
    question_id: str | int
    graded_list: list[bool]


def _recognises(head: Head) -> bool:
    first = head.at(0)
    return isinstance(first, dict) and "question_id" in first


def _read(source: Source, into: Collector) -> str:
    for problem in document_of(source, list[_Problem]):
        into.once("problem", source.name, problem.question_id)
        into.add(problem.question_id, problem.graded_list)
    return ""


FORMAT = Format("LiveCodeBench", "X_eval_all.json", _recognises, _read, "formats/lcb_eval_all.json")
