"""The loss of a batch of groups: REINFORCE with group weights, clipped ratios, entropy, KL."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from pkpo_toy.lm.sampling import Model, Scores, score
from pkpo_toy.lm.tokens import Tokens


class Batch(NamedTuple):
    """n answers to each of some prompts (prompts repeated), with their weights (rows,).

    old: log-probabilities (rows, length) that the answers were drawn with, None while unchanged.
    reference: those of the reference model, None without one.
    """

    prompts: Tokens
    answers: Tokens
    weights: Tensor
    old: Tensor | None = None
    reference: Tensor | None = None

    def part(self, rows: slice) -> Batch:
        """Some of the rows."""
        old = None if self.old is None else self.old[rows]
        reference = None if self.reference is None else self.reference[rows]
        return Batch(
            self.prompts.rows(rows), self.answers.rows(rows), self.weights[rows], old, reference
        )


@dataclass(frozen=True)
class Terms:
    """Coefficients: clip > 0 limits the ratio to 1 -+ clip; entropy and kl, 0 for none."""

    clip: float = 0.0
    entropy: float = 0.0
    kl: float = 0.0


def loss(model: Model, batch: Batch, terms: Terms, groups: int, n: int) -> Tensor:
    """What is minimised, for its gradient: minus the estimate for max@k, averaged over groups.

        (1/groups) sum_i [ -w_i sum_t ratio_it + (-entropy sum_t H_it + kl sum_t KL_it) / n ]

    A sum over tokens, never a mean: sum_t grad log pi is the score that the weights are meant for.
    On the policy the ratio is 1 with gradient grad log pi. H_it is the entropy of the token's own
    distribution (what an earlier token does to later entropies is left out), and KL_it the estimate
    r - 1 - log r with r = reference / policy, never negative (Schulman's k3). `groups` are those of
    the whole step, of which the batch may be a part.
    """
    scores = score(model, batch.prompts, batch.answers)
    total = -_surrogate(scores, batch, terms.clip).sum()
    if terms.entropy:
        total = total - terms.entropy / n * scores.entropy.sum()
    if batch.reference is not None:
        log_ratio = batch.reference - scores.log_probs
        total = total + terms.kl / n * (log_ratio.exp() - 1 - log_ratio).sum()
    return total / groups


def _surrogate(scores: Scores, batch: Batch, clip: float) -> Tensor:
    old = scores.log_probs.detach() if batch.old is None else batch.old
    ratio = (scores.log_probs - old).exp()
    weights = batch.weights.to(ratio.dtype).unsqueeze(1)
    plain = ratio * weights
    if not clip or batch.old is None:
        return plain * batch.answers.real
    clipped = ratio.clamp(1 - clip, 1 + clip) * weights
    return torch.minimum(plain, clipped) * batch.answers.real
