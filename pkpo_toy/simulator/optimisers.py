"""Gradient ascent: from an estimated gradient to the change of the parameters."""

from collections.abc import Callable
from typing import Protocol

import numpy as np

from pkpo_toy.typing import Array


class Optimiser(Protocol):
    """Turns gradients (R, d), one call a step, into changes of the parameters (R, d)."""

    def change(self, gradient: Array) -> Array:
        """The change of the parameters (R, d) for this gradient (R, d)."""


class Sgd:
    """Plain ascent: the change is step_size * gradient."""

    def __init__(self, step_size: float) -> None:
        self.step_size = step_size

    def change(self, gradient: Array) -> Array:
        """step_size * gradient, shape (R, d)."""
        return self.step_size * gradient


class Momentum:
    """Ascent with a heavy ball: v <- b v + g, change = step_size * v, where v starts at 0.

    A steady gradient comes to move 1 / (1 - b) = 10 times as far as by Sgd at that step size.

    Source: Polyak (1964); in this form Sutskever et al. (2013) and torch.optim.SGD (b = 0.9).
    """

    B = 0.9

    def __init__(self, step_size: float) -> None:
        self.step_size = step_size
        self._velocity: Array | None = None

    def change(self, gradient: Array) -> Array:
        """step_size * velocity for a gradient (R, d), (R, d); runs (rows) do not touch."""
        if self._velocity is None:
            self._velocity = np.zeros(gradient.shape)
        self._velocity *= self.B
        self._velocity += gradient
        return self.step_size * self._velocity


class Adam:
    """Adam: each coordinate's step is its mean gradient over its root mean square.

    m <- b1 m + (1 - b1) g,  v <- b2 v + (1 - b2) g^2,
    change = step_size * (m / (1 - b1^t)) / (sqrt(v / (1 - b2^t)) + epsilon)

    Source: Kingma & Ba, arXiv 1412.6980, algorithm 1 (b1 = 0.9, b2 = 0.999, epsilon = 1e-8).
    """

    B1, B2, EPSILON = 0.9, 0.999, 1e-8

    def __init__(self, step_size: float) -> None:
        self.step_size = step_size
        self._mean = self._square = self._scratch = np.zeros(0)
        self._calls = 0

    def change(self, gradient: Array) -> Array:
        """The bias-corrected step for a gradient (R, d), (R, d); runs (rows) do not touch."""
        if not self._calls:
            self._mean, self._square, self._scratch = np.zeros((3, *gradient.shape))
        self._calls += 1
        # In place: at a few hundred runs the time goes into new memory, not into arithmetic.
        part = np.multiply(1 - self.B1, gradient, out=self._scratch)
        self._mean *= self.B1
        self._mean += part
        np.multiply(1 - self.B2, gradient, out=part)
        part *= gradient
        self._square *= self.B2
        self._square += part
        root = np.divide(self._square, 1 - self.B2**self._calls, out=part)
        np.sqrt(root, out=root)
        root += self.EPSILON
        correction = 1 - self.B1**self._calls  # is 1 soon, and dividing by 1 changes nothing
        mean = self._mean if correction == 1.0 else self._mean / correction
        change = self.step_size * mean
        change /= root
        return change


OPTIMISERS: dict[str, Callable[[float], Optimiser]] = {
    "sgd": Sgd,
    "momentum": Momentum,
    "adam": Adam,
}
