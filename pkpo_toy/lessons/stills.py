"""The still figures of the browser lesson, for readers whose browser runs no scripts."""

from __future__ import annotations

from collections.abc import Sequence
from math import comb

import numpy as np
from numpy.typing import ArrayLike

from pkpo_toy.lessons.curves import policy_curves
from pkpo_toy.lessons.lessons import KS, record_lesson
from pkpo_toy.simulator.exact.gaussian import gaussian_max_at_k
from pkpo_toy.simulator.rewards import UNIT_SQUARE

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 480, 220, 40, 60, 12, 34
SEED, SAMPLES, P = 7, 16, 0.2
INK, TEMPTING, GREY = "#262626", "#D55E00", "#8C8C8C"
# Those of the figures.
COLORS = {1: "#f2a03d", 4: "#b5367a", 16: "#232a6b"}
DASHES = {1: "", 4: "9 3 2 3", 16: "14 4"}


def stills() -> str:
    """The figures as HTML: pass@k and its tempting estimate, the landscape, what is learned."""
    return "\n".join([_estimates(), _landscape(), *_learned()])


class _Drawing:
    """Lines and bars over a domain of x and y, in SVG."""

    def __init__(self, x: tuple[float, float], y: tuple[float, float]):
        self.x, self.y, self.parts = x, y, list[str]()

    def line(self, x: ArrayLike, y: ArrayLike, color: str, *, dash: str = "") -> None:
        points = " ".join(f"{a:.0f},{b:.1f}" for a, b in zip(*self._pixels(x, y), strict=True))
        style = f"--look:{color};stroke-width:1.8;stroke-dasharray:{dash or 'none'}"
        self.parts.append(f'<polyline class="line" points="{points}" style="{style}"/>')

    def bars(self, edges: ArrayLike, heights: ArrayLike, color: str, kind: str = "area") -> None:
        x, y = self._pixels(edges, np.append(heights, 0.0))
        steps = "".join(f"V{top:.0f}H{right:.0f}" for top, right in zip(y, x[1:], strict=False))
        path = f"M{x[0]:.0f} {HEIGHT - BOTTOM}{steps}V{HEIGHT - BOTTOM}Z"
        self.parts.append(f'<path class="{kind}" d="{path}" style="--look:{color}"/>')

    def name(self, x: float, y: float, text: str) -> None:
        (a,), (b,) = self._pixels([x], [y])
        self.parts.append(f'<text x="{a + 6:.1f}" y="{b + 4:.1f}">{text}</text>')

    def figure(self, caption: str, ticks: Sequence[float], heights: Sequence[float]) -> str:
        """The picture with its axes, and what it says."""
        base = HEIGHT - BOTTOM
        axes = [f'<path class="axis" d="M{LEFT} {base}H{WIDTH - RIGHT}"/>']
        for tick, a in zip(ticks, self._pixels(ticks, np.zeros(len(ticks)))[0], strict=True):
            axes.append(f'<text x="{a:.1f}" y="{base + 16}" text-anchor="middle">{tick:g}</text>')
        for tick, b in zip(heights, self._pixels(np.zeros(len(heights)), heights)[1], strict=True):
            axes.append(f'<text x="{LEFT - 6}" y="{b + 4:.1f}" text-anchor="end">{tick:g}</text>')
        shape = f'viewBox="0 0 {WIDTH} {HEIGHT}" aria-hidden="true"'
        drawn = "".join([*axes, *self.parts])
        return (
            f'<figure class="chart"><svg {shape}>{drawn}</svg>'
            f"<figcaption>{caption}</figcaption></figure>"
        )

    def _pixels(self, x: ArrayLike, y: ArrayLike) -> tuple[list[float], list[float]]:
        across = np.interp(np.asarray(x, float), self.x, (LEFT, WIDTH - RIGHT))
        up = np.interp(np.asarray(y, float), self.y, (HEIGHT - BOTTOM, TOP))
        return across.tolist(), up.tolist()


def _estimates() -> str:
    ks, c = np.arange(1, SAMPLES + 1), np.arange(SAMPLES + 1)
    chances = [comb(SAMPLES, one) * P**one * (1 - P) ** (SAMPLES - one) for one in c.tolist()]
    truth = 1 - (1 - P) ** ks
    tempting = [float(np.dot(chances, 1 - (1 - c / SAMPLES) ** k)) for k in ks]
    drawing = _Drawing((1, SAMPLES), (0, 1))
    drawing.line(ks, truth, INK)
    drawing.line(ks, tempting, TEMPTING, dash="7 3")
    drawing.name(SAMPLES, float(truth[-1]), "truth")
    drawing.name(SAMPLES, tempting[-1], "tempting")
    caption = (
        f"pass@k over k for answers that are right with chance {P:g}: the truth, which is the mean "
        f"of the unbiased estimate, and the mean of 1 - (1 - c/n)^k from n = {SAMPLES} answers."
    )
    return drawing.figure(caption, [1, 4, 8, 12, 16], [0, 0.5, 1])


def _landscape() -> str:
    theta, inside = np.linspace(-0.2, 1.4, 65), np.linspace(0, 1, 51)
    drawing = _Drawing((-0.2, 1.4), (0, 1))
    drawing.bars(np.append(inside, 1.0), inside**2, GREY, "area pale")
    for k in KS:
        values = gaussian_max_at_k(theta, k, UNIT_SQUARE, 0.1)
        drawing.line(theta, values, COLORS[k], dash=DASHES[k])
    caption = (
        "What the best of k throws earns on average over the aim, for k = 1 (solid), "
        "4 (dots and dashes) and 16 (dashed); gray: what "
        "a throw earns where it lands. The more throws count, the closer to the edge the best aim."
    )
    return drawing.figure(caption, [0, 0.5, 1], [0, 0.5, 1])


def _learned() -> list[str]:
    figures: list[str] = []
    for policy in policy_curves(record_lesson("two_peaks", seed=SEED)):
        edges, last = np.append(policy.arms, 100) - 0.5, policy.chances[-1]
        top = float(last.max()) * 1.05
        drawing = _Drawing((-0.5, 99.5), (0, top))
        # The same shape of pixels three times: written once.
        if not figures:
            drawing.bars(edges, policy.rewards * top * 0.92, GREY, 'area pale" id="earned')
        else:
            drawing.parts.append('<use href="#earned"/>')
        drawing.bars(edges, last, COLORS[policy.k])
        caption = (
            f"How often each of 100 answers is tried after training for {policy.label} (seed "
            f"{SEED}); gray: what it earns. pass@1 is {policy.values[1][-1]:.3f}, pass@16 "
            f"{policy.values[16][-1]:.3f}."
        )
        figures.append(drawing.figure(caption, [0, 20, 40, 60, 80], [0, round(top / 2, 2)]))
    return figures
