"""lighteval: a row per document, with the pass@k it estimated; c = n pass@1.

Source: huggingface/lighteval, `src/lighteval/logging/info_loggers.py`.
"""

import re

from pkpo_toy.errors import InputError
from pkpo_toy.samples.evaluation import Collector
from pkpo_toy.samples.formats.format import Format, Head, number
from pkpo_toy.samples.formats.lm_eval import successes
from pkpo_toy.samples.formats.parquet import rows_of
from pkpo_toy.samples.rows import Source, shown

_PASS = re.compile(r"pass@k:k=([1-9]\d*)&n=([1-9]\d*)")


def _recognises(head: Head) -> bool:
    return {"doc", "metric", "model_response"} <= head.keys()


def _read(source: Source, into: Collector) -> str:
    chosen = ""
    for where, row in rows_of(source, ["doc", "metric"]):
        metrics = {name: value for name, value in row["metric"].items() if _PASS.fullmatch(name)}
        if not metrics:
            kept = ", ".join(map(shown, row["metric"]))
            raise InputError(f"{where}: no metric pass@k:k=K&n=N; kept: {kept or 'none'}.")
        least = min(metrics, key=lambda name: int(name.split("=")[1].split("&")[0]))
        chosen = chosen or into.choose("metric", metrics, least)
        k, n = (int(part.split("=")[1]) for part in chosen.removeprefix("pass@k:").split("&"))
        into.count(
            row["doc"]["id"], n, successes(n, k, number(metrics[chosen], where, chosen), where)
        )
    return chosen


FORMAT = Format(
    "lighteval", "details_TASK_DATE.parquet", _recognises, _read, "formats/details_toy_2026.parquet"
)
