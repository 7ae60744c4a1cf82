"""As a module: loads models of Hugging Face one after another and says why it cannot."""

import sys

import torch

from pkpo_toy.errors import InputError
from pkpo_toy.lm import huggingface

if __name__ == "__main__":
    for name in sys.argv[1:]:
        try:
            huggingface.load(name, torch.float32, 0)
        except InputError as error:
            print(error)
