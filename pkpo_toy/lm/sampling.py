"""Answers drawn from a model with a key-value cache, and their log-probabilities in one pass."""

from __future__ import annotations

from typing import Any, NamedTuple, Protocol

import torch
from torch import Tensor

from pkpo_toy.lm.tokens import Tokens


class Model(Protocol):
    """What sampling and training ask of a language model (an nn.Module)."""

    def __call__(self, prompts: Tokens, answers: Tokens) -> Tensor: ...
    def begin(self, prompts: Tokens, repeats: int, room: int) -> tuple[Tensor, Any]: ...
    def proceed(self, tokens: Tensor, cache: Any) -> Tensor: ...


class Scores(NamedTuple):
    """Per answer token, 0 on padding: its log-probability, and the entropy it was drawn from."""

    log_probs: Tensor
    entropy: Tensor


@torch.no_grad()
def sample(
    model: Model,
    prompts: Tokens,
    repeats: int,
    *,
    longest: int,
    end: int,
    generator: torch.Generator,
) -> Tokens:
    """`repeats` answers to each prompt in a row, of at most `longest` tokens, at temperature 1.

    Returns (rows * repeats, length); an answer's end token is real, what follows is not.
    """
    logits, cache = model.begin(prompts, repeats, longest)
    going = torch.ones(len(logits), dtype=torch.bool, device=logits.device)
    ids, real = [], []
    while True:
        probabilities = _precise(logits).softmax(dim=-1)
        drawn = torch.multinomial(probabilities, 1, generator=generator).squeeze(1)
        ids.append(torch.where(going, drawn, end))
        real.append(going)
        going = going & (drawn != end)
        if len(ids) == longest or not bool(going.any()):
            return Tokens(torch.stack(ids, dim=1), torch.stack(real, dim=1))
        logits = model.proceed(ids[-1], cache)


def score(model: Model, prompts: Tokens, answers: Tokens) -> Scores:
    """Log-probabilities and entropies (rows, length) of given answers, differentiable."""
    log_p = _precise(model(prompts, answers)).log_softmax(dim=-1)
    chosen = log_p.gather(-1, answers.ids.unsqueeze(-1)).squeeze(-1)
    entropy = -(log_p.exp() * log_p).sum(dim=-1)
    zero = torch.zeros_like(chosen)
    return Scores(torch.where(answers.real, chosen, zero), torch.where(answers.real, entropy, zero))


def _precise(logits: Tensor) -> Tensor:
    """At least float32: a softmax over thousands of tokens in less loses the rare ones."""
    return logits.float() if logits.dtype in (torch.float16, torch.bfloat16) else logits
