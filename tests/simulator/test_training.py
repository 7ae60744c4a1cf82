"""Training: it reaches known optima, its log tells the truth, and a bad run harms no other."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from pkpo_toy.errors import InputError
from pkpo_toy.estimators import ESTIMATORS
from pkpo_toy.simulator.ascent import iterate
from pkpo_toy.simulator.optimisers import Adam, Momentum, Sgd
from pkpo_toy.simulator.problems import build_problem
from pkpo_toy.simulator.settings import Settings
from pkpo_toy.simulator.training import History, probe, train
from tests.simulator.small_problems import SMALL, small

Array = NDArray[np.float64]
best_of_k = ESTIMATORS["pkpo_loo_minus_one"].function
rloo = ESTIMATORS["rloo"].function


def nothing(rewards: Array, k: int) -> Array:
    return np.zeros_like(rewards)


def history(case: str, seed: int = 0, estimator: Any = rloo, **changes: Any) -> History:
    settings = Settings(**({"steps": 12, "replicates": 3, "log_every": 5} | changes))
    return train(small(case), estimator, settings, np.random.default_rng(seed))


@pytest.mark.parametrize(("k", "steps"), [(2, 1500), (4, 1200), (8, 400), (16, 400)])
@pytest.mark.parametrize(
    ("optimiser", "step_size"), [("sgd", 0.2), ("momentum", 0.02), ("adam", 0.01)]
)
def test_aliased_ends_within_1_percent_of_water_filling(
    optimiser: str, step_size: float, k: int, steps: int
) -> None:
    settings = Settings(
        k=k,
        steps=steps,
        step_size=step_size,
        optimiser=optimiser,
        replicates=20,
        log_every=100,
        k_eval=(k,),
    )
    problem = build_problem("water_filling", per_step=0)
    ended = train(problem, best_of_k, settings, np.random.default_rng(1))
    assert (ended.distance >= 0).all()
    assert (ended.distance < 0.01 * ended.optimum).all()
    assert (ended.first_near < steps).all()


def test_unit_square_climbs_to_its_optimum() -> None:
    settings = Settings(k=4, steps=300, step_size=0.002, replicates=20, k_eval=(4,))
    ended = train(build_problem("unit_square"), best_of_k, settings, np.random.default_rng(0))
    assert (ended.distance < 0.01 * ended.optimum).all()


def test_one_sgd_step_is_the_estimate_plus_the_entropy_bonus() -> None:
    problem = small("arms")
    settings = Settings(k=2, n=6, steps=1, step_size=0.5, entropy_bonus=0.3, replicates=4)
    *_, end = iterate(problem, best_of_k, settings, np.random.default_rng(5))
    start = problem.start(4)
    batch = problem.sample(start, 6, np.random.default_rng(5))
    slope = problem.gradient(start, batch, best_of_k(batch.rewards, 2))
    slope = slope + 0.3 * problem.entropy_gradient(start, batch)
    np.testing.assert_array_equal(end.parameters, start + 0.5 * slope)


def test_adam_by_hand() -> None:
    """The first change is the step size itself; the second as worked out from the recursion."""
    adam = Adam(0.1)
    np.testing.assert_allclose(adam.change(np.array([[3.0, -0.2]])), [[0.1, -0.1]], rtol=1e-7)
    mean = (0.9 * 0.1 * 3.0 + 0.1 * 1.0) / (1 - 0.81)
    square = (0.999 * 0.001 * 9.0 + 0.001 * 1.0) / (1 - 0.999**2)
    second = adam.change(np.array([[1.0, 0.0]]))
    np.testing.assert_allclose(second[0, 0], 0.1 * mean / (np.sqrt(square) + 1e-8), rtol=1e-12)
    np.testing.assert_array_equal(Sgd(0.1).change(np.array([[2.0]])), [[0.2]])


def test_momentum_by_hand() -> None:
    """g, then 0.9 g + h, then 0.81 g + 0.9 h: a ball that loses a tenth of its speed a step."""
    ball = Momentum(0.5)
    slopes = np.array([[4.0, -1.0], [0.0, 2.0]])
    for at, change in enumerate([[4.0, -1.0], [3.6, -0.9 + 2.0], [3.24, -0.81 + 1.8]]):
        slope = slopes[at : at + 1] if at < 2 else np.zeros((1, 2))
        np.testing.assert_allclose(ball.change(slope), [np.multiply(0.5, change)], rtol=1e-15)
    for _ in range(300):
        last = ball.change(np.ones((1, 2)))
    np.testing.assert_allclose(last, 0.5 / (1 - 0.9), rtol=1e-12)


def test_the_estimator_meets_the_k_of_the_schedule() -> None:
    met = []

    def watching(rewards: Array, k: int) -> Array:
        met.append(k)
        return np.zeros_like(rewards)

    ended = history("arms", estimator=watching, k="n@0, 2@3", n=5, steps=6, log_every=3)
    assert met == [5, 5, 5, 2, 2, 2]
    assert [(log.step, log.k) for log in ended.logs] == [(0, 5), (3, 2), (6, 2)]


@pytest.mark.parametrize("case", SMALL)
def test_the_log_is_the_exact_truth_at_the_runs_parameters(case: str) -> None:
    problem = small(case)
    settings = Settings(k=3, n=6, steps=7, log_every=4, replicates=3, k_eval=(1, 5))
    reports = []
    for runs in iterate(problem, best_of_k, settings, np.random.default_rng(2)):
        slope = problem.exact_gradient(runs.parameters, 3)
        reports.append(
            (
                problem.exact_max_at_k(runs.parameters, (1, 5)),
                np.linalg.norm(slope, axis=1),
                problem.entropy(runs.parameters),
                runs.solved.mean(axis=1),
            )
        )
    ended = train(problem, best_of_k, settings, np.random.default_rng(2))
    assert [log.step for log in ended.logs] == [0, 4, 7]
    for log, (value, norm, entropy, solved) in zip(ended.logs, reports, strict=True):
        np.testing.assert_array_equal(log.value, value)
        np.testing.assert_allclose(log.gradient_norm, norm, rtol=1e-12)
        np.testing.assert_array_equal(log.entropy, entropy)
        np.testing.assert_array_equal(log.cumulative_solve_rate, solved)
    np.testing.assert_array_equal(ended.distance, ended.optimum[:, None] - reports[-1][0])


def test_solved_problems_are_those_a_sample_has_solved() -> None:
    """Nothing is learnt, so problem p is unsolved after t steps with a chance known exactly."""
    problem = build_problem("problem_set", problems=2, arms=4, rates=[0.5, 0.01], per_step=0)
    settings = Settings(n=4, steps=20, log_every=20, replicates=4000)
    *_, end = iterate(problem, nothing, settings, np.random.default_rng(0))
    expected = 1 - (1 - np.array([0.5, 0.01])) ** 80
    se = np.sqrt(expected * (1 - expected) / 4000)
    assert (np.abs(end.solved.mean(axis=0) - expected) <= 4 * se + 1e-9).all()


def test_zero_signal_is_the_share_of_steps_whose_rewards_all_tie() -> None:
    problem = build_problem("arms", rewards=[0.3, 0.7])
    settings = Settings(n=3, steps=50, log_every=50, replicates=2000, step_size=1e-12)
    ended = train(problem, rloo, settings, np.random.default_rng(0))
    assert np.isnan(ended.logs[0].zero_signal).all()
    shares = ended.logs[-1].zero_signal
    assert abs(shares.mean() - 0.25) <= 4 * shares.std() / np.sqrt(2000)


def test_zero_signal_counts_the_steps_since_the_last_log() -> None:
    sizes = iter([0.0, 0.0, 1.0, 0.0, 1.0, 1.0])
    settings = Settings(n=2, steps=6, log_every=4, replicates=2)

    def sometimes(rewards: Array, k: int) -> Array:
        return np.full_like(rewards, next(sizes))

    first, second, third = train(small("arms"), sometimes, settings, np.random.default_rng(0)).logs
    assert np.isnan(first.zero_signal).all()
    assert second.zero_signal.tolist() == [0.75, 0.75]
    assert third.zero_signal.tolist() == [0.0, 0.0]


def test_first_near_is_the_first_log_at_95_percent_of_the_optimum() -> None:
    ended = history("arms", steps=90, log_every=10, step_size=0.5, replicates=20, k_eval=(1, 2))
    assert np.isfinite(ended.first_near).any()
    assert np.isnan(ended.first_near).any()
    for (place, run), first in np.ndenumerate(ended.first_near):
        values = [log.value[place, run] / ended.optimum[place] for log in ended.logs]
        near = [log.step for log, value in zip(ended.logs, values, strict=True) if value >= 0.95]
        assert near[0] == first if near else np.isnan(first)


@pytest.mark.parametrize("case", ["unit_square", "arms", "problem_set, shared"])
def test_probed_variance_is_the_spread_of_one_step_s_gradient(case: str) -> None:
    problem = small(case)
    settings = Settings(k=2, n=4, steps=1, replicates=10_000, probes=2)
    runs = next(iterate(problem, best_of_k, settings, np.random.default_rng(0)))
    probed = probe(problem, best_of_k, settings, runs, np.random.default_rng(1))
    copies = np.repeat(problem.start(1), 100_000, axis=0)
    batch = problem.sample(copies, 4, np.random.default_rng(2))
    slopes = problem.gradient(copies, batch, best_of_k(batch.rewards, 2))
    squares = ((slopes - slopes.mean(axis=0)) ** 2).sum(axis=1)
    se = np.hypot(squares.std() / np.sqrt(100_000), probed.std() / np.sqrt(10_000))
    assert abs(probed.mean() - squares.mean()) <= 4 * se
    log = train(problem, best_of_k, settings, np.random.default_rng(0)).logs[0]
    np.testing.assert_allclose(
        log.variance_ratio, log.gradient_variance / log.gradient_norm**2, rtol=1e-12
    )


@pytest.mark.parametrize("case", SMALL)
def test_probing_and_logging_leave_the_run_as_it_is(case: str) -> None:
    plain = history(case, k_eval=(1, 4), log_every=12)
    probed = history(case, k_eval=(1, 4), log_every=1, probes=3)
    np.testing.assert_array_equal(plain.logs[-1].value, probed.logs[-1].value)
    assert np.isnan(plain.logs[0].gradient_variance).all()
    assert (probed.logs[0].gradient_variance >= 0).all()


def test_the_seed_decides_and_nothing_else() -> None:
    once, again, other = (history("arms", seed=seed) for seed in (3, 3, 4))
    np.testing.assert_array_equal(once.logs[-1].value, again.logs[-1].value)
    assert (once.logs[-1].value != other.logs[-1].value).all()


def gentle(rewards: Array, k: int) -> Array:
    return 1e-4 * rloo(rewards, k)


def spoiled(stage: str) -> Any:
    """`gentle`, but the second run meets something non-finite in the fourth step."""
    calls = 0

    def estimator(rewards: Array, k: int) -> Array:
        nonlocal calls
        calls += 1
        weights = gentle(rewards, k)
        if calls == 4 and stage == "rewards":
            rewards[1, 0, 0] = np.inf
        elif calls == 4:
            weights[1] = {"weights": np.nan, "gradient": 1e308, "parameters": 1e307}[stage]
            weights[1, 0, 0] *= -1
        return weights

    return estimator


@pytest.mark.parametrize(
    ("stage", "optimiser", "step_size"),
    [
        ("rewards", "sgd", 0.1),
        ("rewards", "adam", 0.1),
        ("weights", "sgd", 0.1),
        ("weights", "momentum", 0.1),
        ("weights", "adam", 0.1),
        ("gradient", "sgd", 0.1),
        ("gradient", "momentum", 0.1),
        ("gradient", "adam", 0.1),
        ("parameters", "sgd", 1e3),
    ],
)
def test_a_non_finite_value_stops_that_run_alone(
    stage: str, optimiser: str, step_size: float
) -> None:
    options = {"optimiser": optimiser, "step_size": step_size, "steps": 8, "log_every": 1}
    ended = history("water_filling", estimator=spoiled(stage), k_eval=(1, 2), **options)
    undisturbed = history("water_filling", estimator=gentle, k_eval=(1, 2), **options)
    assert ended.stopped_at.tolist() == [-1, 3, -1]
    assert ended.cause == ("", stage, "")
    for log, same in zip(ended.logs, undisturbed.logs, strict=True):
        others = [0, 2] if log.step > 3 else [0, 1, 2]
        np.testing.assert_array_equal(log.value[:, others], same.value[:, others])
        for values in (log.value[:, 1], log.entropy[1], log.cumulative_solve_rate[1]):
            assert np.isnan(values).all() == (log.step > 3)
    assert np.isnan(ended.distance[:, 1]).all()


def test_a_stopped_run_keeps_its_last_finite_parameters() -> None:
    settings = Settings(steps=8, replicates=3, log_every=1)
    rng = np.random.default_rng(0)
    steps = iterate(small("water_filling"), spoiled("weights"), settings, rng)
    seen = [runs.parameters.copy() for runs in steps]
    assert np.isfinite(seen).all()
    assert (seen[3][1] == seen[-1][1]).all()
    assert (seen[2][1] != seen[3][1]).any()


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"k": "8->1"}, "linear"),
        ({"k": 0}, "at least 1"),
        ({"n": 0}, "n must"),
        ({"n": 2.0}, "n must"),
        ({"steps": 0}, "steps"),
        ({"replicates": 0}, "replicates"),
        ({"log_every": 0}, "log_every"),
        ({"k_eval": (0,)}, "k_eval"),
        ({"k_eval": (1, 2.5)}, "k_eval"),
        ({"k_eval": ()}, "k_eval"),
        ({"k_eval": (2, 2)}, "k_eval"),
        ({"step_size": 0.0}, "step_size"),
        ({"step_size": -1.0}, "step_size"),
        ({"step_size": float("nan")}, "step_size"),
        ({"step_size": float("inf")}, "step_size"),
        ({"entropy_bonus": -0.1}, "entropy_bonus"),
        ({"entropy_bonus": float("nan")}, "entropy_bonus"),
        ({"probes": 1}, "probes"),
        ({"probes": -2}, "probes"),
        ({"optimiser": "adamw"}, "'adam'"),
    ],
)
def test_bad_settings_are_named(changes: dict[str, Any], told: str) -> None:
    with pytest.raises(InputError, match=told):
        Settings(**changes)


def test_an_observer_sees_every_step_after_it_was_weighed_and_changes_nothing() -> None:
    problem = build_problem("arms", count=4)
    plan = Settings(k=2, n=3, steps=5, replicates=2, log_every=1)
    seen: list[tuple[str, tuple[int, ...]]] = []

    def weigh(rewards: Array, k: int) -> Array:
        seen.append(("weighed", rewards.shape))
        return np.asarray(best_of_k(rewards, k))

    def observe(rewards: Array, k: int, scores: Array) -> None:
        assert k == 2
        seen.append(("observed", scores.shape))

    watched = train(problem, weigh, plan, np.random.default_rng(0), observe=observe)
    assert seen == [("weighed", (2, 1, 3)), ("observed", (2, 1, 3, 4))] * 5
    alone = train(problem, best_of_k, plan, np.random.default_rng(0))
    for a, b in zip(watched.logs, alone.logs, strict=True):
        assert a.value.tobytes() == b.value.tobytes()
