"""EvalPlus: per task a list of samples, each with two statuses.

A sample passes the plus tests if both statuses are "pass": it may fail base and pass plus.
Source: evalplus/evalplus, `evalplus/evaluate.py`.
"""

from pkpo_toy.samples.evaluation import Collector
from pkpo_toy.samples.formats.format import Format, Head, Record, document_of
from pkpo_toy.samples.rows import Source


class _Sample(Record):
    base_status: str
    plus_status: str | None = None


class _Document(Record):
    eval: dict[str, list[_Sample]]


def _recognises(head: Head) -> bool:
    sample = head.at("eval", None, 0)
    return isinstance(sample, dict) and "base_status" in sample


def _read(source: Source, into: Collector) -> str:
    tasks = document_of(source, _Document).eval
    both = all(one.plus_status is not None for samples in tasks.values() for one in samples)
    choices = ["plus", "base"] if both else ["base"]
    tests = into.choose("test set", choices, default=choices[0])
    for task, samples in tasks.items():
        right = (
            one.base_status == "pass" and (tests == "base" or one.plus_status == "pass")
            for one in samples
        )
        into.add(task, right)
    return f"{tests} tests"


FORMAT = Format(
    "EvalPlus", "X_eval_results.json", _recognises, _read, "formats/evalplus_eval_results.json"
)
