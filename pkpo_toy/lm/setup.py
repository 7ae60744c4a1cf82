"""How a run begins: the model, its tokenizer, the supervised warm start, the optimiser."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from enum import IntEnum

import numpy as np
import torch
from torch import nn
from torch.optim import SGD, AdamW, Optimizer

from pkpo_toy.errors import unknown
from pkpo_toy.lm import huggingface
from pkpo_toy.lm.config import LmConfig
from pkpo_toy.lm.evaluation import Sampler
from pkpo_toy.lm.problems import Problems
from pkpo_toy.lm.ranks import device_of
from pkpo_toy.lm.sampling import score
from pkpo_toy.lm.tokens import Characters, Tokenizer
from pkpo_toy.lm.transformer import Shape, Transformer
from pkpo_toy.simulator.optimisers import Momentum

EXAMPLES = 128  # right answers in a supervised step


class Purpose(IntEnum):
    """What random numbers are drawn for; each purpose has a stream of its own."""

    WARM_START = 0
    PROMPTS = 1
    ANSWERS = 2
    HELD_OUT = 3
    WEIGHTS = 4
    LOOK_AHEAD = 5


def seed_from(*parts: int) -> int:
    """One seed from several numbers, for numpy and torch alike."""
    return int(np.random.SeedSequence(parts).generate_state(1, np.uint64)[0] >> 1)


def set_up(config: LmConfig, problems: Problems, replicate: int) -> tuple[Sampler, nn.Module]:
    """The model that answers and the same as a module, after the warm start.

    It depends on the seed and the replicate alone: every k and every rank begins with the same.
    Raises InputError for a device or a model that is not there.
    """
    device, dtype = device_of(config.device), getattr(torch, config.dtype)
    tokenizer: Tokenizer
    if config.model:
        pretrained, tokenizer = huggingface.load(config.model, dtype, config.lora_rank)
        module: nn.Module = pretrained
        longest = config.answer_tokens or _longest(tokenizer, problems)
    else:
        tokenizer = Characters(problems.alphabet)
        longest = config.answer_tokens or problems.longest + 1
        module = _transformer(config, tokenizer, problems, longest, replicate).to(dtype)
    module = module.to(device)
    sampler = Sampler(module, tokenizer, longest, device)  # type: ignore[arg-type]
    if not config.model:
        _warm_up(config, sampler, module, problems, replicate)
    return sampler, module.eval()


def _longest(tokenizer: Tokenizer, problems: Problems) -> int:
    right = [problem.answer for problem in problems.training + problems.held_out]
    return tokenizer.answers(right).ids.shape[1]


def _transformer(
    config: LmConfig, tokenizer: Characters, problems: Problems, longest: int, replicate: int
) -> Transformer:
    prompts = problems.training + problems.held_out
    context = max(len(p.prompt) for p in prompts) + max(longest, problems.longest + 1)
    shape = Shape(tokenizer.size, context, config.width, config.layers, config.heads)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed_from(config.seed, replicate, Purpose.WARM_START, 0))
        return Transformer(shape)


def _warm_up(
    config: LmConfig, sampler: Sampler, module: nn.Module, problems: Problems, replicate: int
) -> None:
    """Supervised steps on right answers, those to the held-out problems too.

    Pretraining may have met a little of what is asked later; held out means held out from
    reinforcement.
    """
    rng = np.random.default_rng(seed_from(config.seed, replicate, Purpose.WARM_START, 1))
    optimiser = build_optimiser("adam", module, config.warm_step_size)
    seen = problems.training + problems.held_out
    for _ in range(config.warm_start):
        chosen = [seen[i] for i in rng.integers(len(seen), size=EXAMPLES)]
        prompts = sampler.tokenizer.prompts([problem.prompt for problem in chosen])
        right = sampler.tokenizer.answers([problem.answer for problem in chosen])
        scores = score(sampler.model, prompts.to(sampler.device), right.to(sampler.device))
        optimiser.zero_grad()
        torch.autograd.backward(-scores.log_probs.sum() / right.real.sum())
        optimiser.step()


def _adam(parameters: Iterable[nn.Parameter], step_size: float) -> Optimizer:
    return AdamW(parameters, lr=step_size, weight_decay=0.0)


def _sgd(parameters: Iterable[nn.Parameter], step_size: float) -> Optimizer:
    return SGD(parameters, lr=step_size)


def _momentum(parameters: Iterable[nn.Parameter], step_size: float) -> Optimizer:
    return SGD(parameters, lr=step_size, momentum=Momentum.B)


OPTIMISERS: dict[str, Callable[[Iterable[nn.Parameter], float], Optimizer]] = {
    "sgd": _sgd,
    "momentum": _momentum,
    "adam": _adam,
}
"""The simulator's optimisers by the same names, for tensors. No decay: Adam and AdamW agree."""


def build_optimiser(name: str, module: nn.Module, step_size: float) -> Optimizer:
    """The optimiser of that name over the parameters that are trained.

    Raises InputError for a name that is not in OPTIMISERS.
    """
    if name not in OPTIMISERS:
        raise unknown("optimiser", name, OPTIMISERS)
    return OPTIMISERS[name]([p for p in module.parameters() if p.requires_grad], step_size)
