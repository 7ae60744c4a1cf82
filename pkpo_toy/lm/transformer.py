"""A decoder-only transformer small enough for one core: learned positions, pre-norm, GELU."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from pkpo_toy.errors import InputError
from pkpo_toy.lm.tokens import Tokens


@dataclass(frozen=True)
class Shape:
    """Tokens, longest sequence, width, layers and heads (which divide the width)."""

    vocabulary: int
    context: int
    width: int = 64
    layers: int = 2
    heads: int = 2

    def __post_init__(self) -> None:
        if self.width % self.heads:
            raise InputError(f"heads must divide width = {self.width}, got heads = {self.heads}.")


class Cache:
    """Keys and values of every layer for the tokens seen so far, in room set aside at the start."""

    def __init__(self, shape: Shape, rows: int, room: int, real: Tensor, like: Tensor) -> None:
        size = (shape.layers, 2, rows, shape.heads, room, shape.width // shape.heads)
        self.stored = torch.empty(size, dtype=like.dtype, device=like.device)
        self.length = 0
        self.real = real
        self.ragged = not bool(real.all())

    def extend(self, layer: int, keys: Tensor, values: Tensor) -> tuple[Tensor, Tensor]:
        """All keys and values of the layer, the new ones (rows, heads, new, size) included."""
        end = self.length + keys.shape[2]
        self.stored[layer, 0, :, :, self.length : end] = keys
        self.stored[layer, 1, :, :, self.length : end] = values
        return self.stored[layer, 0, :, :, :end], self.stored[layer, 1, :, :, :end]

    def repeated(self, times: int) -> Cache:
        """The same with every row `times` times in a row."""
        copy = object.__new__(Cache)
        copy.stored = self.stored.repeat_interleave(times, dim=2)
        copy.real = self.real.repeat_interleave(times, dim=0)
        copy.length, copy.ragged = self.length, self.ragged
        return copy


class Block(nn.Module):
    """Attention and a feed-forward layer, each added to what comes in."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.heads = shape.heads
        self.before_attention = nn.LayerNorm(shape.width)
        self.mix = nn.Linear(shape.width, 3 * shape.width)
        self.out = nn.Linear(shape.width, shape.width)
        self.before_feed = nn.LayerNorm(shape.width)
        self.up = nn.Linear(shape.width, 4 * shape.width)
        self.down = nn.Linear(4 * shape.width, shape.width)

    def forward(
        self, x: Tensor, allowed: Tensor | None, cache: Cache | None = None, layer: int = 0
    ) -> Tensor:
        """x (rows, length, width); `allowed` (rows, 1, queries, keys) or None for causal."""
        rows, length, width = x.shape
        mixed = self.mix(self.before_attention(x)).view(rows, length, 3, self.heads, -1)
        query, key, value = mixed.permute(2, 0, 3, 1, 4).unbind(0)
        if cache is not None:
            key, value = cache.extend(layer, key, value)
        seen = functional.scaled_dot_product_attention(
            query, key, value, attn_mask=allowed, is_causal=allowed is None and length > 1
        )
        x = x + self.out(seen.transpose(1, 2).reshape(rows, length, width))
        fed: Tensor = self.down(functional.gelu(self.up(self.before_feed(x))))
        return x + fed


class Transformer(nn.Module):
    """Next-token logits; see `forward` for whole sequences, `begin` and `proceed` for sampling."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        self.tokens = nn.Embedding(shape.vocabulary, shape.width)
        self.places = nn.Embedding(shape.context, shape.width)
        self.blocks = nn.ModuleList([Block(shape) for _ in range(shape.layers)])
        self.last = nn.LayerNorm(shape.width)
        self.head = nn.Linear(shape.width, shape.vocabulary, bias=False)
        for table in (self.tokens, self.places, self.head):
            nn.init.normal_(table.weight, std=0.02)

    def forward(self, prompts: Tokens, answers: Tokens) -> Tensor:
        """Logits (rows, answer length, vocabulary) of every answer token given all before it."""
        ids = torch.cat([prompts.ids, answers.ids[:, :-1]], dim=1)
        real = torch.cat([prompts.real, answers.real[:, :-1]], dim=1)
        x = self._embed(ids, real)
        allowed = None if bool(prompts.real.all()) else _allowed(real)
        for block in self.blocks:
            x = block(x, allowed)
        return self._logits(x[:, prompts.ids.shape[1] - 1 :])

    def begin(self, prompts: Tokens, repeats: int, room: int) -> tuple[Tensor, Cache]:
        """Logits (rows * repeats, vocabulary) after the prompts, and a cache with `room` left."""
        rows, length = prompts.ids.shape
        like = self.head.weight
        cache = Cache(self.shape, rows, length + room, prompts.real, like)
        logits = self._advance(prompts.ids, prompts.real, cache)
        return logits.repeat_interleave(repeats, dim=0), cache.repeated(repeats)

    def proceed(self, tokens: Tensor, cache: Any) -> Tensor:
        """Logits (rows, vocabulary) after one more of tokens (rows,) each."""
        new = torch.ones_like(tokens, dtype=torch.bool).unsqueeze(1)
        cache.real = torch.cat([cache.real, new], dim=1)
        return self._advance(tokens.unsqueeze(1), cache.real, cache)

    def _advance(self, ids: Tensor, real: Tensor, cache: Cache) -> Tensor:
        length = ids.shape[1]
        x = self._embed(ids, real)
        allowed = _allowed(real)[:, :, -length:] if cache.ragged else None
        for layer, block in enumerate(self.blocks):
            x = block(x, allowed, cache, layer)
        cache.length += length
        return self._logits(x[:, -1])

    def _embed(self, ids: Tensor, real: Tensor) -> Tensor:
        """Positions count the real tokens, so padding on the left changes nothing."""
        place = (real.cumsum(dim=1) - 1).clamp(min=0)[:, -ids.shape[1] :]
        embedded: Tensor = self.tokens(ids) + self.places(place)
        return embedded

    def _logits(self, x: Tensor) -> Tensor:
        logits: Tensor = self.head(self.last(x))
        return logits


def _allowed(real: Tensor) -> Tensor:
    """Which keys a query may see, (rows, 1, length, length): real ones before it, and itself."""
    length = real.shape[1]
    causal = torch.ones(length, length, dtype=torch.bool, device=real.device).tril_()
    itself = torch.eye(length, dtype=torch.bool, device=real.device)
    return ((real[:, None, :] & causal) | itself).unsqueeze(1)
