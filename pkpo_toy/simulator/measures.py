"""What is measured of training runs: the exact truth at their parameters, and probes of noise."""

from dataclasses import dataclass

import numpy as np

from pkpo_toy.simulator.arrays import Array, Integers
from pkpo_toy.simulator.problem import Problem
from pkpo_toy.simulator.settings import Settings
from pkpo_toy.simulator.training import Runs, Weigh, training

NEAR = 0.95


@dataclass(frozen=True)
class Log:
    """R runs after `step` updates, K values of k_eval. NaN where a run has stopped.

    k: that of the next step (of the last one at the end).
    max_at_k: (K, R), exact.  gradient_norm: (R,), of the exact gradient of max@k.
    entropy: (R,), nats.  cumulative_solve_rate: (R,), share of problems solved at least once.
    gradient_variance: (R,), trace of the covariance of one step's gradient estimate;
    variance_ratio: (R,), that over the squared exact norm.  Both NaN without probes.
    zero_signal: (R,), fraction of the steps since the last log whose weights were all 0.
    """

    step: int
    k: int
    max_at_k: Array
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
    stopped_at, cause: see `Runs`.
    """

    logs: tuple[Log, ...]
    optimum: Array
    distance: Array
    first_near: Array
    stopped_at: Integers
    cause: tuple[str, ...]


def train(
    problem: Problem,
    estimator: Weigh,
    settings: Settings,
    rng: np.random.Generator,
    probe_estimator: Weigh | None = None,
) -> History:
    """Train, measure at every report, and compare the end with the optimum.

    estimator: rewards (..., n), k -> weights (..., n). An estimator that draws random numbers needs
    a `probe_estimator` with a Generator of its own, or probing would change the run.
    """
    (probe_rng,) = rng.spawn(1)
    probing = probe_estimator or estimator
    logs = []
    for runs in training(problem, estimator, settings, rng):
        noise = probe(problem, probing, settings, runs, probe_rng)
        logs.append(measure(problem, settings, runs, noise))
    values = np.stack([log.max_at_k for log in logs])
    optimum = np.array([problem.optimum(k) for k in settings.k_eval])
    steps = np.array([log.step for log in logs])
    near = values >= (NEAR * optimum)[:, None]
    return History(
        logs=tuple(logs),
        optimum=optimum,
        distance=optimum[:, None] - values[-1],
        first_near=np.where(near.any(axis=0), steps[near.argmax(axis=0)], np.nan),
        stopped_at=runs.stopped_at,
        cause=tuple(runs.cause.tolist()),
    )


def probe(
    problem: Problem, estimator: Weigh, settings: Settings, runs: Runs, rng: np.random.Generator
) -> Array:
    """Trace of the covariance of one step's gradient estimate, (R,), from `probes` fresh batches.

    sum over coordinates of the sample variance (divisor probes - 1); NaN without probes.
    """
    count, probes = len(runs.parameters), settings.probes
    if not probes:
        return np.full(count, np.nan)
    copies = np.tile(runs.parameters, (probes, 1))
    with np.errstate(all="ignore"):
        batch = problem.sample(copies, settings.n, rng)
        weights = estimator(batch.rewards, runs.k)
        estimates = problem.gradient(copies, batch, weights).reshape(probes, count, -1)
        return np.asarray(estimates.var(axis=0, ddof=1).sum(axis=-1))


def measure(problem: Problem, settings: Settings, runs: Runs, variance: Array) -> Log:
    """The log of runs as they stand."""
    gradient = problem.exact_gradient(runs.parameters, runs.k)
    norm = np.sqrt((gradient * gradient).sum(axis=-1))
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = variance / norm**2
    return Log(
        step=runs.step,
        k=runs.k,
        max_at_k=only_alive(runs, problem.max_at_k(runs.parameters, settings.k_eval)),
        gradient_norm=only_alive(runs, norm),
        entropy=only_alive(runs, problem.entropy(runs.parameters)),
        cumulative_solve_rate=only_alive(runs, runs.solved.mean(axis=1)),
        gradient_variance=only_alive(runs, variance),
        variance_ratio=only_alive(runs, ratio),
        zero_signal=only_alive(runs, runs.zero_signal),
    )


def only_alive(runs: Runs, values: Array) -> Array:
    """Values (..., R) with NaN for the runs that have stopped."""
    return np.where(runs.alive, values, np.nan)
