"""The atlas of a language model's real gradients. Running it needs the `lm` extra."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import pandas as pd
from pydantic import Field

from pkpo_toy.estimators.size_weighted import size_weighted_rloo
from pkpo_toy.lm.config import LmConfig
from pkpo_toy.lm.estimators import SIZE_WEIGHTED
from pkpo_toy.studies.atlas import STUDY as ATLAS
from pkpo_toy.studies.atlas import Atlas, carrying
from pkpo_toy.studies.atlas_problems import Families, Point

if TYPE_CHECKING:
    from pkpo_toy.lm.answer_space import AnswerSpaces
    from pkpo_toy.typing import Array

MODEL = {
    "level": 1,
    "problems": 50,
    "held_out": 14,
    "answer_tokens": 2,
    "width": 32,
    "layers": 1,
    "warm_step_size": 3e-3,
    "dtype": "float64",
}
"""One-digit products: answers of at most two tokens can be listed."""
PROMPTS = 16


@cache
def _model(warm_start: int) -> AnswerSpaces:
    from pkpo_toy.lm.answer_space import AnswerSpaces  # torch is loaded here and not before

    return AnswerSpaces(LmConfig.model_validate({**MODEL, "warm_start": warm_start}))


def _prompts(*, exact: bool, sketched: bool) -> Callable[[float], tuple[Point, ...]]:
    def built(setting: float) -> tuple[Point, ...]:
        model = _model(int(setting))
        found = []
        for index, space in enumerate(model.spaces[:PROMPTS]):
            rewards = (space.rewards >= 1).astype(np.float64) if exact else space.rewards
            scores = model.scores(index)
            sketch = space.sketch if sketched else None
            sizes = space.log_chances**2  # as `score_sizes`
            found.append(Point(space.log_chances, rewards, scores, sketch=sketch, sizes=sizes))
        return tuple(found)

    return built


class AtlasLm(Atlas):
    """A small language model on a few prompts, one n, every k of a doubling grid.

    Variances are those of a group's estimate about the gradient of its own prompt, averaged over
    the prompts, and so is the least. Learners see (log pi(x))^2; "sketch": also sketched scores.
    """

    families: ClassVar[Families] = {
        "right or wrong": _prompts(exact=True, sketched=False),
        "share that is right": _prompts(exact=False, sketched=False),
        "right or wrong, sketch": _prompts(exact=True, sketched=True),
        "share that is right, sketch": _prompts(exact=False, sketched=True),
    }

    family: str = Field(
        "right or wrong", description="What an answer earns, and what learners see."
    )
    setting: float = Field(60.0, ge=0, description="Supervised steps of the warm start.")


def run(config: AtlasLm, rng: np.random.Generator) -> pd.DataFrame:
    """The rows of the atlas, and of each k one for `size_weighted_rloo`, which reads -log pi(x) and
    no sketch: its variance is sampled."""
    rows = ATLAS.run(config, rng)
    points, (own,) = config.points(), rng.spawn(1)
    if points[0].sketch is not None:
        return rows
    found = []
    for k in config.ks():
        samples = np.array([_size_weighted(point, config, k, own) for point in points])
        error = np.sqrt((samples.var(axis=1, ddof=1) / samples.shape[1]).sum()) / len(points)
        row = rows[rows["k"] == k].iloc[0].to_dict()
        known, least = (row["variance"] / row[name] for name in ("over_known", "over_least"))
        mean = samples.mean()
        row |= {"estimator": SIZE_WEIGHTED.key, "variance": mean, "exact": False}
        row |= {"over_known": mean / known, "over_known_se": error / known}
        row |= {"over_least": mean / least, "share": carrying(samples.ravel())}
        found.append(row)
    return pd.concat([rows, pd.DataFrame(found)], ignore_index=True)


def _size_weighted(point: Point, config: AtlasLm, k: int, rng: np.random.Generator) -> Array:
    """Squared distances of groups' estimates from the gradient, (groups,)."""
    drawn = point.draw((config.groups, config.n), rng)
    w = size_weighted_rloo(point.rewards[drawn], k, -point.logits[drawn])
    scores, gradient = point.all_scores(), point.gradient(k)
    products = (scores @ scores.T)[drawn[:, :, None], drawn[:, None, :]]
    squares = np.einsum("gi,gij,gj->g", w, products, w, optimize=True)
    along = np.einsum("gi,gi->g", w, (scores @ gradient)[drawn])
    return np.asarray(squares - 2 * along + gradient @ gradient)


STUDY = replace(
    ATLAS,
    run=run,
    question="The atlas on the real gradients of a small language model",
    config=AtlasLm,
    extra="lm",
    needs=("torch", "transformers", "safetensors"),
)
