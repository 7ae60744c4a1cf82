"""A lesson drawn in characters: one panel per policy, bars that stand on the rewards."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from rich.text import Text

from pkpo_toy.lessons.curves import PolicyCurves, peaks
from pkpo_toy.lessons.events import EDGE
from pkpo_toy.lessons.lessons import KS
from pkpo_toy.typing import Array, Integers

EIGHTHS = " ▁▂▃▄▅▆▇█"
THIRDS = " .:#"
STRIP = " .:-=+*#"
COLOURS = {1: "yellow", 4: "magenta", 16: "cyan"}
GAP = 3
WIDEST_PANEL = 40


@dataclass(frozen=True)
class Board:
    """The room there is: columns, rows of bars, and whether only ASCII can be shown."""

    columns: int
    rows: int
    ascii: bool

    @property
    def panel(self) -> int:
        """The width of one of the panels side by side."""
        return min(WIDEST_PANEL, (self.columns - GAP * (len(KS) - 1)) // len(KS))


def panels(policies: list[PolicyCurves], at: int, board: Board, top: float) -> list[Text]:
    """The policies at one report, side by side; a bar of full height is the share `top`."""
    columns = [_panel(policy, at, board, top) for policy in policies]
    lines = []
    for row in zip(*columns, strict=True):
        line = Text()
        for text, style in row:
            line.append(text.ljust(board.panel + GAP), style)
        line.rstrip()
        lines.append(line)
    return lines


def full_height(policies: list[PolicyCurves], at: int, board: Board) -> float:
    """The largest share that any bar has had so far, which all panels share as their scale."""
    starts = _groups(policies[0], board.panel)
    seen = np.concatenate([one.chances[: at + 1] for one in policies])
    return float(np.add.reduceat(seen, starts, axis=1).max())


def _groups(policy: PolicyCurves, width: int) -> Integers:
    """Where each bar's first arm is, if neighbours must share bars to fit the width."""
    return np.arange(0, len(policy.arms), -(-len(policy.arms) // width))


def _panel(policy: PolicyCurves, at: int, board: Board, top: float) -> list[tuple[str, str]]:
    """The lines of one policy with their styles: bars, rewards, the exact numbers."""
    colour = COLOURS[policy.k]
    starts = _groups(policy, board.panel)
    cell = board.panel // len(starts)
    shares = np.add.reduceat(policy.chances[at], starts) / top
    rewards = np.maximum.reduceat(policy.rewards, starts) / policy.rewards.max()
    strip = STRIP if board.ascii else EIGHTHS
    return [
        (f"trained for {policy.label}", f"bold {colour}"),
        *((line, colour) for line in bars(shares, board.rows, cell, only_ascii=board.ascii)),
        (("-" if board.ascii else "─") * (cell * len(starts)), "dim"),
        ("".join(_wide(strip[_level(one, len(strip) - 1)], cell) for one in rewards), "dim"),
        (_ticks(policy, starts, cell), "dim"),
        *_numbers(policy, at, board.panel),
    ]


def bars(shares: Array, rows: int, cell: int, *, only_ascii: bool) -> list[str]:
    """Bars of the given shares of the full height, each `cell` characters wide, from the top."""
    marks = THIRDS if only_ascii else EIGHTHS
    parts = len(marks) - 1
    levels = [_level(share, parts * rows) for share in shares]
    return [
        "".join(_wide(marks[min(max(level - parts * row, 0), parts)], cell) for level in levels)
        for row in reversed(range(rows))
    ]


def _level(share: float, levels: int) -> int:
    return round(float(share) * levels)


def _wide(mark: str, cell: int) -> str:
    """A mark as wide as its cell, with a gap after it where there is room."""
    return mark * (cell - 1) + " " if cell > 2 else mark * cell


def _ticks(policy: PolicyCurves, starts: Integers, cell: int) -> str:
    """The names of some answers, or of places on the line, below their bars."""
    if policy.throws:
        step = policy.arms[1] - policy.arms[0]
        marked = {f"{x:g}": int(np.searchsorted(policy.arms, x - step / 2)) for x in (0, 0.5, EDGE)}
    elif len(policy.arms) > len(starts) or cell < 2:
        marked = {str(top): int(np.searchsorted(policy.arms, top)) for top in peaks(policy)}
    else:
        marked = {f"{arm:g}": number for number, arm in enumerate(policy.arms)}
    line = ""
    for name, arm in marked.items():
        place = cell * (int(np.searchsorted(starts, arm, side="right")) - 1) + (cell - 1) // 2
        line = line.ljust(max(0, place - (len(name) - 1) // 2)) + name
    return line


def _numbers(policy: PolicyCurves, at: int, width: int) -> list[tuple[str, str]]:
    """pass@k for every k, the policy's own first in sight, and how spread it is."""
    lines = []
    for k in KS:
        own = k == policy.k
        text = f"{'>' if own else ' '} pass@{k:<2} {policy.values[k][at]:.3f}"
        best = f" of {policy.optimum[k]:.3f}"
        text += best if len(text + best) <= width else ""
        lines.append((text, f"bold {COLOURS[k]}" if own else ""))
    if policy.throws:
        note = f"  aims at {policy.aim[at]:.3f}"
    else:
        note = f"  spread: {policy.spread[at]:.1f}"
        note += " answers" if len(note) + 8 <= width else ""
    return [*lines, (note, "dim")]
