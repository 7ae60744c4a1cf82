"""Figures: a tidy frame and axes in, the same axes out; no study, no file."""

from pkpo_toy.plotting.animation import animate
from pkpo_toy.plotting.figure import Figure
from pkpo_toy.plotting.figures import FIGURES
from pkpo_toy.plotting.inline import inline
from pkpo_toy.plotting.render import draw, render
from pkpo_toy.plotting.style import ESTIMATOR_LOOKS, estimator_look, k_look

__all__ = [
    "ESTIMATOR_LOOKS",
    "FIGURES",
    "Figure",
    "animate",
    "draw",
    "estimator_look",
    "inline",
    "k_look",
    "render",
]
