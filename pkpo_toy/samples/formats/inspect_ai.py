"""inspect_ai: logs as .json and as .eval, a zip of JSON files, a sample by `id` and `epoch`.

C, I, P and N are 1, 0, 1/2 and 0; NaN is unscored. Source: UKGovernmentBEIS/inspect_ai,
`src/inspect_ai/log/_log.py`, `src/inspect_ai/scorer/_metric.py`.
"""

import math
import zipfile
import zlib
from collections.abc import Iterator
from typing import Any

from pkpo_toy.errors import InputError
from pkpo_toy.samples.evaluation import Collector
from pkpo_toy.samples.formats.format import Format, Head, Record, document_of, number, parsed
from pkpo_toy.samples.rows import Source

LARGEST_SAMPLE = 2**28
"""Bytes of one sample, unpacked."""

_LETTERS = {"C": 1.0, "I": 0.0, "P": 0.5, "N": 0.0}


class _Score(Record):
    value: Any


class _Sample(Record):
    id: str | int
    epoch: int
    scores: dict[str, _Score] | None = None
    error: Any = None


class _Eval(Record):
    eval_id: str | None = None
    run_id: str = ""
    task_id: str = ""


class _Header(Record):
    eval: _Eval


class _Log(_Header):
    samples: list[_Sample] | None = None


def _is_json(head: Head) -> bool:
    return isinstance(head.at("eval"), dict) and "run_id" in head.at("eval")


def _read_json(source: Source, into: Collector) -> str:
    log = document_of(source, _Log)
    into.once("the run", *log.eval)
    return _take(source, into, iter(log.samples or []))


def _is_zip(head: Head) -> bool:
    return head.container == "zip"


def _read_zip(source: Source, into: Collector) -> str:
    try:
        with zipfile.ZipFile(source.stream) as archive:
            names = archive.namelist()
            start = next((n for n in ("header.json", "_journal/start.json") if n in names), None)
            if start is None:
                pickled = any(name.endswith("data.pkl") for name in names)
                kind = (
                    "a torch file, and nothing is loaded with pickle"
                    if pickled
                    else "no inspect log"
                )
                raise InputError(f"{source.name} is a zip file but {kind}.")
            header = parsed(
                _Header, _member(archive, start, source.name), f"{source.name}, {start}"
            )
            into.once("the run", *header.eval)
            return _take(source, into, _samples(archive, source.name))
    except NotImplementedError:
        raise InputError(
            f"{source.name} is compressed with zstd, which this Python cannot unpack; write it as "
            f"JSON first: inspect log convert --to json --output-dir OUT {source.name}"
        ) from None
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError) as error:
        raise InputError(f"{source.name} is no whole zip file: {error}.") from None


def _samples(archive: zipfile.ZipFile, source: str) -> Iterator[_Sample]:
    for name in archive.namelist():
        if name.startswith("samples/"):
            yield parsed(_Sample, _member(archive, name, source), f"{source}, {name}")


def _member(archive: zipfile.ZipFile, name: str, source: str) -> bytes:
    with archive.open(name) as file:
        data = file.read(LARGEST_SAMPLE + 1)
    if len(data) > LARGEST_SAMPLE:
        raise InputError(f"{source}: {name} unpacks to more than {LARGEST_SAMPLE} bytes.")
    return data


def _take(source: Source, into: Collector, samples: Iterator[_Sample]) -> str:
    kept = [(one.id, one.epoch, _values(one)) for one in samples]
    names = dict.fromkeys(name for _, _, values in kept for name in values or {})
    if not names:
        raise InputError(f"{source.name} holds no scored sample; score it first: inspect score.")
    scorer = into.choose("scorer", names)
    for name, epoch, values in kept:
        where = f"{source.name}, sample {name}, epoch {epoch}"
        into.once("sample and epoch", source.name, name, epoch)
        if values is None:
            into.leave_out("failed to run")
            continue
        value = values.get(scorer)
        if value is None or (isinstance(value, float) and math.isnan(value)):
            into.leave_out("unscored")
            continue
        letter = _LETTERS.get(value) if isinstance(value, str) else None
        into.add(name, [letter if letter is not None else number(value, where, scorer)])
    return f"scorer {scorer}"


def _values(sample: _Sample) -> dict[str, Any] | None:
    """The value of each scorer, of one with several values by SCORER/KEY; None if it failed."""
    if sample.error is not None and not sample.scores:
        return None
    values: dict[str, Any] = {}
    for scorer, score in (sample.scores or {}).items():
        if isinstance(score.value, dict):
            values |= {f"{scorer}/{key}": value for key, value in score.value.items()}
        else:
            values[scorer] = score.value
    return values


JSON = Format("inspect_ai", "X.json", _is_json, _read_json, "formats/inspect.json")
EVAL = Format("inspect_ai", "X.eval", _is_zip, _read_zip, "formats/inspect.eval")
