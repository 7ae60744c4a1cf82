"""lm-evaluation-harness: a line per document and filter, which keeps metrics, not what was right.

n is the number of responses, c = n pass@1. Where only pass@j with j > 1 is kept, c is the count
whose estimate it is. Any other metric is one value a document, so it can be read for n = 1 alone.
Source: its `lm_eval/loggers/evaluation_tracker.py`, 0.4.
"""

import re
from collections import defaultdict

import numpy as np

from pkpo_toy.errors import InputError, unknown
from pkpo_toy.estimators import pass_at_k
from pkpo_toy.samples.evaluation import Collector
from pkpo_toy.samples.formats.format import (
    Format,
    Head,
    number,
    numbers_in,
    objects_of,
    wanted,
    whole,
)
from pkpo_toy.samples.rows import Source, shown

_PASS = re.compile(r"pass@([1-9][0-9]{0,5})")
_Values = dict[tuple[str, str], list[tuple[str, str, int, float]]]
"""(metric, filter) -> where it stands, document, n and value of each line."""


def _recognises(head: Head) -> bool:
    return {"doc_id", "resps"} <= head.keys()


def _read(source: Source, into: Collector) -> str:
    values, single, lines = _values(source, into)
    metric, name = _chosen(source, into, values, single)
    scored = {where for where, *_ in values[metric, name]}
    for where in lines[name]:
        if where not in scored:
            raise InputError(f"{where}: no {metric!r}, which other lines of this filter have.")
    for where, document, n, value in values[metric, name]:
        if _PASS.fullmatch(metric):
            into.count(document, n, successes(n, int(metric[5:]), value, where))
        else:
            into.add(document, [value])
    return f"{metric}, filter {name}"


def _values(source: Source, into: Collector) -> tuple[_Values, bool, dict[str, list[str]]]:
    """Every numeric metric, whether n = 1 throughout, and where the lines of each filter stand."""
    values: _Values = defaultdict(list)
    lines: dict[str, list[str]] = defaultdict(list)
    single = True
    for where, line in objects_of(source):
        document, name = str(wanted(line, "doc_id", where)), str(line.get("filter", "none"))
        responses = wanted(line, "resps", where)
        first = responses[0] if isinstance(responses, list) and responses else None
        if not isinstance(first, list) or not first:
            raise InputError(
                f"{where}: resps must hold a list of responses, got {shown(responses)}."
            )
        n = len(first)
        lines[name].append(where)
        single &= n == 1
        into.once("document and filter", source.name, document, name)
        into.same("document", document, str(line.get("doc_hash")))
        listed = line.get("metrics")
        metrics = listed if isinstance(listed, list) and listed else numbers_in(line, {"doc_id"})
        for metric in map(str, metrics):
            if isinstance(line.get(metric), list | dict | str):
                continue
            value = number(line.get(metric), where, metric)
            values[metric, name].append((where, document, n, value))
    return values, single, lines


def _chosen(source: Source, into: Collector, values: _Values, single: bool) -> tuple[str, str]:
    """The metric and filter that `--score` names (either, or both as METRIC,FILTER), or the only.

    Of several pass@j of one filter the one with the smallest j.
    """
    into.asked.add("score")
    usable = [key for key in values if single or _PASS.fullmatch(key[0])]
    if not usable:
        kept = ", ".join(sorted({metric for metric, _ in values})) or "no metric"
        raise InputError(
            f"{source.name} keeps one value for several responses ({kept}): how many were right "
            "cannot be read from that; pass@1 can."
        )
    names = {",".join(key): key for key in usable}
    if into.score is not None:
        usable = [key for key in usable if into.score in (*key, ",".join(key))]
        if not usable:
            raise unknown("score", into.score, names)
    least: dict[tuple[str, str], tuple[str, str]] = {}
    for metric, name in sorted(usable, key=lambda key: (len(key[0]), key)):
        least.setdefault(("pass@" if _PASS.fullmatch(metric) else metric, name), (metric, name))
    if len(least) > 1:
        several = ", ".join(",".join(key) for key in least.values())
        raise InputError(f"{source.name} holds several scores; choose by --score: {several}.")
    return next(iter(least.values()))


def successes(n: int, k: int, value: float, where: str) -> int:
    """The c whose estimate of pass@k from n samples is this value.

    Raises InputError if there is none, or several.
    """
    if not 0 <= value <= 1:
        raise InputError(f"{where}: pass@{k} must be in 0..1, got {value:g}.")
    if k == 1:
        return whole(n * value, where, "pass@1")
    estimates = pass_at_k(n, np.arange(n + 1), k) if k <= n else np.array([])
    fitting = np.flatnonzero(np.abs(estimates - value) < 1e-9)
    if len(fitting) != 1:
        many = f"{fitting[0]} to {fitting[-1]}" if len(fitting) else "no number"
        raise InputError(
            f"{where}: pass@{k} = {value:g} fits {many} right among {n}; pass@1 is needed."
        )
    return int(fitting[0])


FORMAT = Format(
    "lm-evaluation-harness",
    "samples_TASK_DATE.jsonl",
    _recognises,
    _read,
    "formats/samples_toyk_2026-11-24.jsonl",
)
