"""Checkpoints: one safetensors file each, tensors and JSON only, nothing that could run code."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.optim import Optimizer

from pkpo_toy.files import make_folder, replacing

Notes = dict[str, Any]


def save(path: Path, model: nn.Module, optimiser: Optimizer, notes: Notes) -> None:
    """Write what is trained, the optimiser's state and JSON-able notes, whole or not at all.

    Raises DiskError.
    """
    tensors = {f"model.{name}": p.detach() for name, p in _trained(model)}
    for index, state in optimiser.state_dict()["state"].items():
        tensors |= {f"optimiser.{index}.{name}": torch.as_tensor(v) for name, v in state.items()}
    tensors = {name: tensor.cpu().contiguous() for name, tensor in tensors.items()}
    about = {"notes": json.dumps(notes), "digest": _digest(tensors)}
    make_folder(path.parent)
    with replacing(path) as unfinished:
        save_file(tensors, unfinished, about)


def load(path: Path, model: nn.Module, optimiser: Optimizer) -> Notes | None:
    """Restore what `save` wrote and return the notes.

    None where there is no file, or one that is damaged or of another model: a damaged one is set
    aside as .corrupt.
    """
    if not path.is_file():
        return None
    try:
        with safe_open(path, framework="pt") as file:
            about = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError):
        about, tensors = {}, {}
    if about.get("digest") != _digest(tensors):
        os.replace(path, path.with_name(path.name + ".corrupt"))
        return None
    _restore(model, optimiser, tensors)
    notes: Notes = json.loads(about["notes"])
    return notes


def _trained(model: nn.Module) -> list[tuple[str, nn.Parameter]]:
    return [(name, p) for name, p in model.named_parameters() if p.requires_grad]


def _digest(tensors: dict[str, Tensor]) -> str:
    digest = hashlib.sha256()
    for name in sorted(tensors):
        flat = tensors[name].reshape(-1).view(torch.uint8)
        digest.update(f"{name}\0".encode() + flat.numpy().tobytes())
    return digest.hexdigest()


def _restore(model: nn.Module, optimiser: Optimizer, tensors: dict[str, Tensor]) -> None:
    with torch.no_grad():
        for name, parameter in _trained(model):
            parameter.copy_(tensors[f"model.{name}"])
    state: dict[int, dict[str, Tensor]] = {}
    for name, tensor in tensors.items():
        kind, _, rest = name.partition(".")
        if kind == "optimiser":
            index, _, field = rest.partition(".")
            state.setdefault(int(index), {})[field] = tensor
    optimiser.load_state_dict({**optimiser.state_dict(), "state": state})
