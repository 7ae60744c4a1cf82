"""What is measured of training runs: the exact truth at their parameters, and probes of noise."""

from dataclasses import dataclass

import numpy as np

from pkpo_toy.simulator.ascent import Observe, TrainingState, iterate
from pkpo_toy.simulator.problem import Problem
from pkpo_toy.simulator.settings import Settings
from pkpo_toy.typing import Array, Integers, WeightFunction

NEAR = 0.95


@dataclass(frozen=True)
class Log:
    """R runs after `step` updates, K values of k_eval. NaN where a run has stopped.

    k: that of the next step (of the last one at the end).
    value: (K, R), exact max@k.  gradient_norm: (R,), of the exact gradient of max@k.
    entropy: (R,), nats.  cumulative_solve_rate: (R,), share of problems solved at least once.
    gradient_variance: (R,), trace of the covariance of one step's gradient estimate;
    variance_ratio: (R,), that over the squared exact norm.  Both NaN without probes.
    zero_signal: (R,), fraction of the steps since the last log whose weights were all 0.
    """

    step: int
    k: int
    value: Array
    gradient_norm: Array
    entropy: Array
    cumulative_solve_rate: Array
    gradient_variance: Array
    variance_ratio: Array
    zero_signal: Array


@dataclass(frozen=True)
class History:
    """A finished training: its logs in order, and how its R runs ended.

    optimum: (K,), largest max@k that any parameters reach, for each k_eval.
    distance: (K, R), optimum minus max@k at the end.  first_near: (K, R), the first logged step
    with max@k of at least 95% of the optimum, NaN if there is none.
    stopped_at, cause: see `TrainingState`.
    """

    logs: tuple[Log, ...]
    optimum: Array
    distance: Array
    first_near: Array
    stopped_at: Integers
    cause: tuple[str, ...]


def train(
    problem: Problem,
    estimator: WeightFunction,
    settings: Settings,
    rng: np.random.Generator,
    probe_estimator: WeightFunction | None = None,
    *,
    observe: Observe | None = None,
) -> History:
    """Train, measure at every report, and compare the end with the optimum.

    estimator: rewards (..., n), k -> weights (..., n). An estimator that draws random numbers needs
    a `probe_estimator` with a Generator of its own, or probing would change the run. observe: see
    `iterate`.

    Returns: the History of the R runs that the settings ask for; what is not finite stops the run
    that met it. Raises InputError where `observe` is given and the problem tells no scores.
    """
    (probe_rng,) = rng.spawn(1)
    probing = probe_estimator or estimator
    logs = []
    for state in iterate(problem, estimator, settings, rng, observe):
        noise = probe(problem, probing, settings, state, probe_rng)
        logs.append(measure(problem, settings, state, noise))
    values = np.stack([log.value for log in logs])
    optimum = np.array([problem.optimum(k) for k in settings.k_eval])
    steps = np.array([log.step for log in logs])
    near = values >= (NEAR * optimum)[:, None]
    return History(
        logs=tuple(logs),
        optimum=optimum,
        distance=optimum[:, None] - values[-1],
        first_near=np.where(near.any(axis=0), steps[near.argmax(axis=0)], np.nan),
        stopped_at=state.stopped_at,
        cause=tuple(state.cause.tolist()),
    )


def probe(
    problem: Problem,
    estimator: WeightFunction,
    settings: Settings,
    state: TrainingState,
    rng: np.random.Generator,
) -> Array:
    """Trace of the covariance of one step's gradient estimate, (R,), from `probes` fresh batches.

    sum over coordinates of the sample variance (divisor probes - 1); NaN without probes.
    """
    count, probes = len(state.parameters), settings.probes
    if not probes:
        return np.full(count, np.nan)
    copies = np.tile(state.parameters, (probes, 1))
    with np.errstate(all="ignore"):
        batch = problem.sample(copies, settings.n, rng)
        weights = estimator(batch.rewards, state.k)
        estimates = problem.gradient(copies, batch, weights).reshape(probes, count, -1)
        return np.asarray(estimates.var(axis=0, ddof=1).sum(axis=-1))


def measure(problem: Problem, settings: Settings, state: TrainingState, variance: Array) -> Log:
    """The log of R runs as they stand; variance (R,): of one step's estimate, from `probe`."""
    gradient = problem.exact_gradient(state.parameters, state.k)
    norm = np.sqrt((gradient * gradient).sum(axis=-1))
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = variance / norm**2
    return Log(
        step=state.step,
        k=state.k,
        value=only_alive(state, problem.exact_max_at_k(state.parameters, settings.k_eval)),
        gradient_norm=only_alive(state, norm),
        entropy=only_alive(state, problem.entropy(state.parameters)),
        cumulative_solve_rate=only_alive(state, state.solved.mean(axis=1)),
        gradient_variance=only_alive(state, variance),
        variance_ratio=only_alive(state, ratio),
        zero_signal=only_alive(state, state.zero_signal),
    )


def only_alive(state: TrainingState, values: Array) -> Array:
    """The values (..., R) with NaN for the runs that have stopped."""
    return np.where(state.alive, values, np.nan)
