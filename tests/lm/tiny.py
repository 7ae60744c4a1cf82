"""Tiny models that are not trained: the package's own, and a Llama made from a configuration.

transformers is imported where it is used: that takes seconds, and who reads a test may not run it.
"""

import torch

from pkpo_toy.lm.tokens import Characters
from pkpo_toy.lm.transformer import Shape, Transformer

CHARACTERS = "0123456789+-*=,>"


def transformer():
    """The package's own model in float64, moved away from its start, and its tokenizer."""
    tokenizer = Characters("0123456789*=")
    torch.manual_seed(0)
    model = Transformer(Shape(tokenizer.size, 32, width=16, heads=2)).double()
    for parameter in model.parameters():
        parameter.data += 0.3 * torch.randn_like(parameter)
    return model.eval(), tokenizer


def tokenizer():
    from tokenizers import Regex, Tokenizer
    from tokenizers.decoders import Fuse
    from tokenizers.models import WordLevel
    from tokenizers.pre_tokenizers import Split
    from transformers import PreTrainedTokenizerFast

    words = {"<end>": 0, **{character: 1 + i for i, character in enumerate(CHARACTERS)}}
    backend = Tokenizer(WordLevel(words, unk_token="<end>"))
    backend.pre_tokenizer = Split(Regex("."), "isolated")
    backend.decoder = Fuse()
    return PreTrainedTokenizerFast(
        tokenizer_object=backend, eos_token="<end>", pad_token="<end>", padding_side="left"
    )


def model(seed=0):
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(seed)
    shape = {
        "hidden_size": 32,
        "intermediate_size": 64,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
    }
    config = LlamaConfig(
        vocab_size=1 + len(CHARACTERS),
        max_position_embeddings=64,
        eos_token_id=0,
        pad_token_id=0,
        bos_token_id=None,
        initializer_range=0.4,
        **shape,
    )
    return LlamaForCausalLM(config).eval()


def save(folder):
    model().save_pretrained(folder)
    tokenizer().save_pretrained(folder)
    return str(folder)
