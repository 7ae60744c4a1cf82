"""Any Hugging Face causal model behind the same three calls as the built-in transformer."""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from threading import RLock
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from pkpo_toy.errors import InputError
from pkpo_toy.extras import install_command
from pkpo_toy.lm.tokens import Tokens, padded

HUB_SECONDS = 5.0  # to wait for its answer


class State(NamedTuple):
    """Keys and values of the tokens so far, by the name the model calls them; which are real."""

    past: dict[str, Any]
    real: list[Tensor]


class Pretrained(nn.Module):
    """A causal model of transformers; see `Transformer` for what the calls mean."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, prompts: Tokens, answers: Tokens) -> Tensor:
        """Logits (rows, answer length, vocabulary) of every answer token given all before it."""
        ids = torch.cat([prompts.ids, answers.ids[:, :-1]], dim=1)
        real = torch.cat([prompts.real, answers.real[:, :-1]], dim=1)
        length = answers.ids.shape[1]
        logits: Tensor = self._call(ids, real, use_cache=False, logits_to_keep=length).logits
        return logits

    def begin(self, prompts: Tokens, repeats: int, room: int) -> tuple[Tensor, State]:
        """Logits (rows * repeats, vocabulary) after the prompts, and the cache: rows repeated."""
        found = self._call(prompts.ids, prompts.real, use_cache=True, logits_to_keep=1)
        past = _past(found)
        for kept in past.values():
            kept.batch_repeat_interleave(repeats)
        logits = found.logits[:, -1].repeat_interleave(repeats, dim=0)
        return logits, State(past, [prompts.real.repeat_interleave(repeats, dim=0)])

    def proceed(self, tokens: Tensor, cache: State) -> Tensor:
        """Logits (rows, vocabulary) after one more of tokens (rows,) each."""
        cache.real.append(torch.ones_like(tokens, dtype=torch.bool).unsqueeze(1))
        real = torch.cat(cache.real, dim=1)
        found = self._call(tokens.unsqueeze(1), real, use_cache=True, **cache.past)
        logits: Tensor = found.logits[:, -1]
        return logits

    def _call(self, ids: Tensor, real: Tensor, **options: Any) -> Any:
        place = (real.cumsum(dim=1) - 1).clamp_(min=0)[:, -ids.shape[1] :]
        return self.model(input_ids=ids, attention_mask=real.long(), position_ids=place, **options)


def _past(found: Any) -> dict[str, Any]:
    """Keys and values under the name they go back in by, which transformers 5.24 has changed."""
    for name in ("cache", "past_key_values"):
        kept = getattr(found, name, None)
        if hasattr(kept, "batch_repeat_interleave"):
            return {name: kept}
    raise InputError("the model must keep the keys and values of earlier tokens (use_cache).")


class Subwords:
    """The model's own tokenizer."""

    def __init__(self, tokenizer: Any) -> None:
        if tokenizer.eos_token_id is None:
            raise InputError("the model's tokenizer must have an end-of-sequence token.")
        self.tokenizer = tokenizer
        self.end: int = tokenizer.eos_token_id

    def prompts(self, texts: Sequence[str]) -> Tokens:
        """The texts as ids (rows, longest), padded on the left."""
        return padded(self.tokenizer(list(texts))["input_ids"], self.end, left=True)

    def answers(self, texts: Sequence[str]) -> Tokens:
        """The texts as ids (rows, longest + 1), each with an end token, padded on the right."""
        rows = self.tokenizer(list(texts), add_special_tokens=False)["input_ids"]
        return padded([[*row, self.end] for row in rows], self.end, left=False)

    def texts(self, answers: Tokens) -> list[str]:
        """What was answered, without special tokens."""
        rows = zip(answers.ids.tolist(), answers.real.tolist(), strict=True)
        kept = [[i for i, real in zip(*row, strict=True) if real] for row in rows]
        found: list[str] = self.tokenizer.batch_decode(kept, skip_special_tokens=True)
        return found


def load(name: str, dtype: torch.dtype, lora_rank: int) -> tuple[Pretrained, Subwords]:
    """A model and its tokenizer from a folder or from the hub; LoRA adapters where the rank is > 0.

    Weights are read as safetensors only, and no code of the model's repository is run.
    Raises InputError where it cannot be loaded (offline, say) or peft is missing.
    """
    if find_spec("transformers") is None:
        raise _missing("model", "transformers")
    if name.startswith((".", "/", "~")) and not Path(name).is_dir():
        raise InputError(f"model {name!r}: there is no such folder.")
    try:
        place = name if Path(name).is_dir() else _on_hub(name)
        from transformers import AutoModelForCausalLM, AutoTokenizer  # seconds: once there is one

        _without_bars()
        tokenizer = AutoTokenizer.from_pretrained(place)
        model = AutoModelForCausalLM.from_pretrained(place, dtype=dtype, use_safetensors=True)
    except (OSError, ValueError) as error:
        reason = str(error).strip().splitlines()[0]
        offline = "; HF_HUB_OFFLINE is set" if os.environ.get("HF_HUB_OFFLINE") else ""
        raise InputError(
            f"cannot load model {name!r} from this folder or the hub{offline}: {reason}"
        ) from None
    return Pretrained(_with_adapters(model, lora_rank) if lora_rank else model), Subwords(tokenizer)


@cache
def _on_hub(name: str) -> str:
    """The name, if the hub answers to it; else the folder of an earlier download.

    Asked for files, a hub that does not answer would be tried again and again, for minutes.
    Raises OSError and ValueError where there is neither.
    """
    from huggingface_hub import HfApi, try_to_load_from_cache

    try:
        HfApi().model_info(name, timeout=HUB_SECONDS)
    except Exception as error:  # of whichever library asks
        kept = try_to_load_from_cache(name, "config.json")
        if not isinstance(kept, str):
            raise OSError(f"no folder, no earlier download, and the hub: {error}") from error
        return str(Path(kept).parent)
    return name


def _without_bars() -> None:
    # A bar of its own would run through ours, and its lock between processes is a semaphore that
    # is left behind where a worker is ended rather than ends.
    import_module("transformers.utils.logging").disable_progress_bar()
    import_module("tqdm").tqdm.set_lock(RLock())


def _with_adapters(model: Any, rank: int) -> nn.Module:
    try:
        from peft import LoraConfig, get_peft_model
    except ImportError:
        raise _missing("lora_rank", "peft") from None
    adapters = LoraConfig(r=rank, lora_alpha=2 * rank, target_modules="all-linear")
    adapted: nn.Module = get_peft_model(model, adapters)
    return adapted


def _missing(setting: str, package: str) -> InputError:
    return InputError(
        f"{setting} needs {package}, which is not installed: {install_command('lm')} {package}"
    )
