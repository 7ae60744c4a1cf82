"""lighteval: a row per document, with the pass@k it estimated; c = n pass@1.

Source: huggingface/lighteval, `src/lighteval/logging/info_loggers.py`.
"""

import re
from typing import Any

from pkpo_toy.errors import InputError
from pkpo_toy.samples.evaluation import Collector
from pkpo_toy.samples.formats.format import Format, Head, number, wanted
from pkpo_toy.samples.formats.lm_eval import successes
from pkpo_toy.samples.formats.parquet import rows_of
from pkpo_toy.samples.rows import Source, shown

_PASS = re.compile(r"pass@k:k=([1-9]\d{0,5})&n=([1-9]\d{0,5})")


def _recognises(head: Head) -> bool:
    return {"doc", "metric", "model_response"} <= head.keys()


def _read(source: Source, into: Collector) -> str:
    chosen = ""
    for where, row in rows_of(source, ["doc", "metric"]):
        kept, document = _fields(row, "metric", where), _fields(row, "doc", where)
        metrics = {name: value for name, value in kept.items() if _PASS.fullmatch(name)}
        if not metrics:
            names = ", ".join(map(shown, kept)) or "none"
            raise InputError(f"{where}: no metric pass@k:k=K&n=N; kept: {names}.")
        least = min(metrics, key=lambda name: int(name.split("=")[1].split("&")[0]))
        chosen = chosen or into.choose("metric", metrics, least)
        k, n = (int(part.split("=")[1]) for part in chosen.removeprefix("pass@k:").split("&"))
        value = number(wanted(metrics, chosen, where), where, chosen)
        into.count(str(wanted(document, "id", where)), n, successes(n, k, value, where))
    return chosen


def _fields(row: dict[str, Any], name: str, where: str) -> dict[str, Any]:
    if not isinstance(row[name], dict):
        raise InputError(f"{where}: {name} must hold fields, got {shown(row[name])}.")
    return dict(row[name])


FORMAT = Format(
    "lighteval", "details_TASK_DATE.parquet", _recognises, _read, "formats/details_toy_2026.parquet"
)
