"""NeMo-Skills: line i of every file is one sample of problem i. Source: NVIDIA/NeMo-Skills."""

from pkpo_toy.errors import InputError
from pkpo_toy.samples.evaluation import Collector
from pkpo_toy.samples.formats.format import Format, Head, number, objects_of
from pkpo_toy.samples.rows import Source

SCORES = ("symbolic_correct", "is_correct", "judge_correct")


def _recognises(head: Head) -> bool:
    keys = head.keys()
    return "generation" in keys and not keys.isdisjoint(SCORES)


def _read(source: Source, into: Collector) -> str:
    score = ""
    for place, (where, line) in enumerate(objects_of(source)):
        score = score or into.choose("score", [name for name in SCORES if name in line])
        if score not in line:
            raise InputError(f"{where}: no {score!r}, which the first line has.")
        into.same("the problem of line", place + 1, str(line.get("problem", "")))
        if line[score] is None:
            into.leave_out("unscored")
        else:
            into.add(place, [number(line[score], where, score)])
    return score


FORMAT = Format(
    "NeMo-Skills",
    "output-rsN.jsonl, line i of every file one problem",
    _recognises,
    _read,
    "formats/nemo_output-rs0.jsonl",
)
