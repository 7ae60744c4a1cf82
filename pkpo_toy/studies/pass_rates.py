"""How does k shift effort to hard problems? Problems that start at measured success rates."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from pydantic import Field, model_validator

from pkpo_toy.samples.reading import read
from pkpo_toy.simulator.ascent import iterate
from pkpo_toy.simulator.categorical import CategoricalProblem
from pkpo_toy.simulator.optimisers import OPTIMISERS
from pkpo_toy.simulator.problem_sets import EXAMPLE_C, EXAMPLE_N, pass_rates
from pkpo_toy.simulator.settings import Settings
from pkpo_toy.simulator.training import only_alive
from pkpo_toy.studies.study import Study
from pkpo_toy.training.bands import mean_band
from pkpo_toy.training.config import TRAINING_COLUMNS, Arrays, TrainingConfig
from pkpo_toy.typing import Array

EDGES = (0.01, 0.03, 0.1, 0.3)
BINS = ("< 1%", "1-3%", "3-10%", "10-30%", "> 30%")


class PassRates(TrainingConfig):
    """One schedule of k on problems with c successes in n samples each.

    A file is read once and its counts take the place of measured_n and measured_c, so that the
    cell holds all it needs.
    """

    arrays: ClassVar[Arrays] = (*TrainingConfig.arrays, ("replicates", "per_step", "n"))

    file: str = Field(
        "", description="results of an evaluation, rewards 0 or 1; without it the next two are used"
    )
    measured_n: tuple[int, ...] = Field(EXAMPLE_N, description="samples drawn of each problem")
    measured_c: tuple[int, ...] = Field(EXAMPLE_C, description="right ones among them")
    per_step: int = Field(32, description="problems drawn for a step; 0 takes all of them")
    optimiser: str = Field("sgd", description=f"one of {', '.join(OPTIMISERS)}")
    step_size: float = Field(
        0.05,
        description="for sgd and momentum that of a problem's own gradient",
    )

    @model_validator(mode="before")
    @classmethod
    def _read(cls, values: Any) -> Any:
        if not isinstance(values, dict):
            return values
        # Past this point lists count as Python's own, which a strict tuple field would refuse.
        given = {key: tuple(v) if isinstance(v, list) else v for key, v in values.items()}
        file = given.get("file")
        if not isinstance(file, str) or not file:
            return given
        counts = read(file).counts()
        for column in ("n", "c"):
            given[f"measured_{column}"] = tuple(counts[column].tolist())
        return given | {"file": ""}

    def problem(self) -> CategoricalProblem:
        """A problem for each measured one, starting at success rate (c + 1/2) / (n + 1)."""
        return pass_rates(self.measured_n, self.measured_c, self.per_step)

    def settings(self) -> Settings:
        """The gradient is the mean over the problems; a step in proportion to it is made that of
        one of them. Adam's is in no proportion to it."""
        settings, problems = super().settings(), len(self.measured_n)
        scale = 1 if self.optimiser == "adam" else problems
        return replace(settings, step_size=self.step_size * scale)


def run(config: PassRates, rng: np.random.Generator) -> pd.DataFrame:
    """Exact pass@k of every run, logged step and k_eval, averaged over each bin of difficulty."""
    problem, settings = config.problem(), config.settings()
    weigh = config.handover().weight_function(rng.spawn(1)[0])
    rate = problem.exact_max_at_k_of_each(problem.start(1), (1,))[0, 0]
    bins = np.digitize(rate, EDGES)
    rows = []
    for state in iterate(problem, weigh, settings, rng):
        each = problem.exact_max_at_k_of_each(state.parameters, config.k_eval)
        for found in np.unique(bins):
            values = only_alive(state, each[:, :, bins == found].mean(axis=-1))
            rows.append(_rows(state.step, config.k_eval, BINS[found], values))
    records = pd.concat(rows, ignore_index=True)
    records.insert(0, "label", config.name())
    return records


def _rows(step: int, k_eval: tuple[int, ...], difficulty: str, values: Array) -> pd.DataFrame:
    """One row for each k_eval and run of values (K, R)."""
    k_index, replicate = (index.ravel() for index in np.indices(values.shape))
    return pd.DataFrame(
        {
            "step": step,
            "k_eval": np.array(k_eval)[k_index],
            "difficulty": difficulty,
            "replicate": replicate,
            "value": values.ravel(),
        }
    )


def summarize(records: pd.DataFrame) -> pd.DataFrame:
    """Mean over runs with its 95% band, for each step, k_eval and bin, the hard ones first."""
    order = {name: place for place, name in enumerate(BINS)}
    table = records.assign(place=records["difficulty"].map(order)).pivot(
        index="replicate", columns=["step", "k_eval", "place"], values="value"
    )
    table = table.sort_index(axis=1)
    value, low, high = mean_band(table.to_numpy())
    return pd.DataFrame(
        {
            "label": records["label"].iloc[0],
            "step": table.columns.get_level_values("step"),
            "k_eval": table.columns.get_level_values("k_eval"),
            "difficulty": [BINS[place] for place in table.columns.get_level_values("place")],
            "value": value,
            "low": low,
            "high": high,
            "runs": table.notna().sum().to_numpy(),
        }
    )


STUDY = Study(
    question="How does k shift effort to hard problems?",
    config=PassRates,
    run=run,
    summarize=summarize,
    figure="pass_rates",
    columns=TRAINING_COLUMNS,
)
