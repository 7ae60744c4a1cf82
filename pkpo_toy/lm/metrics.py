"""What to log beside a trainer's loss: pass@k and how much signal the groups hold, as tensors.

For any trainer: everything stays on the rewards' own device and nothing is copied to the host.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor


def powers_of_two(n: int) -> list[int]:
    """1, 2, 4, ... up to n."""
    return [1 << power for power in range(n.bit_length())]


def max_at_k(rewards: Tensor, ks: Sequence[int]) -> Tensor:
    """Unbiased estimates of max@k, pass@k for rewards of 0 and 1, of every group.

        sum_j C(m - j, k - 1) / C(m, k) g_[j],   g_[1] >= g_[2] >= ... the group's m scored rewards

    rewards (groups, n), where what is not finite is not scored -> (len(ks), groups), float64 where
    the device has it; NaN for groups with fewer than k scored rewards. All ks are at least 1.

    Source: Chen et al., arXiv 2107.03374, for rewards of 0 and 1; PKPO, arXiv 2505.15201, eq. 15.
    """
    dtype = torch.float32 if rewards.device.type == "mps" else torch.float64
    values = rewards.detach().to(dtype)
    scored = torch.isfinite(values)
    ordered = torch.where(scored, values, -torch.inf).sort(dim=-1, descending=True).values
    ordered = torch.where(torch.isfinite(ordered), ordered, 0.0)
    count = scored.sum(dim=-1, keepdim=True).to(dtype)
    after = count - torch.arange(1, values.shape[-1], device=values.device, dtype=dtype)
    estimates = []
    for k in ks:
        # C(m-j-1, k-1) / C(m-j, k-1) = (m-j-k+1) / (m-j), from C(m-1, k-1) / C(m, k) = k / m on.
        ratios = ((after - (k - 1)) / after).clamp(min=0.0).where(after > 0, 0.0)
        chances = torch.cat([k / count, ratios], dim=-1).cumprod(dim=-1)
        estimate = (chances * ordered).sum(dim=-1)
        estimates.append(estimate.where(count.squeeze(-1) >= k, torch.nan))
    return torch.stack(estimates)


def group_metrics(
    rewards: Tensor, weights: Tensor | None = None, *, name: str = "pass"
) -> dict[str, Tensor]:
    """What a batch of groups says, as tensors of no dimension.

    NAME_at_1, NAME_at_2, NAME_at_4, ... up to n: the mean of `max_at_k` over the groups with as
    many scored rewards, NaN where there is none. `name` is to be "pass" for rewards of 0 and 1,
    "max" for others. With weights (groups, n) also

        groups_without_signal   the share of groups whose weights are all 0
        effective_groups        (sum_g a_g)^2 / sum_g a_g^2 with a_g = sum_i |w_gi|: how many
                                groups the batch's gradient comes from, as Kish counts them

    rewards (groups, n); what is not finite is not scored.
    """
    ks = powers_of_two(rewards.shape[-1])
    estimates = max_at_k(rewards, ks).nanmean(dim=-1)
    found = {f"{name}_at_{k}": estimate for k, estimate in zip(ks, estimates, strict=True)}
    if weights is not None:
        sizes = weights.detach().abs().sum(dim=-1)
        squares = sizes.square().sum()
        found["groups_without_signal"] = (sizes == 0).to(sizes.dtype).mean()
        found["effective_groups"] = (sizes.sum().square() / squares).where(squares > 0, 0.0)
    return found
