"""The table of estimators: what each is called, where it comes from, and what it claims.

One contract for all: rewards (..., n), k -> weights (..., n), with the gradient estimate
g_hat = sum_i w_i grad log pi(x_i) (no hidden 1/n). Leading axes are independent groups.

Sources. [PKPO] arXiv 2505.15201. [Tang] 2503.19595. [Chen25] 2508.10751. [OrderGrad] 2606.06096.
[MaxPO] 2606.06080. [Bagirov] 2510.23393. [Thr] 2510.23049. [MaxRL] 2602.02710. [TailRL] 2609.02987.
[RSGRPO] 2509.24261. [TTT] 2601.16175. [GRPO] 2402.03300. [DrGRPO] 2503.20783. [RLOO] 2402.14740.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from pkpo_toy.errors import InputError, unknown
from pkpo_toy.estimators import best_of_n, binary, entropic, partition, pass_at_one, pkpo, tail
from pkpo_toy.estimators.validate import checked_k

Objective = Callable[[int, int], dict[int, float]]


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
    rewards by s > 0 multiplies the weights by s**degree (None: the rewards' scale is fixed).
    """

    key: str
    function: Callable[..., Any]
    description: str
    source: str
    unbiased_for: str
    claim: Literal["unbiased", "direction", "biased"]
    objective: Objective | None
    domain: Domain
    degree: int | None = 1
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


def _max_at(j: int) -> Objective:
    return lambda n, k: {j: 1.0}


def _max_at_k(n: int, k: int) -> dict[int, float]:
    return {k: 1.0}


def _max_at_n(n: int, k: int) -> dict[int, float]:
    return {n: 1.0}


def _harmonic(missing: int) -> Objective:
    return lambda n, k: {j: 1.0 / j for j in range(1, n - missing + 1)}


def estimator_named(key: str) -> Estimator:
    """The row called `key`; raises InputError with the nearest name otherwise."""
    if not isinstance(key, str) or key not in ESTIMATORS:
        raise unknown("estimator", key, ESTIMATORS)
    return ESTIMATORS[key]


