"""Level sets of a reward on the line: where it is above a level, as alternating crossing points."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from pkpo_toy.errors import InputError
from pkpo_toy.simulator.rewards import RewardFunction
from pkpo_toy.typing import Array, Flags, Integers

_GOLDEN = (5**0.5 - 1) / 2
_SAME_LEVEL = 1e-13  # levels closer than this share of the reward's range are one level


@dataclass(frozen=True)
class LevelSets:
    """A reward on a window, cut into monotone pieces between consecutive positions.

    x, g: (T,) positions in ascending order and the reward there; a jump is two positions at one x.
    Outside the window the reward is continued as the constant at its edge.
    """

    reward: RewardFunction
    x: Array
    g: Array

    def critical(self) -> Array:
        """The levels at which the shape of the level set changes, ascending, (C,), C >= 1."""
        levels = np.unique(self.g)
        rounding = 8 * np.finfo(np.float64).eps * np.abs(levels).max()
        far = np.diff(levels) > _SAME_LEVEL * (levels[-1] - levels[0]) + rounding
        kept: Array = levels[np.concatenate([[True], far])]
        return kept

    def crossings(self, levels: Array) -> Array:
        """The points between which g > t, in ascending order, padded with +inf.

        levels (N,) -> (N, 2 M): g > t on (p_0, p_1), (p_2, p_3), ...; p_0 = -inf and p_last = +inf
        where the reward is above t at the edges of the window.
        """
        above = self.g > levels[:, None]
        rows, columns = np.nonzero(above[:, 1:] != above[:, :-1])
        points = np.full((len(levels), len(self.x) + 1), np.inf)
        points[above[:, 0], 0] = -np.inf
        points[rows, columns + 1] = self._bisect(levels[rows], above[rows, columns], columns)
        points.sort(axis=-1)
        used = int((points < np.inf).sum(axis=-1).max(initial=0))
        return points[:, : used + used % 2]

    def _bisect(self, levels: Array, left_above: Flags, piece: Integers) -> Array:
        """The x in each piece where g crosses its level, to the last bit."""
        low, high = self.x[piece], self.x[piece + 1]
        # A root at 0 has no last bit: 128 halvings take any bracket below rounding of the window.
        for _ in range(128):
            middle = low + 0.5 * (high - low)
            if not ((low < middle) & (middle < high)).any():
                break
            stays = (self.reward(middle) > levels) == left_above
            low, high = np.where(stays, middle, low), np.where(stays, high, middle)
        return low + 0.5 * (high - low)


def level_sets(reward: RewardFunction, low: float, high: float, spacing: float) -> LevelSets:
    """Cut a reward on [low, high] into monotone pieces.

    Between its breaks the reward is sampled every `spacing`: a hump narrower than that is missed.

    Raises InputError when the reward is not finite on the window.
    """
    edges = [low, *(place for place in reward.breaks if low < place < high), high]
    pieces = [_segment(reward, left, right, spacing) for left, right in pairwise(edges)]
    x, g = (np.concatenate(parts) for parts in zip(*pieces, strict=True))
    if not np.isfinite(g).all():
        bad = x[~np.isfinite(g)][0]
        raise InputError(
            f"reward {reward.name!r} must be finite, got a value that is not near {bad}."
        )
    return LevelSets(reward, x, g)


def _segment(
    reward: RewardFunction, left: float, right: float, spacing: float
) -> tuple[Array, Array]:
    """Positions and rewards of one smooth stretch: its two ends and its extrema."""
    count = int(np.clip((right - left) / spacing, 256, 1e6))
    grid = np.linspace(left, right, count + 1)
    # The ends belong to this side of a break, a few units in the last place away from it.
    nudge = 8 * np.finfo(np.float64).eps * max(abs(left), abs(right), right - left)
    inside = np.clip(grid, left + nudge, right - nudge) if right - left > 4 * nudge else grid
    g = reward(inside)
    if not np.isfinite(g).all():
        return grid, g
    turns, upward = _turns(g)
    x_turn = _extremum(reward, inside[turns[:, 0]], inside[turns[:, 1]], upward)
    x = np.concatenate([[left], x_turn, [right]])
    return x, np.concatenate([g[:1], reward(x_turn), g[-1:]])


def _turns(g: Array) -> tuple[Integers, Flags]:
    """Brackets (E, 2) of grid indices around each extremum, and which of them are maxima (E,)."""
    steps = np.diff(g)
    noise = 8 * np.finfo(np.float64).eps * np.abs(g).max()
    moving = np.flatnonzero(np.abs(steps) > noise)
    upward = steps[moving] > 0
    change = np.flatnonzero(upward[1:] != upward[:-1])
    return np.stack([moving[change], moving[change + 1] + 1], axis=-1), upward[change]


def _extremum(reward: RewardFunction, low: Array, high: Array, maximum: Flags) -> Array:
    """Golden-section search in all brackets at once; its 1e-8 in x is 1e-16 in the level."""
    sign = np.where(maximum, 1.0, -1.0)
    for _ in range(60):
        inner = high - _GOLDEN * (high - low)
        outer = low + _GOLDEN * (high - low)
        left = sign * reward(inner) >= sign * reward(outer)
        low, high = np.where(left, low, inner), np.where(left, outer, high)
    return 0.5 * (low + high)
