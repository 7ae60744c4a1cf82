"""Weights for tensors: the package's estimators on rewards (groups, n), on the rewards' own device.

On the CPU numpy's own functions compute them: three to seven times faster there than those below
(`python scripts/benchmark.py tensors`).
On other devices nothing is copied to the host where a formula is given here:

    gap forms    order statistics (`pkpo`, `tailrl`, ...): a sort, a running sum, a look-up
    means        `reinforce`, `rloo`, `dr_grpo`, `grpo`
    counts       every estimator of 0/1 rewards: a weight per number of successes, from numpy's own,
                 for groups of at most LARGEST_COUNTED
    the rest     computed by numpy, with one copy there and back

So rewards are not looked at there either: a group with rewards outside the estimator's domain gets
NaN weights, where the CPU raises.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, partial
from typing import Any

import numpy as np
import torch
from torch import Tensor

from pkpo_toy.errors import InputError, unknown
from pkpo_toy.estimators import ESTIMATORS, Estimator, element_weights, resolve
from pkpo_toy.estimators import weights as numpy_weights
from pkpo_toy.estimators.api import DEFAULT, EstimatorLike
from pkpo_toy.estimators.counted import count_table
from pkpo_toy.estimators.rank_statistics import rise_weights

LARGEST_COUNTED = 4096  # the table of all counts takes n^2 steps

TensorWeights = Callable[[Tensor, int], Tensor]


def weights(
    rewards: Tensor,
    k: int,
    estimator: EstimatorLike = DEFAULT,
    *,
    scale: str = "sum",
    rng: np.random.Generator | None = None,
    **options: Any,
) -> Tensor:
    """Weights w of the policy gradient estimate g_hat = sum_i w_i grad log pi(x_i), as a tensor.

    rewards (..., n) of any dtype -> weights (..., n) on the same device: float32 for rewards of
    float32 or less, else float64; computed in float64 where the device has it. `scale`, `rng` and
    `options` as in `pkpo_toy.estimators.weights`. No gradient flows through the rewards.

    Raises InputError for (n, k) outside the estimator's domain, on the CPU also for such rewards.
    """
    row = resolve(estimator)
    if rewards.ndim == 0 or rewards.shape[-1] == 0:
        raise InputError(f"rewards must be (..., n) with n >= 1, got shape {tuple(rewards.shape)}.")
    if rewards.is_complex():
        raise InputError(f"rewards must be real numbers, got dtype {rewards.dtype}.")
    n = rewards.shape[-1]
    row.check(n, k)
    if scale not in ("sum", "mean"):
        raise unknown("scale", scale, ("sum", "mean"))
    weigh = None if rewards.device.type == "cpu" else _native(row, n, **options)
    if weigh is None:
        return _by_numpy(rewards, k, row, scale=scale, rng=rng, **options)
    with torch.no_grad():
        values = rewards.to(_computing_dtype(rewards.device))
        result = _where_defined(row, values, weigh(values, k))
        return (result * n if scale == "mean" else result).to(result_dtype(rewards))


def _native(row: Estimator, n: int, **options: Any) -> TensorWeights | None:
    settled = dict(row.given) | options
    if row.rank_weights is not None:
        return partial(_order_statistic, **settled)
    if settled:
        return None
    if row.key in NATIVE:
        return NATIVE[row.key]
    if row.binary and row.exchangeable and not row.random and n <= LARGEST_COUNTED:
        return lambda rewards, k: _by_count(rewards, k, row.key)
    return None


def _computing_dtype(device: torch.device) -> torch.dtype:
    return torch.float32 if device.type == "mps" else torch.float64


def result_dtype(rewards: Tensor) -> torch.dtype:
    """Of the weights: float32 for rewards of float32 or less, else float64 where there is one."""
    exact = not rewards.is_floating_point() or rewards.dtype == torch.float64
    return _computing_dtype(rewards.device) if exact else torch.float32


def _by_numpy(rewards: Tensor, k: int, row: Estimator, **keywords: Any) -> Tensor:
    values = rewards.detach().to("cpu", _computing_dtype(rewards.device)).numpy()
    result = torch.from_numpy(numpy_weights(values, k, row, **keywords))
    return result.to(rewards.device, result_dtype(rewards))


def _where_defined(row: Estimator, rewards: Tensor, result: Tensor) -> Tensor:
    """The result, NaN in groups with rewards outside the domain."""
    fine = torch.isfinite(rewards)
    if row.binary:
        fine = (rewards == 0) | (rewards == 1)
    if row.nonnegative:
        fine = fine & (rewards >= 0)
    return torch.where(fine.all(dim=-1, keepdim=True), result, torch.nan)


@lru_cache(maxsize=64)
def _mu(n: int, k: int, device: torch.device, dtype: torch.dtype) -> Tensor:
    """mu_1..mu_n, kept on the device."""
    return torch.from_numpy(element_weights(n, k)).to(device, dtype)


def _spread(ordered: Tensor, sums: Tensor, rewards: Tensor) -> Tensor:
    """Sums over sorted groups, back to the samples, looked up by reward.

    A parallel running sum may change in the last bit where a gap is 0; looked up by reward, equal
    rewards get bitwise equal sums all the same.
    """
    found = torch.searchsorted(ordered, rewards.contiguous())
    return sums.gather(-1, found.clamp_(max=rewards.shape[-1] - 1))  # NaN sorts after the end


def _gap_sums(ordered: Tensor, factors: Tensor) -> Tensor:
    """sum_{m=2..i} factor_m (g_(m) - g_(m-1)) for i = 1..n; factors (n-1,)."""
    sums = torch.zeros_like(ordered)
    torch.cumsum(ordered.diff(dim=-1).mul_(factors), dim=-1, out=sums[..., 1:])
    return sums


def _lagged(rewards: Tensor, k: int) -> tuple[Tensor, Tensor]:
    """Sorted rewards and S_(i) = sum_{m<=i} mu_{m-1} d_m, the `pkpo` weights up to a constant."""
    ordered = rewards.sort(dim=-1).values
    mu = _mu(rewards.shape[-1], k, rewards.device, rewards.dtype)
    return ordered, _gap_sums(ordered, mu[:-1])


def _pkpo(rewards: Tensor, k: int) -> Tensor:
    ordered, sums = _lagged(rewards, k)
    sums += ordered[..., -1:] * (k / rewards.shape[-1]) - sums[..., -1:]
    return _spread(ordered, sums, rewards)


def _pkpo_loo(rewards: Tensor, k: int) -> Tensor:
    n = rewards.shape[-1]
    ordered, sums = _lagged(rewards, k)
    mean = sums.mean(dim=-1, keepdim=True)
    mean_pkpo = ordered[..., -1:] * (k / n) - (sums[..., -1:] - mean)
    sums = (sums - mean) * ((n * (n - 1) + k) / ((n - 1) * (n - k))) - mean_pkpo / (n - 1)
    return _spread(ordered, sums, rewards)


def _pkpo_loo_minus_one(rewards: Tensor, k: int) -> Tensor:
    ordered = rewards.sort(dim=-1).values
    mu = _mu(rewards.shape[-1], k, rewards.device, rewards.dtype)
    return _spread(ordered, _gap_sums(ordered, mu[1:]), rewards)


def _group_mean_centered(rewards: Tensor, k: int) -> Tensor:
    ordered, sums = _lagged(rewards, k)
    return _spread(ordered, sums - sums.mean(dim=-1, keepdim=True), rewards)


def _centered_loo(rewards: Tensor, k: int) -> Tensor:
    n = rewards.shape[-1]
    return _group_mean_centered(rewards, k) * (n / (n - k))


def _maxk_rloo(rewards: Tensor, k: int) -> Tensor:
    n = rewards.shape[-1]
    ordered, sums = _lagged(rewards, k)
    gained = _gap_sums(ordered, _mu(n, k, rewards.device, rewards.dtype)[1:])
    centered = sums - sums.mean(dim=-1, keepdim=True)
    return _spread(ordered, (centered * n + gained * (k - 1)) / (n - 1), rewards)


@lru_cache(maxsize=64)
def _rises(
    n: int, k: int, device: torch.device, dtype: torch.dtype, options: tuple[tuple[str, Any], ...]
) -> tuple[Tensor, Tensor]:
    """The factors of the gaps from below and, mirrored, from above, kept on the device."""
    up, down = (
        torch.from_numpy(factors[1:].copy()).to(device, dtype)
        for factors in rise_weights(n, k, **dict(options))
    )
    return up, down


def _order_statistic(rewards: Tensor, k: int, **options: Any) -> Tensor:
    n = rewards.shape[-1]
    up, down = _rises(n, k, rewards.device, rewards.dtype, tuple(options.items()))
    ordered = rewards.sort(dim=-1).values
    gained = _gap_sums(ordered, up)
    gained -= _gap_sums(-ordered.flip(-1), down).flip(-1)
    return _spread(ordered, gained, rewards)


def _tail_sums(ordered: Tensor) -> Tensor:
    left = torch.arange(ordered.shape[-1] - 1, 0, -1, device=ordered.device, dtype=ordered.dtype)
    return _gap_sums(ordered, 1 / left)


def _tailrl_raw(rewards: Tensor, k: int) -> Tensor:
    ordered = rewards.sort(dim=-1).values
    first = ordered[..., :1] / rewards.shape[-1]
    return _spread(ordered, _tail_sums(ordered) + first, rewards)


def _tailrl(rewards: Tensor, k: int) -> Tensor:
    ordered = rewards.sort(dim=-1).values
    mean = (ordered[..., -1:] - ordered[..., :1]) / rewards.shape[-1]
    return _spread(ordered, _tail_sums(ordered) - mean, rewards)


def _centered(rewards: Tensor) -> Tensor:
    """Less the group's mean, measured from the minimum: exactly 0 when all tie."""
    raised = rewards - rewards.amin(dim=-1, keepdim=True)
    return raised - raised.sort(dim=-1).values.mean(dim=-1, keepdim=True)


