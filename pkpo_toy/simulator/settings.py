"""How a training run is set up, checked before it starts."""

from dataclasses import dataclass

from pkpo_toy.checks import check_count, check_counts, check_finite, check_positive
from pkpo_toy.errors import InputError, unknown
from pkpo_toy.simulator.optimisers import OPTIMISERS
from pkpo_toy.simulator.schedules import k_schedule
from pkpo_toy.typing import Integers


@dataclass(frozen=True)
class Settings:
    """How to train.

    k: a schedule (see `k_schedule`); n: samples per group; steps; step_size > 0; optimiser: a key
    of OPTIMISERS; entropy_bonus: coefficient of the entropy's gradient, >= 0; replicates: runs R;
    log_every: steps between logs; k_eval: the k of every logged max@k; probes: gradient estimates
    per run behind each logged gradient variance, 0 for none, else at least 2.

    Raises InputError for a value out of its domain.
    """

    k: int | str = 1
    n: int = 16
    steps: int = 1000
    step_size: float = 0.1
    optimiser: str = "sgd"
    entropy_bonus: float = 0.0
    replicates: int = 1
    log_every: int = 10
    k_eval: tuple[int, ...] = (1,)
    probes: int = 0

    def __post_init__(self) -> None:
        for name in ("n", "steps", "replicates", "log_every"):
            check_count(name, getattr(self, name))
        check_counts("k_eval", self.k_eval)
        if len(set(self.k_eval)) < len(self.k_eval):
            raise InputError(f"k_eval must name each k once, got {self.k_eval}.")
        check_positive("step_size", self.step_size)
        if check_finite("entropy_bonus", self.entropy_bonus) < 0:
            raise InputError(f"entropy_bonus must be >= 0, got {self.entropy_bonus!r}.")
        if self.probes != 0 and check_count("probes", self.probes) < 2:
            raise InputError(f"probes must be 0 or at least 2, got {self.probes!r}.")
        if self.optimiser not in OPTIMISERS:
            raise unknown("optimiser", self.optimiser, OPTIMISERS)
        self.ks()

    def ks(self) -> Integers:
        """The k of every step, (steps,)."""
        return k_schedule(self.k, self.n, self.steps)
