"""Runs on tasks with one right answer, whose pass rates are known exactly; a run with an oracle."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch import Tensor
from torch.func import functional_call, grad, vmap
from torch.nn.attention import SDPBackend, sdpa_kernel

from pkpo_toy.estimators.adaptive import FLOOR
from pkpo_toy.lm.adaptive import AdaptiveLoo
from pkpo_toy.lm.config import LmConfig
from pkpo_toy.lm.evaluation import Answers, Sampler
from pkpo_toy.lm.ranks import Ranks
from pkpo_toy.lm.sampling import score
from pkpo_toy.lm.setup import Purpose, seed_from
from pkpo_toy.lm.tasks import Problem
from pkpo_toy.lm.tokens import Tokens
from pkpo_toy.lm.trainer import Training

GROUPS = 32
"""Further groups that the oracle's baseline is taught at every log."""


def exact_pass_rates(
    config: LmConfig, replicate: int, *, oracle: bool = False
) -> Iterator[tuple[int, float]]:
    """(step, pass@k of the training problems) at every log of a run, for its k; exact.

    oracle: the baseline is learnt from further groups with their true scores, and only from them.
    """
    torch.set_num_threads(config.threads)
    training = (Oracle if oracle else Training)(config, replicate, Ranks())
    k = training.ks[0]
    while True:
        chances = right_chances(training.sampler, training.problems.training).double()
        yield training.step, float((1 - (1 - chances) ** k).mean())
        if training.step == config.steps:
            return
        if isinstance(training, Oracle):
            training.look_ahead()
        for _ in range(min(config.log_every, config.steps - training.step)):
            training.advance()


def right_chances(sampler: Sampler, problems: Sequence[Problem]) -> Tensor:
    """The probability of the one right answer to each problem, (problems,)."""
    prompts = sampler.tokenizer.prompts([problem.prompt for problem in problems])
    right = sampler.tokenizer.answers([problem.answer for problem in problems])
    right = Tokens(*(x[:, : sampler.longest] for x in right))  # a full answer needs no end
    with torch.no_grad():
        said = score(sampler.model, prompts.to(sampler.device), right.to(sampler.device))
    return said.log_probs.sum(dim=1).exp()


class Oracle(Training):
    """A run whose baseline learns from groups that training does not see, with their true scores.

    For prompts of one length.
    """

    def __init__(self, config: LmConfig, replicate: int, ranks: Ranks) -> None:
        super().__init__(config, replicate, ranks)
        self.baseline = AdaptiveLoo(floor=FLOOR)

    def look_ahead(self) -> None:
        """Teach the baseline GROUPS groups of the policy as it is now."""
        seed = seed_from(self.config.seed, self.replicate, Purpose.LOOK_AHEAD, self.step)
        chosen = np.random.default_rng(seed).integers(len(self.problems.training), size=GROUPS)
        problems = [self.problems.training[i] for i in chosen]
        answers = self._answers(problems, self.config.n, seed)
        scores = _scores(self.model, answers)
        self.baseline.observe(torch.from_numpy(answers.rewards), self.ks[self.step], scores)

    def _observe(self, answers: Answers) -> None:
        """Nothing is learnt from what is trained on."""


def _scores(model: torch.nn.Module, answers: Answers) -> Tensor:
    """grad log pi of every answer in all parameters, (prompts, n, D); of equal answers once."""
    rows = torch.cat([answers.prompts.ids, answers.tokens.ids, answers.tokens.real.long()], dim=1)
    _, places = torch.unique(rows, dim=0, return_inverse=True)
    firsts = torch.stack([(places == place).nonzero()[0, 0] for place in range(places.max() + 1)])
    parameters = {name: p.detach() for name, p in model.named_parameters()}
    whole = answers.prompts.real[:1]

    def said(values: dict[str, Tensor], prompt: Tensor, ids: Tensor, real: Tensor) -> Tensor:
        given = Tokens(prompt[None], whole), Tokens(ids[None], real[None])
        log_p = functional_call(model, values, given).log_softmax(dim=-1)[0]
        return (log_p.gather(-1, ids[:, None]).squeeze(-1) * real).sum()

    once = answers.prompts.ids[firsts], answers.tokens.ids[firsts], answers.tokens.real[firsts]
    with sdpa_kernel(SDPBackend.MATH):  # the others run sample by sample here
        found = vmap(grad(said), (None, 0, 0, 0))(parameters, *once)
    scores = torch.cat([part.flatten(1) for part in found.values()], dim=1)
    return scores[places].view(*answers.rewards.shape, -1)