def _reinforce(rewards: Tensor, k: int) -> Tensor:
    return rewards / rewards.shape[-1]


def _rloo(rewards: Tensor, k: int) -> Tensor:
    return _centered(rewards) / (rewards.shape[-1] - 1)


def _dr_grpo(rewards: Tensor, k: int) -> Tensor:
    return _centered(rewards) / rewards.shape[-1]


def _grpo(rewards: Tensor, k: int) -> Tensor:
    """Measured in spans of the group, so that no square overflows or underflows."""
    n = rewards.shape[-1]
    raised = rewards - rewards.amin(dim=-1, keepdim=True)
    span = raised.amax(dim=-1, keepdim=True)
    scaled = raised / torch.where(span > 0, span, 1.0)
    ordered = scaled.sort(dim=-1).values
    mean = ordered.mean(dim=-1, keepdim=True)
    variance = (ordered - mean).square_().sum(dim=-1, keepdim=True) / (n - 1)
    return (scaled - mean) / (n * torch.where(variance > 0, variance, 1.0).sqrt())


NATIVE: dict[str, TensorWeights] = {
    "reinforce": _reinforce,
    "rloo": _rloo,
    "dr_grpo": _dr_grpo,
    "grpo": _grpo,
    "pkpo": _pkpo,
    "pkpo_loo": _pkpo_loo,
    "pkpo_loo_minus_one": _pkpo_loo_minus_one,
    "centered_loo": _centered_loo,
    "maxk_rloo": _maxk_rloo,
    "group_mean_centered": _group_mean_centered,
    "tailrl": _tailrl,
    "tailrl_raw": _tailrl_raw,
    "order_statistic": _order_statistic,
}


@lru_cache(maxsize=64)
def _count_table(key: str, n: int, k: int, device: torch.device, dtype: torch.dtype) -> Tensor:
    """(2, n + 1): what a failure and what a success weighs in a group with c = 0..n successes."""
    table = count_table(ESTIMATORS[key].function, n, k)
    return torch.from_numpy(table).to(device, dtype)


def _by_count(rewards: Tensor, k: int, key: str) -> Tensor:
    n = rewards.shape[-1]
    table = _count_table(key, n, k, rewards.device, rewards.dtype)
    success = rewards == 1
    counts = success.sum(dim=-1)
    failing, succeeding = table[0][counts].unsqueeze(-1), table[1][counts].unsqueeze(-1)
    return torch.where(success, succeeding, failing)
