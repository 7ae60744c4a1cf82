"""The unbiased max@k gradients of [PKPO] and their centered relatives, in gap form.

All of them read one running sum over sorted rewards, S_(i) = sum_{m=2..i} mu_{m-1} (g_(m) -
g_(m-1)), which is the `pkpo` weight up to a constant per group; `pkpo_loo_minus_one` has mu_m in
place of mu_{m-1}. The subset sums as published subtract large numbers on nearly tied rewards.

Every function takes rewards (..., n) in float64 and 1 <= k <= n (see its table row for the exact
domain) and returns weights (..., n); g_hat = sum_i w_i grad log pi(x_i).
"""

from pkpo_toy.estimators.order_statistics import gap_sums, row_sums, sort_groups, unsort
from pkpo_toy.typing import Array


def pkpo(rewards: Array, k: int) -> Array:
    """max@k gradient without baseline: (k/n) q_i, the sum of max_I / C(n,k) over subsets I with i.

    w_(n) = (k/n) g_(n) and w_(i) = w_(n) - (S_(n) - S_(i)).
    rewards (..., n), 1 <= k <= n; returns weights (..., n). [PKPO] eq. 19, theorem 4.
    """
    n: int = rewards.shape[-1]
    ordered, places = sort_groups(rewards)
    sums = gap_sums(ordered, k, lag=1)
    sums += ordered[:, -1:] * (k / n) - sums[:, -1:]
    return unsort(sums, places, rewards.shape, out=ordered)


def pkpo_loo(rewards: Array, k: int) -> Array:
    """max@k gradient with a leave-one-out baseline: (k/n) q_i - (k/(n-1)) v_-i.

    With a = (n^2 - n + k)/((n-1)(n-k)) and b the mean `pkpo` weight: a (S_(i) - mean S) - b/(n-1).
    rewards (..., n), 1 <= k <= n-1; returns weights (..., n). [PKPO] eq. 29, theorem 6.
    """
    n: int = rewards.shape[-1]
    ordered, places = sort_groups(rewards)
    factor = (n * (n - 1) + k) / ((n - 1) * (n - k))
    sums = gap_sums(ordered, k, lag=1, factor=factor)
    mean = row_sums(sums) / n
    mean_pkpo = ordered[:, -1:] * (k / n) - (sums[:, -1:] - mean) / factor
    sums -= mean + mean_pkpo / (n - 1)
    return unsort(sums, places, rewards.shape, out=ordered)


def pkpo_loo_minus_one(rewards: Array, k: int) -> Array:
    """max@k gradient, each subset's maximum less the maximum without i: never negative.

    w_(i) = sum_{m=2..i} mu_m (g_(m) - g_(m-1)).
    rewards (..., n), 2 <= k <= n; returns weights (..., n). [PKPO] eq. 33, theorem 7.
    """
    ordered, places = sort_groups(rewards)
    sums = gap_sums(ordered, k, lag=0)
    return unsort(sums, places, rewards.shape, out=ordered)


def centered_loo(rewards: Array, k: int) -> Array:
    """max@k gradient whose weights sum to zero: (k/n) (q_i - v_-i) = n/(n-k) (S_(i) - mean S).

    rewards (..., n), 1 <= k <= n-1; returns weights (..., n). [OrderGrad]; equals the leave-two-out
    form of [MaxPO].
    """
    n: int = rewards.shape[-1]
    return _centered(rewards, k, n / (n - k))


def maxk_rloo(rewards: Array, k: int) -> Array:
    """max@k gradient, less the weight's own mean over a fresh reward drawn from the other samples.

    a `pkpo_loo_minus_one` + (1 - a) `centered_loo`, a = (k-1)/(n-1), in one form for every k: with
    T_(i) = sum_{m=2..i} mu_m (g_(m) - g_(m-1)),

        w_(i) = ((k-1) T_(i) + n (S_(i) - mean S)) / (n-1)

    `rloo` at k = 1, `pkpo_loo_minus_one` at k = n, `passk_rloo` on rewards 0 and 1.
    rewards (..., n), n >= 2, 1 <= k <= n; returns weights (..., n). Proof and measurements:
    docs/best-estimator.md.
    """
    n: int = rewards.shape[-1]
    ordered, places = sort_groups(rewards)
    sums = gap_sums(ordered, k, lag=1, factor=n / (n - 1))
    sums -= row_sums(sums) / n
    sums += gap_sums(ordered, k, lag=0, factor=(k - 1) / (n - 1))
    return unsort(sums, places, rewards.shape, out=ordered)


def group_mean_centered(rewards: Array, k: int) -> Array:
    """`pkpo` less its mean over the group: ((n-k)/n) `centered_loo`, too short by that factor.

    rewards (..., n), 1 <= k <= n-1; returns weights (..., n). [rllm] pull request 743.
    """
    return _centered(rewards, k, 1.0)


def _centered(rewards: Array, k: int, factor: float) -> Array:
    ordered, places = sort_groups(rewards)
    sums = gap_sums(ordered, k, lag=1, factor=factor)
    sums -= row_sums(sums) / rewards.shape[-1]
    return unsort(sums, places, rewards.shape, out=ordered)
