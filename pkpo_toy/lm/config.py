"""Settings of the language-model study. No torch is needed to check them."""

from __future__ import annotations

import re
from importlib.util import find_spec
from typing import Annotated, ClassVar, Literal, Self

from pydantic import (
    AfterValidator,
    Field,
    NonNegativeFloat,
    NonNegativeInt,
    PositiveInt,
    model_validator,
)

from pkpo_toy.errors import InputError
from pkpo_toy.estimators import resolve
from pkpo_toy.estimators.api import DEFAULT
from pkpo_toy.lm.estimators import LM_ESTIMATORS
from pkpo_toy.lm.problems import Problems, from_file, from_task
from pkpo_toy.training.config import Arrays, ScheduleConfig
from pkpo_toy.training.handover import Handover

MOST = 1_000_000  # problems


def _known(name: str) -> str:
    resolve(name, LM_ESTIMATORS)
    return name


EstimatorName = Annotated[str, AfterValidator(_known)]


def _device(name: str) -> str:
    if re.fullmatch(r"cpu|mps|(cuda|xpu)(:\d{1,3})?", name) is None:
        raise InputError(f'device must be "cpu", "cuda", "cuda:1", "mps" or "xpu", got {name!r}.')
    return name


DeviceName = Annotated[str, AfterValidator(_device)]
"""Whether the device is there is found where it is used, which may be on another machine."""


class LmConfig(ScheduleConfig):
    """One cell: an estimator and a schedule of k, trained in `replicates` runs from warm starts."""

    arrays: ClassVar[Arrays] = (
        *ScheduleConfig.arrays,
        ("held_out", "eval_samples"),
        ("prompts", "n"),
        ("layers", "width", "width"),
        ("width", "answer_tokens"),
        ("lora_rank", "width"),
    )

    estimator: EstimatorName = Field(
        DEFAULT,
        description="key of an estimator, FILE.py:FUNCTION, or one for language models: "
        '"adaptive_loo", "adaptive_loo_sizes" or "size_weighted_rloo"',
    )
    k1_estimator: EstimatorName = Field(
        "rloo", description="estimator at k = 1, if k changes or `estimator` is not defined there"
    )
    n: int = Field(16, description="samples per prompt")
    k_eval: tuple[int, ...] = Field((1, 4, 8, 16), description="k at which pass@k is reported")
    optimiser: str = Field("adam", description='"adam" (AdamW), "momentum" or "sgd"')
    step_size: float = Field(3e-4, description="step size of the optimiser")
    steps: int = Field(300, description="training steps")
    replicates: int = Field(5, description="independent runs, each with its own warm start")
    log_every: int = Field(50, description="steps between logged values")

    task: str = Field("multiply", description='"multiply", "countdown" or "parity_chain"')
    level: int = Field(2, description="difficulty of the task, from 1")
    reward: Literal["exact", "fraction"] = Field(
        "exact", description='"exact": 1 if all is right; "fraction": the share that is right'
    )
    data: str = Field("", description="FILE.jsonl with `prompt` and `answer`, in place of a task")
    checker: str = Field(
        "exact", description='how data is judged: "exact", "numeric", "regex" or FILE.py:FUNCTION'
    )
    problems: int = Field(512, ge=1, le=MOST, description="problems to train on")
    held_out: int = Field(
        128, ge=2, le=MOST, description="problems kept out of training, to evaluate on"
    )
    evaluate: Literal["held_out", "training"] = Field(
        "held_out", description='"held_out", or as many of those trained on: "training"'
    )
    answer_tokens: NonNegativeInt = Field(
        0, description="longest answer; 0: as long as the longest right answer"
    )

    model: str = Field(
        "", description="a Hugging Face causal model, folder or name; empty: the built-in one"
    )
    lora_rank: NonNegativeInt = Field(
        0, description="above 0: train adapters of that rank (needs peft)"
    )
    width: PositiveInt = Field(64, description="width of the built-in model")
    layers: PositiveInt = Field(2, description="its layers")
    heads: PositiveInt = Field(2, description="its attention heads")
    warm_start: NonNegativeInt = Field(
        150, description="supervised steps before; a Hugging Face model starts as it is"
    )
    warm_step_size: float = Field(1e-3, gt=0, description="step size of the supervised steps")

    prompts: PositiveInt = Field(32, description="prompts per step and process")
    microbatches: PositiveInt = Field(
        1, description="parts of a batch; 2 and more also measure the gradient's variance"
    )
    epochs: PositiveInt = Field(
        1, description="steps on each batch; above 1 the likelihood ratio is clipped"
    )
    clip: NonNegativeFloat = Field(0.2, description="how far the ratio may leave 1")
    kl: NonNegativeFloat = Field(0.0, description="coefficient of the divergence from the start")
    clip_norm: float = Field(1.0, gt=0, description="longest gradient")
    eval_samples: PositiveInt = Field(32, description="samples per prompt evaluated on")

    dtype: Literal["float32", "float64", "bfloat16", "float16"] = Field(
        "float32", description='"float32", "float64", "bfloat16" or "float16"'
    )
    device: DeviceName = Field("cpu", description='"cpu", "cuda", "cuda:1", "mps" or "xpu"')
    threads: PositiveInt = Field(1, le=4096, description="of torch, per process")
    folder: str = Field(
        "", description="where checkpoints and sampled answers are kept; empty: nowhere"
    )
    checkpoint_every: PositiveInt = Field(100, description="steps between checkpoints")
    log_to: Literal["", "tensorboard", "wandb"] = Field(
        "", description='also log to "tensorboard" or "wandb", in `folder`; empty: to neither'
    )

    def handover(self) -> Handover:
        """Which estimator is used at each k. Raises InputError as `settings` does."""
        first = resolve(self.estimator, LM_ESTIMATORS)
        at_one = resolve(self.k1_estimator, LM_ESTIMATORS)
        return Handover(first, at_one, self.n, self.settings().ks())

    def load_problems(self) -> Problems:
        """What is trained on and what is held out.

        Raises InputError for an unknown task or level and for a file that cannot be read.
        """
        if self.data:
            exact = self.reward == "exact"
            return from_file(self.data, self.checker, self.problems, self.held_out, exact=exact)
        return from_task(self.task, self.level, self.problems, self.held_out, self.seed)

    @model_validator(mode="after")
    def _can_be_run(self) -> Self:
        self.handover().check(binary=self.reward == "exact", nonnegative=True)
        self.load_problems()
        self._check_log_to()
        if self.prompts % self.microbatches:
            raise InputError(
                f"microbatches must divide prompts = {self.prompts}, got {self.microbatches}."
            )
        if not self.model and self.width % self.heads:
            raise InputError(f"heads must divide width = {self.width}, got {self.heads}.")
        if max(self.k_eval) > self.eval_samples:
            raise InputError(
                f"eval_samples must be at least the largest k_eval = {max(self.k_eval)}, "
                f"got {self.eval_samples}."
            )
        return self

    def _check_log_to(self) -> None:
        if self.log_to and find_spec(self.log_to) is None:
            raise InputError(
                f'log_to = "{self.log_to}" needs a package that is not here: '
                f"pip install {self.log_to}"
            )
        if self.log_to and not self.folder:
            raise InputError(
                f'log_to = "{self.log_to}" needs a folder to write to: --set folder=FOLDER'
            )
