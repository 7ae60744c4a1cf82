"""What a model can do on given prompts: rewards of fresh answers, and their entropy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from pkpo_toy.estimators import max_at_k
from pkpo_toy.lm.checkers import Reward
from pkpo_toy.lm.sampling import Drawn, Model, sample, score
from pkpo_toy.lm.tasks import Problem
from pkpo_toy.lm.tokens import Tokenizer, Tokens
from pkpo_toy.typing import Array


class Answers(NamedTuple):
    """n answers to each of some problems, as tokens and as text, with rewards (problems, n).

    sizes (problems, n), sketch (problems, n, WIDTH): what stands for their scores, see `Drawn`.
    """

    prompts: Tokens
    tokens: Tokens
    texts: list[str]
    rewards: Array
    sizes: Tensor
    sketch: Tensor | None


class Sampler(NamedTuple):
    """A model that answers: its tokenizer, the most tokens of an answer, its device."""

    model: Model
    tokenizer: Tokenizer
    longest: int
    device: torch.device

    def draw(self, problems: Sequence[Problem], n: int, seed: int, sketched: bool) -> Drawn:
        """n sampled answers to each prompt, prompt by prompt: (problems * n, length)."""
        generator = torch.Generator(self.device).manual_seed(seed)
        prompts = self.tokenizer.prompts([problem.prompt for problem in problems])
        return sample(
            self.model,
            prompts.to(self.device),
            n,
            longest=self.longest,
            end=self.tokenizer.end,
            generator=generator,
            sketched=sketched,
        )


def sample_answers(
    sampler: Sampler,
    problems: Sequence[Problem],
    reward: Reward,
    n: int,
    *,
    exact: bool,
    seed: int,
    sketched: bool = False,
) -> Answers:
    """Sample n answers to each of P problems and reward them; exact: 1 if all is right, else 0.

    seed: of everything drawn. sketched: draw a sketch of the scores too.

    Returns: the Answers, rewards (P, n) and P * n rows of tokens, a problem's answers together.
    """
    tokens, sizes, sketch = sampler.draw(problems, n, seed, sketched)
    texts = sampler.tokenizer.texts(Tokens(tokens.ids.cpu(), tokens.real.cpu()))
    repeated = [problem for problem in problems for _ in range(n)]
    earned = np.array([reward(p, text) for p, text in zip(repeated, texts, strict=True)])
    rewards = (earned >= 1).astype(np.float64) if exact else earned
    prompts = sampler.tokenizer.prompts([problem.prompt for problem in repeated])
    shape = len(problems), n
    return Answers(
        prompts.to(sampler.device),
        tokens,
        texts,
        rewards.reshape(shape),
        sizes.view(shape),
        None if sketch is None else sketch.view(*shape, -1),
    )


def entropy(sampler: Sampler, answers: Answers) -> Array:
    """The summed entropy of each answer's tokens, nats, shape (rows,).

    Its mean over sampled answers is an unbiased estimate of the entropy of the answers.
    """
    with torch.no_grad():
        summed = score(sampler.model, answers.prompts, answers.tokens).entropy.sum(dim=1)
    per_answer: Array = summed.double().cpu().numpy()
    return per_answer


def pass_rates(rewards: Array, k_eval: Sequence[int]) -> list[tuple[int, float, float]]:
    """(k, unbiased mean of max@k over the problems, its standard error) for each k of k_eval.

    rewards (problems, n), n >= k. For rewards of 0 and 1 this is pass@k. The standard error is
    NaN for a single problem.
    """
    rows = []
    for k in k_eval:
        values = max_at_k(rewards, k)
        se = float(values.std(ddof=1) / np.sqrt(values.size)) if values.size > 1 else float("nan")
        rows.append((k, float(values.mean()), se))
    return rows
