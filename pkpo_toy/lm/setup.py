"""How a run begins: the model, its tokenizer, the supervised warm start, the optimiser."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable
from enum import IntEnum
from functools import lru_cache
from typing import NamedTuple

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
from pkpo_toy.lm.tasks import Problem
from pkpo_toy.lm.tokens import Characters, Tokenizer
from pkpo_toy.lm.transformer import Shape, Transformer
from pkpo_toy.simulator.optimisers import Momentum

EXAMPLES = 128  # right answers in a supervised step
KEPT, LARGEST_KEPT = 32, 100_000  # models after a warm start; layers x width^2 of the largest


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
    device = device_of(config.device)
    tokenizer: Tokenizer
    if config.model:
        dtype = getattr(torch, config.dtype)
        pretrained, tokenizer = huggingface.load(config.model, dtype, config.lora_rank)
        module: nn.Module = pretrained
        longest = config.answer_tokens or _longest(tokenizer, problems)
    else:
        tokenizer = Characters(problems.alphabet)
        longest = config.answer_tokens or problems.longest + 1
        start = _start(config, problems, replicate, device)
        small = config.layers * config.width**2 <= LARGEST_KEPT
        module = copy.deepcopy(_kept(start)) if small else _warmed_up(start)
    module = module.to(device)
    sampler = Sampler(module, tokenizer, longest, device)  # type: ignore[arg-type]
    return sampler, module.eval()


def _longest(tokenizer: Tokenizer, problems: Problems) -> int:
    right = [problem.answer for problem in problems.training + problems.held_out]
    return tokenizer.answers(right).ids.shape[1]


class _Start(NamedTuple):
    """All that a warm start is made of."""

    shape: Shape
    alphabet: str
    seen: tuple[Problem, ...]
    seeds: tuple[int, int]
    steps: int
    step_size: float
    dtype: torch.dtype
    device: torch.device


def _start(config: LmConfig, problems: Problems, replicate: int, device: torch.device) -> _Start:
    seen = problems.training + problems.held_out
    longest = max(config.answer_tokens, problems.longest + 1)
    context = max(len(problem.prompt) for problem in seen) + longest
    tokens = Characters(problems.alphabet).size
    return _Start(
        Shape(tokens, context, config.width, config.layers, config.heads),
        problems.alphabet,
        seen,
        (config.seed, replicate),
        config.warm_start,
        config.warm_step_size,
        getattr(torch, config.dtype),
        device,
    )


def _warmed_up(start: _Start) -> Transformer:
    """A new model after supervised steps on right answers, those to the held-out problems too.

    Pretraining may have met a little of what is asked later; held out means held out from
    reinforcement.
    """
    tokenizer = Characters(start.alphabet)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed_from(*start.seeds, Purpose.WARM_START, 0))
        model = Transformer(start.shape).to(start.dtype).to(start.device)
    rng = np.random.default_rng(seed_from(*start.seeds, Purpose.WARM_START, 1))
    optimiser = build_optimiser("adam", model, start.step_size)
    for _ in range(start.steps):
        chosen = [start.seen[i] for i in rng.integers(len(start.seen), size=EXAMPLES)]
        prompts = tokenizer.prompts([problem.prompt for problem in chosen])
        right = tokenizer.answers([problem.answer for problem in chosen])
        scores = score(model, prompts.to(start.device), right.to(start.device))
        optimiser.zero_grad()
        torch.autograd.backward(-scores.log_probs.sum() / right.real.sum())
        optimiser.step()
    return model


_kept = lru_cache(KEPT)(_warmed_up)
"""Runs with another estimator, k or step size begin with the same model: it is made once."""


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