_ROWS = (
    Estimator(
        "reinforce",
        pass_at_one.reinforce,
        "plain policy gradient, no baseline",
        "Williams 1992",
        "grad E[g]",
        "unbiased",
        _max_at(1),
        K_UP_TO_N,
    ),
    Estimator(
        "rloo",
        pass_at_one.rloo,
        "leave-one-out mean as baseline",
        "RLOO, arXiv 2402.14740",
        "grad E[g]",
        "unbiased",
        _max_at(1),
        TWO_SAMPLES,
    ),
    Estimator(
        "dr_grpo",
        pass_at_one.dr_grpo,
        "group mean as baseline",
        "Dr. GRPO, arXiv 2503.20783",
        "(n-1)/n grad E[g]",
        "unbiased",
        lambda n, k: {1: (n - 1) / n},
        TWO_SAMPLES,
    ),
    Estimator(
        "grpo",
        pass_at_one.grpo,
        "z-score within the group",
        "GRPO, arXiv 2402.03300",
        "biased for grad E[g]",
        "biased",
        _max_at(1),
        TWO_SAMPLES,
        degree=0,
    ),
    Estimator(
        "pkpo",
        pkpo.pkpo,
        "mean maximum over the k-subsets with the sample",
        "PKPO, arXiv 2505.15201, eq. 19",
        "grad max@k",
        "unbiased",
        _max_at_k,
        K_UP_TO_N,
    ),
    Estimator(
        "pkpo_loo",
        pkpo.pkpo_loo,
        "pkpo less the max@k estimate of the other samples",
        "PKPO, arXiv 2505.15201, eq. 29",
        "grad max@k",
        "unbiased",
        _max_at_k,
        K_BELOW_N,
    ),
    Estimator(
        "pkpo_loo_minus_one",
        pkpo.pkpo_loo_minus_one,
        "what the sample adds to the maximum of its k-subsets",
        "PKPO, arXiv 2505.15201, eq. 33",
        "grad max@k",
        "unbiased",
        _max_at_k,
        K_FROM_TWO,
    ),
    Estimator(
        "centered_loo",
        pkpo.centered_loo,
        "mean maximum of the k-subsets with, less without, the sample",
        "OrderGrad, arXiv 2606.06096; MaxPO, arXiv 2606.06080",
        "grad max@k",
        "unbiased",
        _max_at_k,
        K_BELOW_N,
    ),
    Estimator(
        "group_mean_centered",
        pkpo.group_mean_centered,
        "pkpo less its mean over the group",
        "rllm-org/rllm, pull request 743",
        "((n-k)/n) grad max@k",
        "unbiased",
        lambda n, k: {k: (n - k) / n},
        K_BELOW_N,
    ),
    Estimator(
        "partition",
        partition.partition,
        "maximum of the sample's own group of k",
        "PKPO, arXiv 2505.15201, fig. 4",
        "grad max@k",
        "unbiased",
        _max_at_k,
        K_DIVIDES_N,
        exchangeable=False,
    ),
    Estimator(
        "partition_baselined",
        partition.partition_baselined,
        "own group's maximum less the mean of the other groups'",
        "PKPO, arXiv 2505.15201, fig. 4",
        "grad max@k",
        "unbiased",
        _max_at_k,
        TWO_GROUPS,
        exchangeable=False,
    ),
    Estimator(
        "partition_loo_minus_one",
        partition.partition_loo_minus_one,
        "what the sample adds to its own group's maximum",
        "Tang et al., arXiv 2503.19595",
        "grad max@k",
        "unbiased",
        _max_at_k,
        GROUPS_FROM_TWO,
        exchangeable=False,
    ),
    Estimator(
        "fail_only",
        binary.fail_only,
        "only failures are weighted",
        "leave-one-out failure count, binary rewards",
        "grad pass@k",
        "unbiased",
        _max_at_k,
        K_UP_TO_N,
        degree=None,
        binary=True,
    ),
    Estimator(
        "passk_rloo",
        binary.passk_rloo,
        "rloo scaled by the chance that k-1 others all fail",
        "leave-one-out failure count, binary rewards",
        "grad pass@k",
        "unbiased",
        _max_at_k,
        TWO_SAMPLES,
        degree=None,
        binary=True,
    ),
    Estimator(
        "passk_plugin",
        binary.passk_plugin,
        "success rate plugged into k (1-p)^(k-1)",
        "arXiv 2510.23049",
        "biased for grad pass@k",
        "biased",
        _max_at_k,
        K_UP_TO_N,
        degree=None,
        binary=True,
    ),
    Estimator(
        "passk_loo_plugin",
        binary.passk_loo_plugin,
        "the others' success rate plugged into k (1-p)^(k-1)",
        "arXiv 2510.23049",
        "biased for grad pass@k (Jensen)",
        "biased",
        _max_at_k,
        TWO_SAMPLES,
        degree=None,
        binary=True,
    ),
    Estimator(
        "passk_grpo",
        binary.passk_grpo,
        "group z-score averaged over all k-subsets",
        "Pass@k Training, arXiv 2508.10751, analytical",
        "biased for grad pass@k",
        "biased",
        _max_at_k,
        K_UP_TO_N,
        degree=None,
        binary=True,
    ),
    Estimator(
        "passk_full",
        partition.passk_full,
        "z-score of disjoint groups' maxima",
        "Pass@k Training, arXiv 2508.10751, full sampling",
        "biased for grad max@k",
        "biased",
        _max_at_k,
        TWO_GROUPS,
        degree=0,
        exchangeable=False,
    ),
    Estimator(
        "passk_bootstrap",
        partition.passk_bootstrap,
        "z-score of random k-subsets' maxima",
        "Pass@k Training, arXiv 2508.10751, bootstrap sampling",
        "biased for grad max@k",
        "biased",
        _max_at_k,
        K_UP_TO_N,
        degree=0,
        random=True,
    ),
    Estimator(
        "bon_mean",
        best_of_n.bon_mean,
        "z-score of pkpo over the group",
        "arXiv 2510.23393",
        "biased for grad max@k",
        "biased",
        _max_at_k,
        TWO_SAMPLES,
        degree=0,
    ),
    Estimator(
        "bon_max_mean",
        best_of_n.bon_max_mean,
        "best sample less the group mean, others 0",
        "arXiv 2510.23393",
        "biased for grad max@n, ignores k",
        "biased",
        _max_at_n,
        TWO_SAMPLES,
    ),
    Estimator(
        "maxrl",
        binary.maxrl,
        "group mean as baseline, divided by the success rate",
        "MaxRL, arXiv 2602.02710",
        "grad sum_{j<=n-1} pass@j / j",
        "unbiased",
        _harmonic(1),
        K_UP_TO_N,
        degree=None,
        binary=True,
    ),
    Estimator(
        "maxrl_raw",
        binary.maxrl_raw,
        "the successes share one unit",
        "MaxRL, arXiv 2602.02710",
        "grad sum_{j<=n} pass@j / j",
        "unbiased",
        _harmonic(0),
        K_UP_TO_N,
        degree=None,
        binary=True,
    ),
    Estimator(
        "tailrl_raw",
        tail.tailrl_raw,
        "gaps divided by the number of samples above them",
        "TailRL, arXiv 2609.02987",
        "grad sum_{j<=n} max@j / j",
        "unbiased",
        _harmonic(0),
        K_UP_TO_N,
        nonnegative=True,
    ),
    Estimator(
        "tailrl",
        tail.tailrl,
        "tailrl_raw less its mean",
        "TailRL, arXiv 2609.02987",
        "grad sum_{j<=n-1} max@j / j",
        "unbiased",
        _harmonic(1),
        TWO_SAMPLES,
        nonnegative=True,
    ),
    Estimator(
        "rs_grpo",
        entropic.rs_grpo,
        "exponential weights over their mean, less one",
        "RS-GRPO, arXiv 2509.24261",
        "biased for the entropic objective",
        "biased",
        None,
        TWO_SAMPLES,
        degree=None,
        options=("beta",),
    ),
    Estimator(
        "entropic_loo",
        entropic.entropic_loo,
        "exponential weights over the others' mean, less one",
        "TTT, arXiv 2601.16175",
        "direction of the entropic objective's gradient",
        "direction",
        None,
        TWO_SAMPLES,
        degree=None,
        options=("beta",),
    ),
)

ESTIMATORS: dict[str, Estimator] = {row.key: row for row in _ROWS}
