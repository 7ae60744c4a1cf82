"""Answers drawn from a model with a key-value cache, and their log-probabilities in one pass."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple, Protocol

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from pkpo_toy.lm.tokens import Tokens


class Model(Protocol):
    """What sampling and training ask of a language model (an nn.Module)."""

    def __call__(self, prompts: Tokens, answers: Tokens) -> Tensor:
        """Logits (rows, answer length, vocabulary) of each answer token given all before it."""

    def begin(self, prompts: Tokens, repeats: int, room: int) -> tuple[Tensor, Any]:
        """Logits (rows * repeats, vocabulary) after the prompts, and a cache with `room` for more.

        Each row of the prompts stands there `repeats` times, one after another.
        """

    def proceed(self, tokens: Tensor, cache: Any) -> Tensor:
        """Logits (rows, vocabulary) after one more of tokens (rows,) each."""


class Drawn(NamedTuple):
    """Sampled answers, and what stands for their scores grad log pi(x_i), from the same passes.

    sizes (rows,): -log pi(x_i), about |score_i|^2 up to a factor.
    sketch (rows, WIDTH): sum_t (onehot(x_it) - pi_it), token v in place v modulo WIDTH with a sign
    of its own; None unless asked for.
    """

    tokens: Tokens
    sizes: Tensor
    sketch: Tensor | None


WIDTH = 128


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
    sketched: bool = False,
) -> Drawn:
    """`repeats` answers to each prompt in a row, of at most `longest` tokens, at temperature 1.

    Tokens are (rows * repeats, length); an answer's end token is real, what follows is not.
    """
    logits, cache = model.begin(prompts, repeats, longest)
    going = torch.ones(len(logits), dtype=torch.bool, device=logits.device)
    sizes = _precise(logits).new_zeros(len(logits))
    sketch = sizes.new_zeros(len(logits), WIDTH) if sketched else None
    ids, real = [], []
    while True:
        probabilities = _precise(logits).softmax(dim=-1)
        drawn = torch.multinomial(probabilities, 1, generator=generator)
        sizes -= going * probabilities.gather(1, drawn).squeeze(1).log()
        if sketch is not None:
            sketch += going.unsqueeze(1) * _sketched(probabilities, drawn)
        ids.append(torch.where(going, drawn.squeeze(1), end))
        real.append(going)
        going = going & (ids[-1] != end)
        if len(ids) == longest or not bool(going.any()):
            return Drawn(Tokens(torch.stack(ids, dim=1), torch.stack(real, dim=1)), sizes, sketch)
        logits = model.proceed(ids[-1], cache)


def _sketched(probabilities: Tensor, drawn: Tensor) -> Tensor:
    """onehot(drawn) - probabilities, hashed: (rows, vocabulary), (rows, 1) -> (rows, WIDTH)."""
    rows, vocabulary = probabilities.shape
    signs = _signs(vocabulary, probabilities.device, probabilities.dtype)
    signed = functional.pad(probabilities * signs, (0, -vocabulary % WIDTH))
    found = -signed.view(rows, -1, WIDTH).sum(dim=1)
    return found.scatter_add_(1, drawn % WIDTH, signs[drawn])


@lru_cache(maxsize=8)
def _signs(vocabulary: int, device: torch.device, dtype: torch.dtype) -> Tensor:
    """With random signs, tokens that share a place cancel in the mean of a product of sketches."""
    drawn = np.random.default_rng(0).choice([-1.0, 1.0], vocabulary)
    return torch.from_numpy(drawn).to(device, dtype)


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
