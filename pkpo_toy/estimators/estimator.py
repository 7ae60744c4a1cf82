"""What an estimator is, and the domains and objectives that rows of the table are made of."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import numpy as np

from pkpo_toy.errors import InputError
from pkpo_toy.estimators.validate import checked_k
from pkpo_toy.typing import Array, WeightFunction

Objective = Callable[[int, int], dict[int, float]]
Claim = Literal["unbiased", "direction", "biased", "yours"]


@dataclass(frozen=True)
class Domain:
    """Which (n, k) an estimator is defined for, in words and as a predicate."""

    text: str
    holds: Callable[[int, int], bool]


K_UP_TO_N = Domain("1 <= k <= n", lambda n, k: 1 <= k <= n)
K_BELOW_N = Domain("1 <= k <= n - 1", lambda n, k: 1 <= k < n)
K_FROM_TWO = Domain("2 <= k <= n; at k = 1 use rloo", lambda n, k: 2 <= k <= n)
TWO_SAMPLES = Domain("n >= 2", lambda n, k: n >= 2)
K_DIVIDES_N = Domain("k that divides n", lambda n, k: n % k == 0)
TWO_GROUPS = Domain("k that divides n, and n >= 2k", lambda n, k: n % k == 0 and n >= 2 * k)
GROUPS_FROM_TWO = Domain("k >= 2 that divides n", lambda n, k: n % k == 0 and k >= 2)


@dataclass(frozen=True)
class Look:
    """How figures draw an estimator: its name in legends, color, dash and marker.

    dash: solid, dashed, dotted, dash_dot, dash_dot_dot, short or long. No two rows share a color,
    nor dash and marker, so that a print in gray still tells them apart.
    """

    label: str
    color: str
    dash: str
    marker: str


@dataclass(frozen=True)
class Estimator:
    """A row of the table, or one made of the user's own function (`own_estimator`).

    `function` takes rewards (..., n) in float64 and k, keywords of `options`, and `rng` where it is
    `random`; it returns weights (..., n). `objective(n, k)` is what the mean of g_hat is compared
    with, as {j: coefficient of max@j}. Where it is None, `rank_weights(k)` gives the coefficients
    of the sorted rewards of k draws, or else it is the entropic one, (1/beta) log E exp(beta g).
    `claim`: is that mean the objective's gradient ("unbiased"), parallel to it ("direction"), or
    neither ("biased")? Multiplying the rewards by s > 0 (and dividing beta by s) multiplies the
    weights by s**degree; a degree of None promises no such thing. `given`: options whose values are
    settled, as in KEY(OPTION=VALUE). A row without a `look` is drawn in one that its name picks.
    """

    key: str
    function: Callable[..., Any]
    description: str
    source: str
    unbiased_for: str
    claim: Claim
    objective: Objective | None
    domain: Domain
    degree: int | None = 1
    binary: bool = False
    nonnegative: bool = False
    exchangeable: bool = True
    random: bool = False
    options: tuple[str, ...] = ()
    given: tuple[tuple[str, float], ...] = ()
    rank_weights: Callable[..., Array] | None = None
    look: Look | None = None

    def check(self, n: int, k: int) -> None:
        """Raises InputError unless this estimator is defined for k of n samples."""
        checked_k(k, n)
        if not self.domain.holds(n, k):
            raise InputError(f"{self.key} needs {self.domain.text}, got k = {k} with n = {n}.")
        if self.rank_weights is not None:
            self.rank_weights(k, **dict(self.given))

    def allows(self, n: int, k: int) -> bool:
        """Whether this estimator is defined for k of n samples."""
        try:
            self.check(n, k)
        except InputError:
            return False
        return True

    def check_option(self, name: str) -> None:
        """Raises InputError unless the estimator has an option of that name."""
        if name not in self.options:
            known = f"it has {', '.join(self.options)}" if self.options else "it has none"
            raise InputError(f"unknown option {name!r} of {self.key}: {known}.")

    def weight_function(
        self, rng: np.random.Generator | None, *, finite: bool = True
    ) -> WeightFunction:
        """The function (rewards (..., n), k) -> weights; a random estimator draws from `rng`.

        It raises InputError for weights that are not finite. With finite=False these come through:
        training stops the run that met them and no other.
        """
        keywords: dict[str, Any] = dict(self.given)
        if self.random:
            keywords["rng"] = rng
        function = partial(self.function, **keywords) if keywords else self.function
        return partial(_finite, self.key, function) if finite else function


def _finite(key: str, function: WeightFunction, rewards: Array, k: int) -> Array:
    weights = function(rewards, k)
    if not np.isfinite(weights).all():
        raise InputError(f"estimator {key} returned NaN or infinite weights for k = {k}.")
    return weights


def mean_reward(n: int, k: int) -> dict[int, float]:
    """max@1 = E[g]."""
    return {1: 1.0}


def best_of_k(n: int, k: int) -> dict[int, float]:
    """max@k."""
    return {k: 1.0}


def best_of_all(n: int, k: int) -> dict[int, float]:
    """max@n, whatever k."""
    return {n: 1.0}


def shrunk_mean_reward(n: int, k: int) -> dict[int, float]:
    """(n-1)/n E[g]."""
    return {1: (n - 1) / n}


def shrunk_best_of_k(n: int, k: int) -> dict[int, float]:
    """(n-k)/n max@k."""
    return {k: (n - k) / n}


def harmonic(n: int, k: int) -> dict[int, float]:
    """sum_{j<=n} max@j / j."""
    return {j: 1.0 / j for j in range(1, n + 1)}


def harmonic_below_n(n: int, k: int) -> dict[int, float]:
    """sum_{j<=n-1} max@j / j."""
    return {j: 1.0 / j for j in range(1, n)}
