"""Text to padded token ids and back, one character per token. Token 0 ends an answer."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple, Protocol

import torch
from torch import Tensor

from pkpo_toy.errors import InputError

END = 0


class Tokens(NamedTuple):
    """Token ids (rows, length) and which of them are real, as bool; the rest is padding."""

    ids: Tensor
    real: Tensor

    def to(self, device: torch.device) -> Tokens:
        """The same on another device."""
        return Tokens(self.ids.to(device), self.real.to(device))

    def rows(self, chosen: slice | Tensor) -> Tokens:
        """The rows that are chosen: a slice, indices (m,) or a mask (rows,)."""
        return Tokens(self.ids[chosen], self.real[chosen])


class Tokenizer(Protocol):
    """What is asked of a tokenizer; prompts are padded on the left, answers on the right."""

    end: int

    def prompts(self, texts: Sequence[str]) -> Tokens:
        """The texts as ids (rows, longest), padded on the left."""

    def answers(self, texts: Sequence[str]) -> Tokens:
        """The texts as ids (rows, longest + 1), each with an end token, padded on the right."""

    def texts(self, answers: Tokens) -> list[str]:
        """What was answered in each row, without the end token."""


class Characters:
    """A tokenizer whose tokens are the characters of an alphabet."""

    end = END

    def __init__(self, alphabet: Iterable[str]) -> None:
        self.alphabet = "".join(sorted(set(alphabet)))
        self._ids = {character: 1 + i for i, character in enumerate(self.alphabet)}

    @property
    def size(self) -> int:
        """Number of tokens, the end token included."""
        return 1 + len(self.alphabet)

    def prompts(self, texts: Sequence[str]) -> Tokens:
        """The texts as ids (rows, longest), padded on the left.

        Raises InputError for a character that is not in the alphabet, as `answers` does.
        """
        return padded([self._encode(text) for text in texts], self.end, left=True)

    def answers(self, texts: Sequence[str]) -> Tokens:
        """The texts as ids (rows, longest + 1), each with an end token, padded on the right."""
        return padded([[*self._encode(text), self.end] for text in texts], self.end, left=False)

    def texts(self, answers: Tokens) -> list[str]:
        """What was answered, up to the end token."""
        characters = f"\0{self.alphabet}"
        rows = torch.where(answers.real, answers.ids, self.end).tolist()
        return ["".join([characters[i] for i in row]).partition("\0")[0] for row in rows]

    def _encode(self, text: str) -> list[int]:
        try:
            return [self._ids[character] for character in text]
        except KeyError as error:
            raise InputError(
                f"the model knows the characters {self.alphabet!r}, got {error.args[0]!r}."
            ) from None


def padded(rows: Sequence[Sequence[int]], filler: int, *, left: bool) -> Tokens:
    """Rows of ids of any lengths as (rows, longest); left: whether padding stands in front."""
    length = max(1, *(len(row) for row in rows)) if rows else 1
    filled = [(row, [filler] * (length - len(row))) for row in rows]
    ids = [[*empty, *row] if left else [*row, *empty] for row, empty in filled]
    lengths = torch.tensor([len(row) for row in rows], dtype=torch.long).unsqueeze(1)
    places = torch.arange(length)
    real = places >= length - lengths if left else places < lengths
    return Tokens(torch.tensor(ids, dtype=torch.long).view(len(rows), length), real)
