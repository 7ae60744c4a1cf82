"""Every answer a small model can give to a prompt: chances, rewards and scores, exactly.

For tokens so few and answers so short that all can be listed.
"""

from __future__ import annotations

from functools import cache, cached_property
from itertools import product
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from pkpo_toy.lm.config import LmConfig
from pkpo_toy.lm.setup import set_up
from pkpo_toy.lm.tasks import Problem
from pkpo_toy.lm.tokens import Tokens
from pkpo_toy.typing import Array


class Space(NamedTuple):
    """The A answers to one prompt.

    log_chances (A,): log pi(x), all chances adding up to 1; rewards (A,);
    sketch (A, vocabulary): sum_t (onehot(x_t) - pi_t).
    """

    log_chances: Array
    rewards: Array
    sketch: Array


class AnswerSpaces:
    """A model after its warm start, and all answers to each of its training problems."""

    def __init__(self, config: LmConfig) -> None:
        torch.set_num_threads(config.threads)
        self.problems = config.load_problems()
        self.sampler, self.module = set_up(config, self.problems, 0)
        tokenizer = self.sampler.tokenizer
        vocabulary = 1 + len(self.problems.alphabet)
        self.answers = all_answers(vocabulary, self.sampler.longest, tokenizer.end)
        self.texts = tokenizer.texts(self.answers)

    @cached_property
    def spaces(self) -> list[Space]:
        """One for each training problem, in their order."""
        return [self._space(problem) for problem in self.problems.training]

    @cache  # noqa: B019  # one model a process, kept anyway
    def scores(self, index: int) -> Array:
        """grad log pi of every answer to a training problem, in all parameters, (A, at most A).

        Turned into as few coordinates as there are answers: a variance asks for inner products
        alone, and these stay.
        """
        parameters = list(self.module.parameters())
        found = []
        for row in range(len(self.texts)):
            one = self.answers.rows(slice(row, row + 1))
            said = _said(self._log_p(self.problems.training[index], one), one)
            parts = torch.autograd.grad(said.sum(), parameters)
            found.append(torch.cat([part.flatten() for part in parts]))
        triangle = np.asarray(np.linalg.qr(torch.stack(found).double().numpy().T, mode="r"))
        return triangle.T

    def _space(self, problem: Problem) -> Space:
        with torch.no_grad():
            log_p = self._log_p(problem, self.answers)
        ids, real = self.answers
        onehot = torch.nn.functional.one_hot(ids, log_p.shape[-1])
        sketch = ((onehot - log_p.exp()) * real.unsqueeze(-1)).sum(dim=1)
        rewards = np.array([self.problems.reward(problem, text) for text in self.texts])
        return Space(_said(log_p, self.answers).double().numpy(), rewards, sketch.double().numpy())

    def _log_p(self, problem: Problem, answers: Tokens) -> Tensor:
        prompt = self.sampler.tokenizer.prompts([problem.prompt])
        repeated = Tokens(*(x.expand(len(answers.ids), -1) for x in prompt))
        return self.sampler.model(repeated, answers).log_softmax(dim=-1)


def _said(log_p: Tensor, answers: Tokens) -> Tensor:
    """log pi(x) of each answer, (A,)."""
    return (log_p.gather(-1, answers.ids.unsqueeze(-1)).squeeze(-1) * answers.real).sum(dim=1)


def all_answers(vocabulary: int, longest: int, end: int) -> Tokens:
    """(A, longest): every answer that ends, and every one of full length that does not."""
    others = [token for token in range(vocabulary) if token != end]
    rows = [(*start, end) for length in range(longest) for start in product(others, repeat=length)]
    rows += product(others, repeat=longest)
    ids = [[*row, *[end] * (longest - len(row))] for row in rows]
    lengths = torch.tensor([len(row) for row in rows])
    return Tokens(torch.tensor(ids), torch.arange(longest) < lengths[:, None])
