"""What a lesson has shown, in conclusions sentences that hold for the run."""

from __future__ import annotations

from collections.abc import Iterator

from pkpo_toy.lessons.curves import PolicyCurves, percent, policy_curves
from pkpo_toy.lessons.events import EDGE
from pkpo_toy.lessons.lessons import KS, Recording

APART = 1.5  # times as many answers
LESSER = 0.05  # of reward, by which an answer is worse than the best
DARING = 0.05  # more of the throws over the edge

WHY_ARMS = (
    "Why: with one try, every try on a lesser answer is lost, so all goes on the surest answer "
    "found so far. When only the best of 16 tries counts, 15 may fail, and a different answer is "
    "a second chance: so k > 1 spreads and k = 1 commits."
)
WHY_AIM = (
    "Why: with one try, a throw over the edge earns nothing, so k = 1 keeps a safe distance. When "
    "only the best of 16 throws counts, 15 may go over: so k > 1 dares more."
)


def conclusions(recording: Recording) -> list[str]:
    """What the run showed, in sentences that hold for it: who spread, what it gained and cost."""
    first, *_, last = every = policy_curves(recording)
    sentences = [_compared(every, KS[-1]), _compared(every, 1)]
    if first.throws:
        return [*_aims(every), *sentences]
    return [*_spreads(first, last), *sentences]


def _spreads(first: PolicyCurves, last: PolicyCurves) -> Iterator[str]:
    narrow, wide = first.spread[-1], last.spread[-1]
    if wide < APART * narrow:
        yield (
            f"At step {first.steps[-1]} the policies are still about equally spread, as if over "
            f"{narrow:.1f} ({first.label}) and {wide:.1f} answers ({last.label}): try more --steps."
        )
        return
    top = int(first.chances[-1].argmax())
    earns, best = first.rewards[top], first.rewards.max()
    better = f" (it earns {earns:.3f}, the best one {best:.3f})" if best - earns > LESSER else ""
    yield (
        f"{first.label} ends with {percent(first.chances[-1, top])} of its tries on answer "
        f"{first.arms[top]:g}{better}; {last.label} stays spread, as if evenly over {wide:.1f} "
        "answers."
    )
    yield WHY_ARMS


def _aims(every: list[PolicyCurves]) -> Iterator[str]:
    beyond = [float(one.beyond(EDGE)[-1]) for one in every]
    yield (
        "Where they aim, and how many throws go over the edge: "
        + "; ".join(
            f"{one.label} at {one.aim[-1]:.3f}, {percent(over)}"
            for one, over in zip(every, beyond, strict=True)
        )
        + "."
    )
    if beyond[-1] >= beyond[0] + DARING:
        yield WHY_AIM


def _compared(every: list[PolicyCurves], k: int) -> str:
    ranked = sorted(every, key=lambda one: -one.values[k][-1])
    numbers = ", ".join(f"{one.values[k][-1]:.3f} ({one.label})" for one in ranked)
    tries = "a single try earns" if k == 1 else f"the best of {k} tries earns"
    best = every[0].optimum[k]
    return f"pass@{k}, what {tries} on average: {numbers}; {best:.3f} is possible."
