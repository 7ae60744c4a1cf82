"""What Adam makes of the sum of the weights: python scripts/adam_and_constants.py [runs]

On two_peaks three unbiased estimators of the max@4 gradient train from n = 16 samples a step, with
optimisers that differ in one thing each, and with less noise: 16 groups a step, and the exact
gradient, the same for all three. On problem_set the default trains less a constant baseline that
nobody learnt, beside the learnt one. Printed: mean steps to 90% of the way to the optimum (200
where that is never reached), its standard error, and the share of the runs that get there.

A softmax policy moves an arm that was not sampled by -pi_a sum_i w_i. Adam divides each arm's mean
gradient by its own root mean square, so such an arm goes down at full speed however small the sum
of the weights is: what counts is whether it is 0 (centered_loo), above or below, not the variance.
"""

import sys
from dataclasses import fields, replace

import numpy as np

from pkpo_toy.estimators import ESTIMATORS
from pkpo_toy.estimators.adaptive import AdaptiveLoo
from pkpo_toy.simulator import problems
from pkpo_toy.simulator.ascent import Observe, iterate
from pkpo_toy.simulator.categorical import CategoricalProblem
from pkpo_toy.simulator.optimisers import OPTIMISERS, Adam
from pkpo_toy.simulator.problem import Batch, Problem
from pkpo_toy.simulator.settings import Settings
from pkpo_toy.typing import Array, WeightFunction

STEPS, NEAR, LOG = 200, 0.9, 4
N, K = 16, 4  # on two_peaks
NAMES = ("pkpo_loo_minus_one", "maxk_rloo", "centered_loo")
CONSTANTS = (-0.02, 0.02, 0.05)
SETS_CONSTANTS = (-0.05, 0.02, 0.05, 0.2)
PROBLEM = problems.two_peaks()


class SampledArmsAlone(CategoricalProblem):
    """The same problem; arms that were not sampled in a step stay where they are."""

    def gradient(self, parameters: Array, batch: Batch, weights: Array) -> Array:
        """The gradient at the sampled arms, 0 elsewhere."""
        everywhere = super().gradient(parameters, batch, weights)
        kept = np.zeros_like(everywhere)
        arms = np.asarray(batch.actions, dtype=np.intp)[:, 0]
        np.put_along_axis(kept, arms, np.take_along_axis(everywhere, arms, axis=1), axis=1)
        return kept


class WithoutNoise(CategoricalProblem):
    """The same problem; every step is made with the exact gradient, whatever was sampled."""

    def gradient(self, parameters: Array, batch: Batch, weights: Array) -> Array:
        """The truth that all unbiased estimates have in the mean."""
        return self.exact_gradient(parameters, K)


class FixedSquares(Adam):
    """Adam whose second moments are, for every estimator, those of the default at the start."""

    squares = np.ones(1)

    def change(self, gradient: Array) -> Array:
        """step_size * mean gradient / root of the fixed squares."""
        if not self._calls:
            self._mean = np.zeros_like(gradient)
        self._calls += 1
        self._mean = self.B1 * self._mean + (1 - self.B1) * gradient
        corrected = self._mean / (1 - self.B1**self._calls)
        return self.step_size * corrected / np.sqrt(self.squares)


class OneSquare(Adam):
    """Adam with one second moment for all arms, the mean over them."""

    def change(self, gradient: Array) -> Array:
        """step_size * mean gradient / its root mean square over arms and steps."""
        if not self._calls:
            self._mean, self._square = np.zeros_like(gradient), np.zeros((len(gradient), 1))
        self._calls += 1
        self._mean = self.B1 * self._mean + (1 - self.B1) * gradient
        square = (gradient * gradient).mean(axis=1, keepdims=True)
        self._square = self.B2 * self._square + (1 - self.B2) * square
        mean, square = (
            part / (1 - b**self._calls)
            for part, b in ((self._mean, self.B1), (self._square, self.B2))
        )
        return self.step_size * mean / (np.sqrt(square) + self.EPSILON)


OPTIMISERS |= {"fixed": FixedSquares, "one": OneSquare}


def default(k: int) -> WeightFunction:
    """`pkpo_loo_minus_one`, at k = 1 `rloo`."""
    return ESTIMATORS["rloo" if k == 1 else NAMES[0]].function


def less_constant(constant: float) -> WeightFunction:
    """The default less a constant baseline (k/n) c: as unbiased as itself."""

    def weigh(rewards: Array, k: int) -> Array:
        return np.asarray(default(k)(rewards, k) - constant * k / rewards.shape[-1])

    return weigh


