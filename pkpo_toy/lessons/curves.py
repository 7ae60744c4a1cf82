"""The policies of a recorded lesson as arrays over its reports."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pkpo_toy.lessons.lessons import KS, Recording
from pkpo_toy.typing import Array, Flags, Integers

MANY = 10  # answers, from which on neighbours are alike


@dataclass(frozen=True)
class PolicyCurves:
    """One policy over the S reports: chances (S, A) of its arms; values (S,) for each k_eval."""

    label: str
    k: int
    steps: Integers
    arms: Array
    rewards: Array
    chances: Array
    values: dict[int, Array]
    optimum: dict[int, float]
    spread: Array
    aim: Array

    @property
    def throws(self) -> bool:
        """Whether the policy throws at a line, rather than choosing between answers."""
        return bool(np.isfinite(self.aim).all())

    def beyond(self, edge: float) -> Array:
        """The share of throws beyond an edge, (S,)."""
        return np.asarray(self.chances[:, self.arms > edge].sum(axis=1))


def policy_curves(recording: Recording) -> list[PolicyCurves]:
    """The policies of a lesson as arrays."""
    return [_curves_of(k, recording) for k in KS]


def _curves_of(k: int, recording: Recording) -> PolicyCurves:
    policies = recording.policies[recording.policies["k"] == k]
    values = recording.values[recording.values["k"] == k]
    by_k = {one: values[values["k_eval"] == one] for one in KS}
    steps = by_k[k]["step"].to_numpy()
    arms = policies["arm"].to_numpy()[: len(policies) // len(steps)]
    return PolicyCurves(
        label=f"k = {k}",
        k=k,
        steps=steps,
        arms=arms,
        rewards=policies["reward"].to_numpy()[: len(arms)],
        chances=policies["probability"].to_numpy().reshape(len(steps), len(arms)),
        values={one: part["value"].to_numpy() for one, part in by_k.items()},
        optimum={one: float(part["optimum"].iloc[0]) for one, part in by_k.items()},
        spread=by_k[k]["spread"].to_numpy(),
        aim=by_k[k]["aim"].to_numpy(),
    )


def peaks(policy: PolicyCurves) -> dict[int, Flags]:
    """Around each local maximum of the reward, the answers that earn at least half as much.

    The keys are the answers at the maxima, the values masks (A,). A handful of answers are no
    neighbours of each other and have no peaks, nor do throws.
    """
    g, place = policy.rewards, np.arange(len(policy.rewards))
    if len(g) < MANY or policy.throws:
        return {}
    found = {}
    for top in np.flatnonzero((g[1:-1] > g[:-2]) & (g[1:-1] > g[2:])) + 1:
        poor = np.flatnonzero(g < g[top] / 2)
        left = poor[poor < top].max(initial=-1)
        right = poor[poor > top].min(initial=len(g))
        found[int(policy.arms[top])] = (place > left) & (place < right)
    return found


def percent(share: float) -> str:
    """A share in whole percent."""
    return f"{100 * share:.0f}%"
