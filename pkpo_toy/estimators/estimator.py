"""What a row of the table of estimators says, and the domains and objectives rows are made of."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from pkpo_toy.errors import InputError
from pkpo_toy.estimators.validate import checked_k

Objective = Callable[[int, int], dict[int, float]]
Claim = Literal["unbiased", "direction", "biased"]


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
class Estimator:
    """A row of the table.

    `objective(n, k)` is what the mean of g_hat is compared with, as {j: coefficient of max@j}; None
    is the entropic objective (1/beta) log E exp(beta g). `claim`: is that mean the objective's
    gradient ("unbiased"), parallel to it ("direction"), or neither ("biased")? Multiplying the
    rewards by s > 0 (and dividing beta by s) multiplies the weights by s**degree.
    """

    key: str
    function: Callable[..., Any]
    description: str
    source: str
    unbiased_for: str
    claim: Claim
    objective: Objective | None
    domain: Domain
    degree: int = 1
    binary: bool = False
    nonnegative: bool = False
    exchangeable: bool = True
    random: bool = False
    options: tuple[str, ...] = ()

    def check(self, n: int, k: int) -> None:
        """Raise InputError unless this estimator is defined for k of n samples."""
        checked_k(k, n)
        if not self.domain.holds(n, k):
            raise InputError(f"{self.key} needs {self.domain.text}, got k = {k} with n = {n}.")


def max_at_one(n: int, k: int) -> dict[int, float]:
    """max@1 = E[g]."""
    return {1: 1.0}


def max_at_k(n: int, k: int) -> dict[int, float]:
    """max@k."""
    return {k: 1.0}


def max_at_n(n: int, k: int) -> dict[int, float]:
    """max@n, whatever k."""
    return {n: 1.0}


def shrunk_max_at_one(n: int, k: int) -> dict[int, float]:
    """(n-1)/n E[g]."""
    return {1: (n - 1) / n}


def shrunk_max_at_k(n: int, k: int) -> dict[int, float]:
    """(n-k)/n max@k."""
    return {k: (n - k) / n}


def harmonic(n: int, k: int) -> dict[int, float]:
    """sum_{j<=n} max@j / j."""
    return {j: 1.0 / j for j in range(1, n + 1)}


def harmonic_below_n(n: int, k: int) -> dict[int, float]:
    """sum_{j<=n-1} max@j / j."""
    return {j: 1.0 / j for j in range(1, n)}
