"""What happened in a lesson, read off its frames: a sentence where something turned, or none."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pkpo_toy.lessons.curves import Track, peaks, percent, tracks
from pkpo_toy.lessons.lessons import KS, Taught

COMMITTED = 0.9  # of the mass on one answer
NEAR = 0.95  # of the best possible
STILL = 0.01  # of the last value: no further away than this is standing still
STANDING = 0.25  # of the run, at least, before standing still is worth a word
AHEAD = 0.002  # a smaller lead is none
LOST = 0.05  # of reward given up is worth a word
EDGE, CROSSED = 1.0, 0.1  # of the throws beyond the edge
MARGIN = 0.01  # of mass, by which one peak leads another


@dataclass(frozen=True)
class TurningPoint:
    """`step`: the first report at which `sentence` about the policy `label` was true for good."""

    step: int
    label: str
    kind: str
    sentence: str


def turning_points(taught: Taught) -> list[TurningPoint]:
    """The turning points of a lesson in the order of the steps."""
    every = tracks(taught)
    found: list[TurningPoint] = []
    for track in every:
        points = [*_moved(track), *_committed(track), *_crossed(track), *_near(track)]
        points += [*_stalled(track), *_gave_up(track), *_overtook(track, every[0])]
        found += points
    return sorted(found, key=lambda point: point.step)


def first_for_good(holds: NDArray[np.bool_]) -> int | None:
    """The first place from which on a condition holds to the end; None if never, or from 0 on."""
    if not holds[-1]:
        return None
    fails = np.flatnonzero(~holds)
    return int(fails[-1]) + 1 if len(fails) else None


def _moved(track: Track) -> Iterator[TurningPoint]:
    """The answers around another peak take over the most mass."""
    hills = peaks(track)
    if len(hills) < 2:
        return
    mass = {top: track.chances @ hill for top, hill in hills.items()}
    first = max(mass, key=lambda top: float(mass[top][0]))
    last = max(mass, key=lambda top: float(mass[top][-1]))
    others = np.max([mass[top] for top in mass if top != last], axis=0)
    at = first_for_good(mass[last] > others + MARGIN)
    if first != last and at is not None:
        yield _point(
            track,
            at,
            "moved",
            f"{track.label} changes sides: {percent(mass[last][at])} of its tries are now around "
            f"{last}, {percent(mass[first][at])} around {first}.",
        )


def _committed(track: Track) -> Iterator[TurningPoint]:
    """More than 90% of the mass on one answer."""
    if track.throws:
        return
    top = int(track.chances[-1].argmax())
    at = first_for_good(track.chances[:, top] > COMMITTED)
    if at is not None:
        yield _point(
            track,
            at,
            "committed",
            f"{track.label} has committed: {percent(track.chances[at, top])} of its tries "
            f"are answer {track.arms[top]:g}.",
        )


def _crossed(track: Track) -> Iterator[TurningPoint]:
    """More than 10% of the throws beyond the edge at 1."""
    if not track.throws:
        return
    beyond = track.beyond(EDGE)
    at = first_for_good(beyond > CROSSED)
    if at is not None:
        yield _point(
            track,
            at,
            "crossed",
            f"{track.label} takes risks: it aims at {track.aim[at]:.2f}, so close to the edge "
            f"that {percent(beyond[at])} of its throws go over.",
        )


def _near(track: Track) -> Iterator[TurningPoint]:
    """The policy's own pass@k reaches 95% of the best possible."""
    k, value, best = track.k, track.values[track.k], track.optimum[track.k]
    at = first_for_good(value >= NEAR * best)
    if at is not None:
        yield _point(
            track,
            at,
            "near",
            f"{track.label} is within 5% of the best possible pass@{k}: "
            f"{value[at]:.3f} of {best:.3f}.",
        )


def _stalled(track: Track) -> Iterator[TurningPoint]:
    """The policy's own pass@k stands still for the last quarter of the run or more, too low."""
    k, value, best = track.k, track.values[track.k], track.optimum[track.k]
    at = first_for_good(np.abs(value - value[-1]) <= STILL * abs(value[-1]))
    if at is None or value[-1] >= NEAR * best:
        return
    if track.steps[-1] - track.steps[at] >= STANDING * track.steps[-1]:
        yield _point(
            track,
            at,
            "stalled",
            f"{track.label} is stuck: its pass@{k} is {value[at]:.3f} and hardly moves "
            f"any more, though {best:.3f} is possible.",
        )


def _gave_up(track: Track) -> Iterator[TurningPoint]:
    """Single tries, or many, have become worse than they were, for the sake of the own k."""
    for k in sorted({KS[0], KS[-1]} - {track.k}):
        value = track.values[k]
        peak = np.maximum.accumulate(value)
        at = first_for_good(value < peak - LOST)
        if at is not None:
            tries = "a single try earns" if k == 1 else f"the best of {k} tries earns"
            yield _point(
                track,
                at,
                f"gave up pass@{k}",
                f"{track.label} pays a price: {tries} {value[at]:.3f}, down from {peak[at]:.3f}.",
            )


def _overtook(track: Track, single: Track) -> Iterator[TurningPoint]:
    """A policy that was behind the one trained for single tries leads it for good."""
    for k in sorted({1, track.k}) if track.k > 1 else ():
        lead = track.values[k] - single.values[k]
        at = first_for_good(lead >= AHEAD)
        if at is not None and (lead[:at] <= -AHEAD).any():
            judged = "by single tries" if k == 1 else f"by the best of {k} tries"
            yield _point(
                track,
                at,
                f"overtook pass@{k}",
                f"{track.label} overtakes k = 1, judged {judged}: "
                f"{track.values[k][at]:.3f} against {single.values[k][at]:.3f}.",
            )


def _point(track: Track, at: int, kind: str, sentence: str) -> TurningPoint:
    return TurningPoint(int(track.steps[at]), track.label, kind, sentence)
