"""Schedules of k over training: how they are written down, and what k is at each step."""

import re

import numpy as np

from pkpo_toy.errors import InputError
from pkpo_toy.typing import Integers

GRAMMAR = (
    'k must be a whole number of at least 1, "n" (k = n), steps like "8@0, 1@1500" that start '
    'at step 0, "linear 8->1" or "geometric 8->1"'
)
_VALUE = r"(\d+|n)"
_STEP = re.compile(rf"\s*{_VALUE}\s*@\s*(\d+)\s*")
_RAMP = re.compile(rf"\s*(linear|geometric)\s+{_VALUE}\s*->\s*{_VALUE}\s*")


def k_schedule(schedule: int | str, n: int, steps: int) -> Integers:
    """The k of every training step.

    A whole number is constant; "n" stands for n wherever a value may stand; "8@0, 1@1500" is 8
    until step 1500 and 1 from there on; "linear a->b" and "geometric a->b" go from a at the first
    step to b at the last, in a straight line of k or of log k, rounded to the nearest integer.

    n: samples per group, >= 1; steps >= 1. Returns int64 of shape (steps,), every entry >= 1.

    Raises InputError if the text does not follow this grammar, if a value is below 1, or if a step
    would change k only after the last one.
    """
    text = str(schedule)
    if isinstance(schedule, bool) or not isinstance(schedule, int | str):
        raise _bad(schedule)
    if re.fullmatch(rf"\s*{_VALUE}\s*", text):
        return np.full(steps, _value(text, n, schedule), dtype=np.int64)
    if ramp := _RAMP.fullmatch(text):
        space = np.linspace if ramp[1] == "linear" else np.geomspace
        first, last = (_value(end, n, schedule) for end in ramp.groups()[1:])
        return np.rint(space(first, last, steps)).astype(np.int64)
    return _stepped(text, n, steps)


def _bad(schedule: object) -> InputError:
    return InputError(f"{GRAMMAR}; got {schedule!r}.")


def _value(text: str, n: int, schedule: object) -> int:
    value = n if text.strip() == "n" else int(text)
    if value < 1:
        raise _bad(schedule)
    return value


def _stepped(text: str, n: int, steps: int) -> Integers:
    matches = [_STEP.fullmatch(part) for part in text.split(",")]
    pairs = [(_value(m[1], n, text), int(m[2])) for m in matches if m]
    starts = [start for _, start in pairs]
    if len(pairs) < len(matches) or starts[0] != 0 or starts != sorted(set(starts)):
        raise _bad(text)
    if starts[-1] >= steps:
        raise InputError(
            f"the schedule {text!r} changes k at step {starts[-1]}, "
            f"but the steps are 0 to {steps - 1}."
        )
    lengths = np.diff([*starts, steps])
    return np.repeat([value for value, _ in pairs], lengths).astype(np.int64)
