"""Events of a lesson, read off its recording: a sentence for each lasting change."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from pkpo_toy.lessons.curves import PolicyCurves, peaks, percent, policy_curves
from pkpo_toy.lessons.lessons import KS, Recording
from pkpo_toy.typing import Flags

COMMITTED = 0.9  # of the mass on one answer
NEAR = 0.95  # of the best possible
STILL = 0.01  # of the last value: no further away than this is standing still
STANDING = 0.25  # of the run, at least, before standing still is worth a word
AHEAD = 0.002  # a smaller lead is none
LOST = 0.05  # of reward given up is worth a word
EDGE, CROSSED = 1.0, 0.1  # of the throws beyond the edge
MARGIN = 0.01  # of mass, by which one peak leads another


@dataclass(frozen=True)
class Event:
    """`step`: the first report from which on `sentence` about the policy trained for k is true."""

    step: int
    k: int
    kind: str
    sentence: str


def find_events(recording: Recording) -> list[Event]:
    """The events of a lesson in the order of the steps."""
    every = policy_curves(recording)
    found: list[Event] = []
    for policy in every:
        found += [*_moved(policy), *_committed(policy), *_crossed(policy), *_near(policy)]
        found += [*_stalled(policy), *_gave_up(policy), *_overtook(policy, every[0])]
    return sorted(found, key=lambda event: event.step)


def first_for_good(holds: Flags) -> int | None:
    """The first place from which on a condition holds to the end; None if never, or from 0 on."""
    if not holds[-1]:
        return None
    fails = np.flatnonzero(~holds)
    return int(fails[-1]) + 1 if len(fails) else None


def _moved(policy: PolicyCurves) -> Iterator[Event]:
    """The answers around another peak take over the most mass."""
    hills = peaks(policy)
    if len(hills) < 2:
        return
    mass = {top: policy.chances @ hill for top, hill in hills.items()}
    first = max(mass, key=lambda top: float(mass[top][0]))
    last = max(mass, key=lambda top: float(mass[top][-1]))
    others = np.max([mass[top] for top in mass if top != last], axis=0)
    at = first_for_good(mass[last] > others + MARGIN)
    if first != last and at is not None:
        yield _event(
            policy,
            at,
            "moved",
            f"{policy.label} changes sides: {percent(mass[last][at])} of its tries are now around "
            f"{last}, {percent(mass[first][at])} around {first}.",
        )


def _committed(policy: PolicyCurves) -> Iterator[Event]:
    """More than 90% of the mass on one answer."""
    if policy.throws:
        return
    top = int(policy.chances[-1].argmax())
    at = first_for_good(policy.chances[:, top] > COMMITTED)
    if at is not None:
        yield _event(
            policy,
            at,
            "committed",
            f"{policy.label} has committed: {percent(policy.chances[at, top])} of its tries "
            f"are answer {policy.arms[top]:g}.",
        )


def _crossed(policy: PolicyCurves) -> Iterator[Event]:
    """More than 10% of the throws beyond the edge at 1."""
    if not policy.throws:
        return
    beyond = policy.beyond(EDGE)
    at = first_for_good(beyond > CROSSED)
    if at is not None:
        yield _event(
            policy,
            at,
            "crossed",
            f"{policy.label} takes risks: it aims at {policy.aim[at]:.2f}, so close to the edge "
            f"that {percent(beyond[at])} of its throws go over.",
        )


def _near(policy: PolicyCurves) -> Iterator[Event]:
    """The policy's own pass@k reaches 95% of the best possible."""
    k, value, best = policy.k, policy.values[policy.k], policy.optimum[policy.k]
    at = first_for_good(value >= NEAR * best)
    if at is not None:
        yield _event(
            policy,
            at,
            "near",
            f"{policy.label} is within 5% of the best possible pass@{k}: "
            f"{value[at]:.3f} of {best:.3f}.",
        )


def _stalled(policy: PolicyCurves) -> Iterator[Event]:
    """The policy's own pass@k stands still for the last quarter of the run or more, too low."""
    k, value, best = policy.k, policy.values[policy.k], policy.optimum[policy.k]
    at = first_for_good(np.abs(value - value[-1]) <= STILL * abs(value[-1]))
    if at is None or value[-1] >= NEAR * best:
        return
    if policy.steps[-1] - policy.steps[at] >= STANDING * policy.steps[-1]:
        yield _event(
            policy,
            at,
            "stalled",
            f"{policy.label} is stuck: its pass@{k} is {value[at]:.3f} and hardly moves "
            f"any more, though {best:.3f} is possible.",
        )


def _gave_up(policy: PolicyCurves) -> Iterator[Event]:
    """Single tries, or many, have become worse than they were, for the sake of the own k."""
    for k in sorted({KS[0], KS[-1]} - {policy.k}):
        value = policy.values[k]
        peak = np.maximum.accumulate(value)
        at = first_for_good(value < peak - LOST)
        if at is not None:
            tries = "a single try earns" if k == 1 else f"the best of {k} tries earns"
            yield _event(
                policy,
                at,
                f"gave up pass@{k}",
                f"{policy.label} pays a price: {tries} {value[at]:.3f}, down from {peak[at]:.3f}.",
            )


def _overtook(policy: PolicyCurves, single: PolicyCurves) -> Iterator[Event]:
    """A policy that was behind the one trained for single tries leads it for good."""
    for k in sorted({1, policy.k}) if policy.k > 1 else ():
        lead = policy.values[k] - single.values[k]
        at = first_for_good(lead >= AHEAD)
        if at is not None and (lead[:at] <= -AHEAD).any():
            judged = "by single tries" if k == 1 else f"by the best of {k} tries"
            yield _event(
                policy,
                at,
                f"overtook pass@{k}",
                f"{policy.label} overtakes k = 1, judged {judged}: "
                f"{policy.values[k][at]:.3f} against {single.values[k][at]:.3f}.",
            )


def _event(policy: PolicyCurves, at: int, kind: str, sentence: str) -> Event:
    return Event(int(policy.steps[at]), policy.k, kind, sentence)
