"""Gradient ascent on max@k: many independent runs at once, as arrays with runs in front."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import isfinite

import numpy as np
from numpy.typing import NDArray

from pkpo_toy.checks import row_max
from pkpo_toy.simulator.optimisers import OPTIMISERS, Optimiser
from pkpo_toy.simulator.problem import Batch, Problem, checked_scored
from pkpo_toy.simulator.settings import Settings
from pkpo_toy.typing import Array, Flags, Integers, WeightFunction

Observe = Callable[[Array, int, Array], None]

# Weights that cancel to 0 may miss it by rounding; a step whose weights (absolute values summed)
# stay below this share of its rewards carries no signal.
ROUNDING = 1e-12


@dataclass
class TrainingState:
    """R runs after `step` updates.

    k: that of the next step (of the last one at the end).
    parameters: (R, d), finite always: a run that stops keeps its last ones.
    solved: (R, P), problems that some sample has solved so far.
    zero_signal: (R,), fraction of the steps since the last report whose weights were all 0.
    stopped_at: (R,), the step that met a non-finite value, -1 for none; cause: (R,), what was not
    finite, one of "rewards", "weights", "gradient", "parameters", or "".
    """

    step: int
    k: int
    parameters: Array
    solved: Flags
    zero_signal: Array
    stopped_at: Integers
    cause: NDArray[np.str_]

    @property
    def alive(self) -> Flags:
        """Which runs have met no non-finite value, (R,)."""
        return self.stopped_at < 0


def iterate(
    problem: Problem,
    estimator: WeightFunction,
    settings: Settings,
    rng: np.random.Generator,
    observe: Observe | None = None,
) -> Iterator[TrainingState]:
    """Train R runs and report them at step 0, every `log_every` steps, and at the end.

    parameters <- parameters + change(g_hat + entropy_bonus * grad H)

    estimator: rewards (R, B, n), k -> weights (R, B, n). A non-finite value stops the run that met
    it and no other. The same object is reported each time; it changes as training goes on.
    observe: is shown the rewards, k and scores (R, B, n, D) of each step once they were weighed,
    for an estimator that learns.
    """
    optimiser = OPTIMISERS[settings.optimiser](settings.step_size)
    state = _begin(problem, settings)
    quiet, reported = np.zeros(settings.replicates), 0
    for step, k in enumerate(settings.ks().tolist()):
        state.step, state.k = step, k
        if step % settings.log_every == 0:
            state.zero_signal = quiet / (step - reported) if step else quiet * np.nan
            quiet, reported = np.zeros_like(quiet), step
            yield state
        # Non-finite numbers are looked for and dealt with in the step; numpy need not warn of them.
        with np.errstate(all="ignore"):
            batch = problem.sample(state.parameters, settings.n, rng)
            weights = estimator(batch.rewards, k)
            _step(problem, batch, weights, settings, optimiser=optimiser, state=state)
            quiet += _is_quiet(batch.rewards, weights)
            if observe is not None:
                observe(batch.rewards, k, checked_scored(problem).scores(batch))
    state.step = settings.steps
    state.zero_signal = quiet / (settings.steps - reported)
    yield state


def _step(
    problem: Problem,
    batch: Batch,
    weights: Array,
    settings: Settings,
    *,
    optimiser: Optimiser,
    state: TrainingState,
) -> None:
    """Update the runs once."""
    gradient = problem.gradient(state.parameters, batch, weights)
    if settings.entropy_bonus:
        bonus = problem.entropy_gradient(state.parameters, batch)
        gradient = gradient + settings.entropy_bonus * bonus
    _mark_solved(state, batch, problem.solved_at)
    moved = optimiser.change(gradient)
    moved += state.parameters
    _move(state, {"rewards": batch.rewards, "weights": weights, "gradient": gradient}, moved)


def _begin(problem: Problem, settings: Settings) -> TrainingState:
    count = settings.replicates
    return TrainingState(
        step=0,
        k=0,
        parameters=problem.start(count),
        solved=np.zeros((count, problem.size), dtype=bool),
        zero_signal=np.full(count, np.nan),
        stopped_at=np.full(count, -1),
        cause=np.full(count, "", dtype="<U10"),
    )


def _is_quiet(rewards: Array, weights: Array) -> Flags:
    # einsum adds in the quickest order, which is all one here.
    sizes = [np.einsum("ri->r", np.abs(v).reshape(len(v), -1)) for v in (weights, rewards)]
    return np.asarray(sizes[0] <= ROUNDING * sizes[1])


def _mark_solved(state: TrainingState, batch: Batch, solved_at: float) -> None:
    if state.solved.all():
        return
    row, group = np.nonzero(row_max(batch.rewards)[..., 0] >= solved_at)
    state.solved[row, batch.problems[row, group]] = True


def _move(state: TrainingState, stages: dict[str, Array], moved: Array) -> None:
    """Take the step where everything is finite; stop the other runs where they are."""
    moving = state.alive
    for name, values in (stages | {"parameters": moved}).items():
        if isfinite(values.sum()):  # the quickest look at all of them
            continue
        finite = np.isfinite(values).reshape(len(values), -1).all(axis=1)
        stopping = moving & ~finite
        state.stopped_at[stopping] = state.step
        state.cause[stopping] = name
        moving &= ~stopping
    state.parameters = moved if moving.all() else np.where(moving[:, None], moved, state.parameters)
