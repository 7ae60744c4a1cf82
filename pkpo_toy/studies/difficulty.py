"""When does a larger k solve more problems? The hard problems of a set, at many difficulties."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import pandas as pd
from pydantic import Field, PositiveInt

from pkpo_toy.samples.intervals import student_t
from pkpo_toy.simulator.ascent import iterate
from pkpo_toy.simulator.categorical import CategoricalProblem
from pkpo_toy.simulator.training import only_alive
from pkpo_toy.studies.study import Study
from pkpo_toy.training.config import TRAINING_COLUMNS, Arrays, ProblemSetConfig
from pkpo_toy.typing import Array


class Difficulty(ProblemSetConfig):
    """One schedule of k on several drawn problem sets, half of whose problems are hard."""

    arrays: ClassVar[Arrays] = (*ProblemSetConfig.arrays, ("sets", "problems", "arms"))

    k_eval: tuple[int, ...] = Field((1, 16), description="k at which pass@k is reported")
    rates: tuple[float, ...] = Field(
        (0.4, 0.01), description="success rates at the start, in turn; the least one is looked at"
    )
    steps: int = Field(1000, description="training steps")
    problem_seed: int = Field(0, description="the first problem set; the others have the next ones")
    sets: PositiveInt = Field(8, description="problem sets drawn, the same ones for every k")
    replicates: int = Field(4, description="independent runs on each problem set")

    def problem_sets(self) -> list[CategoricalProblem]:
        """The problem sets; they differ in the features of the problems and in what is right."""
        found = []
        for seed in range(self.problem_seed, self.problem_seed + self.sets):
            problem = self.model_copy(update={"problem_seed": seed}).problem()
            assert isinstance(problem, CategoricalProblem)
            found.append(problem)
        return found


def run(config: Difficulty, rng: np.random.Generator) -> pd.DataFrame:
    """What each run has reached at the end on the problems that were hardest at the start."""
    frames = [
        _ended(config, place, problem, rng) for place, problem in enumerate(config.problem_sets())
    ]
    records = pd.concat(frames, ignore_index=True)
    records.insert(0, "label", config.name())
    return records.assign(success_rate=min(config.rates))


def _ended(
    config: Difficulty, place: int, problem: CategoricalProblem, rng: np.random.Generator
) -> pd.DataFrame:
    """Exact pass@k_eval and the share solved at least once, over the hardest of one set."""
    hardest = np.resize(config.rates, config.problems) == min(config.rates)
    weigh = config.handover().weight_function(rng.spawn(1)[0])
    *_, state = iterate(problem, weigh, config.settings(), rng)
    each = problem.exact_max_at_k_of_each(state.parameters, config.k_eval)
    values = only_alive(state, each[:, :, hardest].mean(axis=-1))
    solved = only_alive(state, state.solved[:, hardest].mean(axis=-1))
    return _rows(config, place, values, solved)


def _rows(config: Difficulty, place: int, values: Array, solved: Array) -> pd.DataFrame:
    """One row for each k_eval and run of values (K, R)."""
    k_index, of_set = (index.ravel() for index in np.indices(values.shape))
    return pd.DataFrame(
        {
            "set": place,
            "replicate": place * config.replicates + of_set,
            "k_eval": np.array(config.k_eval)[k_index],
            "value": values.ravel(),
            "solved": solved[of_set],
        }
    )


def summarize(records: pd.DataFrame) -> pd.DataFrame:
    """Means with 95% intervals over problem sets: Student's, of the means of the sets, in [0, 1].

    Runs on one set share its draw, so the sets count, not the runs. NaN ends for a single set.
    """
    of_sets = records.groupby(["k_eval", "set"])[["value", "solved"]].mean().groupby("k_eval")
    mean, count = of_sets.mean(), of_sets["value"].count()
    t = count.map(lambda sets: student_t(sets - 1) if sets > 1 else np.nan)
    half = of_sets.sem().mul(t, axis=0)
    low, high = (mean - half).clip(lower=0.0), (mean + half).clip(upper=1.0)
    return pd.DataFrame(
        {
            "label": records["label"].iloc[0],
            "success_rate": records["success_rate"].iloc[0],
            "k_eval": mean.index,
            "value": mean["value"].to_numpy(),
            "low": low["value"].to_numpy(),
            "high": high["value"].to_numpy(),
            "solved": mean["solved"].to_numpy(),
            "solved_low": low["solved"].to_numpy(),
            "solved_high": high["solved"].to_numpy(),
            "sets": count.to_numpy(),
        }
    )


STUDY = Study(
    question="When does a larger k solve more problems?",
    config=Difficulty,
    run=run,
    summarize=summarize,
    figure="difficulty",
    columns=(*TRAINING_COLUMNS, "features"),
)
