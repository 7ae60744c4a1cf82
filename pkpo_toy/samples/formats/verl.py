"""verl: a line per rollout. `acc` is preferred to `score`, which may be -1 or 1.

The problem is the `uid` without its last two fields (rollout numbers), else `step` and `input`.
Source: volcengine/verl, `verl/trainer/ppo/ray_trainer.py`, the dump of rollouts.
"""

from pkpo_toy.errors import InputError
from pkpo_toy.samples.evaluation import Collector
from pkpo_toy.samples.formats.format import Format, Head, number, numbers_in, objects_of
from pkpo_toy.samples.rows import Source, shown


def _recognises(head: Head) -> bool:
    return {"input", "output", "score"} <= head.keys()


def _read(source: Source, into: Collector) -> str:
    score = ""
    for where, line in objects_of(source):
        if not score:
            names = numbers_in(line, {"step", "uid"})
            score = into.choose("score", names, "acc" if "acc" in names else "score")
        if score not in line:
            raise InputError(f"{where}: no {score!r}, which the first line has.")
        problem = into.grouped(line, where) or _problem(line, where)
        if line[score] is None:
            into.leave_out("unscored")
        else:
            into.add(problem, [number(line[score], where, score)])
    return score


def _problem(line: dict[str, object], where: str) -> str:
    uid = line.get("uid")
    if isinstance(uid, str) and uid.count("_") >= 2:
        return uid.rsplit("_", 2)[0]
    if uid is not None:
        return str(uid)
    if not isinstance(line.get("input"), str):
        raise InputError(f"{where}: input must be text, got {shown(line.get('input'))}.")
    return f"step {line['step']}: {line['input']}" if "step" in line else str(line["input"])


FORMAT = Format(
    "verl",
    "STEP.jsonl of trainer.rollout_data_dir",
    _recognises,
    _read,
    "formats/verl_step_100.jsonl",
)
