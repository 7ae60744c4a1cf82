"""How a run begins: the model, its tokenizer, the supervised warm start, the optimiser."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn
from torch.optim import SGD, AdamW, Optimizer

from pkpo_toy.lm import huggingface
from pkpo_toy.lm.config import LmConfig
from pkpo_toy.lm.evaluation import Sampler
from pkpo_toy.lm.problems import Problems
from pkpo_toy.lm.ranks import device_of
from pkpo_toy.lm.sampling import score
from pkpo_toy.lm.tokens import Characters, Tokenizer
from pkpo_toy.lm.transformer import Shape, Transformer

START = 0  # what randomness is for, see `training`
EXAMPLES = 128  # right answers per supervised step


def seeded(*parts: int) -> int:
    """A seed from several numbers, for numpy and torch alike."""
    return int(np.random.SeedSequence(parts).generate_state(1, np.uint64)[0] >> 1)


def started(config: LmConfig, known: Problems, run: int) -> tuple[Sampler, nn.Module]:
    """The model that answers and the same as a module, warm: the same for every k and rank."""
    device, dtype = device_of(config.device), getattr(torch, config.dtype)
    tokenizer: Tokenizer
    if config.model:
        pretrained, tokenizer = huggingface.load(config.model, dtype, config.lora_rank)
        module: nn.Module = pretrained
        longest = config.answer_tokens or _longest(tokenizer, known)
    else:
        tokenizer = Characters(known.alphabet)
        longest = config.answer_tokens or known.longest + 1
        module = _transformer(config, tokenizer, known, longest, run).to(dtype)
    module = module.to(device)
    speaker = Sampler(module, tokenizer, longest, device)  # type: ignore[arg-type]
    if not config.model:
        _warm_up(config, speaker, module, known, run)
    return speaker, module.eval()


def _longest(tokenizer: Tokenizer, known: Problems) -> int:
    right = [problem.answer for problem in known.training + known.held_out]
    return tokenizer.answers(right).ids.shape[1]


def _transformer(
    config: LmConfig, tokenizer: Characters, known: Problems, longest: int, run: int
) -> Transformer:
    prompts = known.training + known.held_out
    context = max(len(problem.prompt) for problem in prompts) + max(longest, known.longest + 1)
    shape = Shape(tokenizer.size, context, config.width, config.layers, config.heads)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seeded(config.seed, run, START, 0))
        return Transformer(shape)


def _warm_up(
    config: LmConfig, speaker: Sampler, module: nn.Module, known: Problems, run: int
) -> None:
    """Supervised steps on right answers to all problems, the held-out ones too: as pretraining may
    have met what is asked later, a little. Held out means held out from reinforcement."""
    rng = np.random.default_rng(seeded(config.seed, run, START, 1))
    optimiser = optimiser_of(module, "adam", config.warm_step_size)
    seen = known.training + known.held_out
    for _ in range(config.warm_start):
        chosen = [seen[i] for i in rng.integers(len(seen), size=EXAMPLES)]
        prompts = speaker.tokenizer.prompts([problem.prompt for problem in chosen])
        right = speaker.tokenizer.answers([problem.answer for problem in chosen])
        scores = score(speaker.model, prompts.to(speaker.device), right.to(speaker.device))
        optimiser.zero_grad()
        torch.autograd.backward(-scores.log_probs.sum() / right.real.sum())
        optimiser.step()


def optimiser_of(module: nn.Module, name: str, step_size: float) -> Optimizer:
    """AdamW without decay, or SGD, over what is trained."""
    trained = [p for p in module.parameters() if p.requires_grad]
    if name == "sgd":
        return SGD(trained, lr=step_size)
    return AdamW(trained, lr=step_size, weight_decay=0.0)
