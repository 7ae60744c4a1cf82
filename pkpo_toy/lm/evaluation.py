"""What a model can do on held-out prompts: rewards of fresh answers, and their entropy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from pkpo_toy.estimators import max_at_k
from pkpo_toy.lm.problems import Problems
from pkpo_toy.lm.sampling import Model, sample, score
from pkpo_toy.lm.tasks import Problem
from pkpo_toy.lm.tokens import Tokenizer, Tokens

Array = NDArray[np.float64]


class Answers(NamedTuple):
    """n answers to each of some problems, as tokens and as text, with rewards (problems, n)."""

    prompts: Tokens
    tokens: Tokens
    texts: list[str]
    rewards: Array


class Sampler(NamedTuple):
    """A model that answers: its tokenizer, the most tokens it may use, its device."""

    model: Model
    tokenizer: Tokenizer
    longest: int
    device: torch.device

    def answer(self, problems: Sequence[Problem], n: int, seed: int) -> Tokens:
        """n sampled answers to each prompt, prompt by prompt."""
        generator = torch.Generator(self.device).manual_seed(seed)
        prompts = self.tokenizer.prompts([problem.prompt for problem in problems])
        return sample(
            self.model,
            prompts.to(self.device),
            n,
            longest=self.longest,
            end=self.tokenizer.end,
            generator=generator,
        )


def answers(
    speaker: Sampler,
    problems: Sequence[Problem],
    known: Problems,
    n: int,
    *,
    exact: bool,
    seed: int,
) -> Answers:
    """Sample n answers to each problem and reward them; exact: 1 if all is right, else 0."""
    tokens = speaker.answer(problems, n, seed)
    texts = speaker.tokenizer.texts(Tokens(tokens.ids.cpu(), tokens.real.cpu()))
    asked = [problem for problem in problems for _ in range(n)]
    earned = np.array([known.reward(p, text) for p, text in zip(asked, texts, strict=True)])
    rewards = (earned >= 1).astype(np.float64) if exact else earned
    prompts = speaker.tokenizer.prompts([problem.prompt for problem in asked])
    return Answers(prompts.to(speaker.device), tokens, texts, rewards.reshape(len(problems), n))


def entropy(speaker: Sampler, given: Answers) -> Array:
    """Per answer, the summed entropy of its tokens: on average the entropy of the answers, nats."""
    with torch.no_grad():
        summed = score(speaker.model, given.prompts, given.tokens).entropy.sum(dim=1)
    found: Array = summed.double().cpu().numpy()
    return found


def pass_rates(rewards: Array, k_eval: Sequence[int]) -> list[tuple[int, float, float]]:
    """(k, unbiased mean of max@k over the problems, its standard error) for each k.

    rewards (problems, n), n >= k. For rewards of 0 and 1 this is pass@k.
    """
    rows = []
    for k in k_eval:
        values = max_at_k(rewards, k)
        se = float(values.std(ddof=1) / np.sqrt(values.size)) if values.size > 1 else float("nan")
        rows.append((k, float(values.mean()), se))
    return rows