def trained(
    problem: Problem,
    weigh: WeightFunction,
    settings: Settings,
    observe: Observe | None = None,
) -> str:
    """Steps to 90% of the way, over the settings' replicates."""
    runs, k = settings.replicates, settings.k_eval[0]
    states = iterate(problem, weigh, settings, np.random.default_rng(0), observe)
    values = np.array([problem.exact_max_at_k(state.parameters, (k,))[0] for state in states])
    left = (problem.optimum(k) - values) / (problem.optimum(k) - values[0])
    near = left <= 1 - NEAR
    steps = np.where(near.any(axis=0), near.argmax(axis=0) * LOG, STEPS)
    error = steps.std(ddof=1) / np.sqrt(runs)
    return f"{steps.mean():6.1f} +- {error:3.1f} {near.any(axis=0).mean():6.1%}"


def at_the_start(groups: int = 20_000) -> None:
    """The variance of each estimate and the mean sum of its weights; sets the fixed squares."""
    parameters = PROBLEM.start(groups)
    batch = PROBLEM.sample(parameters, N, np.random.default_rng(1))
    truth = PROBLEM.exact_gradient(PROBLEM.start(1), K)
    print(f"{'at the start':24s} {'variance':>10s} {'sum of the weights':>20s}")
    for name in NAMES:
        w = ESTIMATORS[name].function(batch.rewards, K)
        found = PROBLEM.gradient(parameters, batch, w)
        variance = ((found - truth) ** 2).sum(axis=1).mean()
        print(f"{name:24s} {variance:10.3g} {w.sum(axis=-1).mean():20.2g}")
        if name == NAMES[0]:
            FixedSquares.squares = (found**2).mean(axis=0)


def asked(n: int, k: int, optimiser: str, step_size: float, runs: int) -> Settings:
    """Settings of a training."""
    return Settings(
        k=k, n=n, steps=STEPS, step_size=step_size, optimiser=optimiser, replicates=runs,
        log_every=LOG, k_eval=(k,),
    )  # fmt: skip


def two_peaks(runs: int) -> None:
    """The estimators with optimisers that differ in one thing, and constants with Adam."""
    given = {f.name: getattr(PROBLEM, f.name) for f in fields(PROBLEM)}
    alone, exact = SampledArmsAlone(**given), WithoutNoise(**given)
    cases = [
        ("Adam .1", PROBLEM, "adam", 0.1),
        ("Adam .1, others stay", alone, "adam", 0.1),
        ("fixed squares .1", PROBLEM, "fixed", 0.1),
        ("one square .03", PROBLEM, "one", 0.03),
        ("plain ascent 30", PROBLEM, "sgd", 30.0),
        ("Adam .1, 16 groups", replace(PROBLEM, per_step=16), "adam", 0.1),
        ("Adam .1, exact", exact, "adam", 0.1),
    ]
    print(f"\n{'two_peaks':24s} " + " ".join(f"{case[0]:>21s}" for case in cases))
    for name in NAMES:
        found = [
            trained(problem, ESTIMATORS[name].function, asked(N, K, optimiser, size, runs))
            for _, problem, optimiser, size in cases
        ]
        print(f"{name:24s} " + " ".join(f"{one:>21s}" for one in found), flush=True)
    print("\ntwo_peaks, Adam .1, the default less a constant baseline (k/n) c")
    for constant in CONSTANTS:
        found = [trained(PROBLEM, less_constant(constant), asked(N, K, "adam", 0.1, runs))]
        print(f"c = {constant:<20g} {found[0]:>21s}", flush=True)


def problem_set(runs: int) -> None:
    """The default less a constant, and the learnt baseline."""
    problem = problems.build_problem("problem_set")
    for k in (1, 4):
        print(f"\nproblem_set, n = 8, k = {k}, Adam .4")
        settings, learner = asked(8, k, "adam", 0.4, runs), AdaptiveLoo()
        print(f"{'default':24s} {trained(problem, default(k), settings):>21s}")
        learnt = trained(problem, learner.weights, settings, learner.observe)
        print(f"{'learnt':24s} {learnt:>21s}")
        for constant in SETS_CONSTANTS:
            found = trained(problem, less_constant(constant), settings)
            print(f"c = {constant:<20g} {found:>21s}", flush=True)
        print("with one square for all parameters, .1")
        shared = asked(8, k, "one", 0.1, runs)
        print(f"{'default':24s} {trained(problem, default(k), shared):>21s}")
        print(f"{'c = 0.02':24s} {trained(problem, less_constant(0.02), shared):>21s}", flush=True)


def main() -> None:
    """Print the tables."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 256
    at_the_start()
    two_peaks(runs)
    problem_set(max(8, runs // 4))


if __name__ == "__main__":
    main()
