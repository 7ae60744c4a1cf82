"""The atlas of a language model's real gradients. Running it needs the `lm` extra."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from pydantic import Field

from pkpo_toy.errors import InputError
from pkpo_toy.lm.config import LmConfig
from pkpo_toy.studies.atlas import STUDY as ATLAS
from pkpo_toy.studies.atlas import Atlas
from pkpo_toy.studies.atlas_problems import Families, Point

if TYPE_CHECKING:
    from pkpo_toy.lm.answer_space import AnswerSpaces, Space

MODEL = {
    "level": 1,
    "problems": 50,
    "held_out": 14,
    "answer_tokens": 2,
    "width": 32,
    "layers": 1,
    "warm_start": 60,
    "warm_step_size": 3e-3,
    "dtype": "float64",
}
"""One-digit products after a short warm start; answers of at most two tokens can be listed."""


@cache
def _model() -> AnswerSpaces:
    from pkpo_toy.lm.answer_space import AnswerSpaces  # torch is loaded here and not before

    return AnswerSpaces(LmConfig(**MODEL))


def _prompt(*, exact: bool) -> Callable[[float], Point]:
    def built(quantile: float) -> Point:
        if not 0 <= quantile <= 1:
            raise InputError(f"setting must be a quantile in 0..1, got {quantile}.")
        model = _model()
        rates = [np.exp(space.log_chances) @ (space.rewards >= 1) for space in model.spaces]
        order = np.argsort(rates, kind="stable")
        chosen = int(order[round(quantile * (len(order) - 1))])
        others = (space for i, space in enumerate(model.spaces) if i != chosen)
        return replace(
            _point(model.spaces[chosen], exact),
            scores=model.scores(chosen),
            elsewhere=tuple(_point(space, exact) for space in others),
        )

    return built


def _point(space: Space, exact: bool) -> Point:
    rewards = (space.rewards >= 1).astype(np.float64) if exact else space.rewards
    return Point(space.log_chances, rewards, sketch=space.sketch)


class AtlasLm(Atlas):
    """A prompt of a small language model, one n, every k of a doubling grid."""

    families: ClassVar[Families] = {
        "right or wrong": _prompt(exact=True),
        "share that is right": _prompt(exact=False),
    }

    family: str = Field(
        "right or wrong", description='What an answer earns, or "share that is right".'
    )
    setting: float = Field(0.5, description="Which prompt: this quantile of the success rates.")


STUDY = replace(
    ATLAS,
    question="The atlas on the real gradients of a small language model",
    config=AtlasLm,
    extra="lm",
    needs=("torch", "transformers", "safetensors"),
)
