"""Every problem: its exact gradient, its sampled gradients, its optimum, and what it refuses."""

from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from pkpo_toy.errors import InputError
from pkpo_toy.estimators import ESTIMATORS
from pkpo_toy.simulator.categorical import CategoricalProblem
from pkpo_toy.simulator.exact import categorical_gradient, categorical_max_at_k
from pkpo_toy.simulator.exact.water_filling import water_filling_pass_at_k, water_filling_policy
from pkpo_toy.simulator.policies import softmax
from pkpo_toy.simulator.problem import Batch, Problem, checked_scored
from pkpo_toy.simulator.problems import PROBLEMS, build_problem
from tests.simulator.small_problems import SMALL, elsewhere, small

Array = NDArray[np.float64]
CATEGORICAL = [case for case in SMALL if case != "unit_square"]
N, K, GRADIENTS = 6, 3, 50_000


def categorical(case: str) -> CategoricalProblem:
    problem = small(case)
    assert isinstance(problem, CategoricalProblem)
    return problem


def test_every_row_has_a_small_instance() -> None:
    assert {name for name, _ in SMALL.values()} == set(PROBLEMS)


@pytest.mark.parametrize("k", [1, 2, 7])
@pytest.mark.parametrize("case", SMALL)
def test_exact_gradient_is_a_finite_difference_of_the_exact_objective(case: str, k: int) -> None:
    problem = small(case)
    at = elsewhere(problem, runs=3)
    exact = problem.exact_gradient(at, k)
    step = 1e-5
    for i in range(at.shape[1]):
        nudge = step * np.eye(at.shape[1])[i]
        up, down = (problem.exact_max_at_k(at + by, [k])[0] for by in (nudge, -nudge))
        np.testing.assert_allclose(exact[:, i], (up - down) / (2 * step), rtol=0, atol=1e-6)


@cache
def sampled(case: str) -> tuple[Problem, Array, Batch]:
    problem = small(case)
    at = elsewhere(problem, runs=1)
    copies = np.repeat(at, GRADIENTS, axis=0)
    return problem, copies, problem.sample(copies, N, np.random.default_rng(7))


def in_domain(key: str, problem: Problem) -> bool:
    row = ESTIMATORS[key]
    return (problem.binary or not row.binary) and (problem.nonnegative or not row.nonnegative)


UNBIASED = [
    (key, case)
    for key, row in ESTIMATORS.items()
    for case in SMALL
    # Without an objective in max@k: order_statistic, whose truth is in test_exact_ranks.
    if row.claim == "unbiased" and row.objective is not None and in_domain(key, small(case))
]


@pytest.mark.parametrize(("key", "case"), UNBIASED)
def test_sampled_gradients_average_to_the_exact_one(key: str, case: str) -> None:
    estimator = ESTIMATORS[key]
    problem, copies, batch = sampled(case)
    estimates = problem.gradient(copies, batch, estimator.function(batch.rewards, K))
    assert estimator.objective is not None
    terms = estimator.objective(N, K).items()
    exact = sum(factor * problem.exact_gradient(copies[:1], j)[0] for j, factor in terms)
    error = estimates.mean(axis=0) - exact
    se = estimates.std(axis=0, ddof=1) / np.sqrt(GRADIENTS)
    assert (np.abs(error) <= 4 * se + 1e-15).all(), (error / se).round(2)


@pytest.mark.parametrize("case", CATEGORICAL)
def test_entropy_gradient_is_a_finite_difference_of_the_entropy(case: str) -> None:
    name, options = SMALL[case]
    every = {"per_step": 0} if "per_step" in options or name == "water_filling" else {}
    problem = build_problem(name, **(options | every))
    at = elsewhere(problem, runs=2)
    gradient = problem.entropy_gradient(at, problem.sample(at, 1, np.random.default_rng(0)))
    step = 1e-5
    for i in range(at.shape[1]):
        nudge = step * np.eye(at.shape[1])[i]
        slope = (problem.entropy(at + nudge) - problem.entropy(at - nudge)) / (2 * step)
        np.testing.assert_allclose(gradient[:, i], slope, rtol=0, atol=1e-9)


@pytest.mark.parametrize("case", ["water_filling", "problem_set, own", "problem_set, shared"])
def test_entropy_gradient_over_a_step_s_groups_averages_to_the_set_s(case: str) -> None:
    name, options = SMALL[case]
    few, every = small(case), build_problem(name, **(options | {"per_step": 0}))
    at = np.repeat(elsewhere(few, runs=1), 20_000, axis=0)
    rng = np.random.default_rng(3)
    gradients = few.entropy_gradient(at, few.sample(at, 1, rng))
    exact = every.entropy_gradient(at[:1], every.sample(at[:1], 1, rng))[0]
    se = gradients.std(axis=0, ddof=1) / np.sqrt(len(gradients))
    assert (np.abs(gradients.mean(axis=0) - exact) <= 4 * se + 1e-13).all()


@pytest.mark.parametrize("case", [case for case in CATEGORICAL if small(case).binary])
@pytest.mark.parametrize("k", [1, 3, 40])
def test_binary_short_cut_agrees_with_the_general_closed_form(case: str, k: int) -> None:
    problem = categorical(case)
    at = elsewhere(problem, runs=3)
    logits = problem.logits(at)
    each = categorical_max_at_k(logits, problem.rewards, k)
    np.testing.assert_allclose(problem.exact_max_at_k_of_each(at, [k])[0], each, rtol=1e-12)
    slopes = categorical_gradient(logits, problem.rewards, k) * problem.fractions[:, None]
    features = np.eye(problem.size) if problem.features is None else problem.features
    expected = np.einsum("rpa,pf->rfa", slopes, features).reshape(at.shape)
    np.testing.assert_allclose(problem.exact_gradient(at, k), expected, rtol=1e-10, atol=1e-15)


def test_pass_at_k_keeps_its_digits_when_success_is_certain_or_hopeless() -> None:
    problem = build_problem("arms", rewards=[1, 0])
    at = np.array([[50.0, 0.0], [800.0, 0.0], [0.0, 50.0], [0.0, 800.0]])
    value = problem.exact_max_at_k(at, [2])[0]
    np.testing.assert_allclose(value[:2], 1.0, rtol=1e-15)
    np.testing.assert_allclose(value[2], 2 * np.exp(-50.0), rtol=1e-12)
    assert np.isfinite(problem.exact_gradient(at, 2)).all()
    assert np.isfinite(problem.entropy(at)).all()


@given(
    st.lists(st.floats(1e-6, 1.0), min_size=2, max_size=12),
    st.sampled_from([2, 3, 4, 8, 16, 64]),
)
@settings(deadline=None, max_examples=200)
def test_water_filling_meets_the_optimality_conditions(sizes: list[float], k: int) -> None:
    """pass@k is concave in pi: equal slopes where pi > 0, no larger ones elsewhere, sum 1."""
    q = np.array(sizes) / np.sum(sizes)
    pi = water_filling_policy(q, k)
    slopes = k * q * (1 - pi) ** (k - 1)
    level = slopes[pi > 0].max()
    assert abs(pi.sum() - 1) <= 1e-12
    assert (pi >= 0).all()
    # An error of 1e-15 in pi moves a slope by at most k (k - 1) times as much.
    allowed = 1e-15 * k * (k - 1)
    np.testing.assert_allclose(slopes[pi > 0], level, rtol=1e-12, atol=allowed)
    assert (slopes <= level * (1 + 1e-12) + allowed).all()


def test_water_filling_by_hand() -> None:
    np.testing.assert_array_equal(water_filling_policy([0.2, 0.5, 0.3], 1), [0, 1, 0])
    # k = 2: 1 - pi is proportional to 1/q; the third arm would go below 0.
    np.testing.assert_allclose(
        water_filling_policy([0.6, 0.3, 0.1], 2), [2 / 3, 1 / 3, 0], rtol=1e-14
    )
    np.testing.assert_allclose(water_filling_policy([0.25] * 4, 8), [0.25] * 4, rtol=1e-14)
    np.testing.assert_array_equal(water_filling_policy([1.0, 0.0], 4), [1, 0])


def test_aliased_is_the_formula_and_its_optimum_is_reached_by_water_filling() -> None:
    q = [0.5, 0.3, 0.2]
    problem = build_problem("water_filling", fractions=q)
    at = elsewhere(problem, runs=4)
    for k in (1, 2, 5):
        expected = [water_filling_pass_at_k(q, softmax(row), k) for row in at]
        np.testing.assert_allclose(problem.exact_max_at_k(at, [k])[0], expected, rtol=1e-13)
    best = water_filling_policy(q, 8)
    reached = problem.exact_max_at_k(np.log(best)[None], [8])[0, 0]
    np.testing.assert_allclose(reached, problem.optimum(8), rtol=1e-13)


def test_a_group_of_aliased_is_drawn_for_one_hidden_problem() -> None:
    problem = build_problem("water_filling", fractions=[0.5, 0.3, 0.2], per_step=3)
    batch = problem.sample(problem.start(2000), 8, np.random.default_rng(0))
    assert batch.problems.shape == (2000, 3)
    np.testing.assert_array_equal(batch.rewards, batch.actions == batch.problems[..., None])
    share = np.bincount(batch.problems.ravel()) / 6000
    assert (np.abs(share - [0.5, 0.3, 0.2]) < 4 * np.sqrt(0.25 / 6000)).all()


@pytest.mark.parametrize("case", SMALL)
def test_nothing_exceeds_the_optimum(case: str) -> None:
    problem = small(case)
    at = np.concatenate([elsewhere(problem, 50), 20 * elsewhere(problem, 50, seed=1)])
    for k in (1, 2, 9):
        assert (problem.exact_max_at_k(at, [k]) <= problem.optimum(k) + 1e-12).all()


@pytest.mark.parametrize("features", [0, 5])
def test_a_problem_set_can_be_solved_wholly(features: int) -> None:
    """A perceptron finds the W that the optimum of 1 promises, with a margin."""
    problem = build_problem("problem_set", problems=20, arms=4, features=features, seed=3)
    assert isinstance(problem, CategoricalProblem)
    phi = np.eye(20) if problem.features is None else problem.features
    w = np.zeros((phi.shape[1], 4))
    for _ in range(10_000):
        rival = (phi @ w - problem.rewards).argmax(axis=1)
        mistakes = problem.rewards - np.eye(4)[rival]
        if not mistakes.any():
            break
        w += phi.T @ mistakes
    value = problem.exact_max_at_k(1e3 * w.reshape(1, -1), [1])[0, 0]
    np.testing.assert_allclose(value, problem.optimum(1), rtol=1e-9)


def test_sets_start_at_the_success_rates_they_are_given() -> None:
    own = build_problem("problem_set", problems=5, rates=[0.3, 0.02])
    shared = build_problem("problem_set", problems=5, features=3, rates=[0.3, 0.02])
    measured = build_problem("pass_rates", n=[10, 1000], c=[0, 1000])
    for problem, rates in (
        (own, [0.3, 0.02, 0.3, 0.02, 0.3]),
        (shared, [0.3, 0.02, 0.3, 0.02, 0.3]),
        (measured, [0.5 / 11, 1000.5 / 1001]),
    ):
        assert isinstance(problem, CategoricalProblem)
        each = problem.exact_max_at_k_of_each(problem.start(1), [1])[0, 0]
        np.testing.assert_allclose(each, rates, rtol=1e-12)


def test_two_peaks_starts_on_the_lower_one() -> None:
    problem = categorical("two_peaks")
    policy = softmax(problem.logits(problem.start(1)))[0, 0]
    assert policy.argmax() == 75
    assert policy[70:81].sum() > 0.4
    assert problem.rewards[0].argmax() == 40
    np.testing.assert_allclose(problem.rewards[0, [40, 75]], [1.0, 0.6], atol=1e-9)


@pytest.mark.parametrize(
    ("name", "options", "told"),
    [
        ("two_peak", {}, "two_peaks"),
        ("arms", {"reward": [1.0]}, "rewards"),
        ("arms", {"rewards": [1.0], "logits": [0.0, 1.0]}, "same arms"),
        ("arms", {"rewards": []}, "same arms"),
        ("arms", {"rewards": [float("nan")]}, "finite"),
        ("arms", {"count": 0}, "count"),
        ("unit_square", {"sd": 0.0}, "sd"),
        ("unit_square", {"theta": float("inf")}, "theta"),
        ("water_filling", {"fractions": [0.5, 0.4]}, "sum to 1"),
        ("water_filling", {"fractions": [1.5, -0.5]}, "> 0"),
        ("water_filling", {"per_step": -1}, "per_step"),
        ("problem_set", {"arms": 1}, "arms"),
        ("problem_set", {"problems": 0}, "problems"),
        ("problem_set", {"features": -1}, "features"),
        ("problem_set", {"rates": [0.5, 1.0]}, "rates"),
        ("problem_set", {"rates": []}, "rates"),
        ("problem_set", {"per_step": True}, "per_step"),
        ("pass_rates", {"n": [10], "c": [11]}, "c = 11 at problem 0"),
        ("pass_rates", {"n": [10, 0], "c": [1, 0]}, "n = 0"),
        ("pass_rates", {"n": [10], "c": [0.5]}, "integers"),
        ("pass_rates", {"n": [10, 10], "c": [1]}, "one length"),
    ],
)
def test_bad_input_is_named(name: str, options: dict[str, object], told: str) -> None:
    with pytest.raises(InputError, match=told):
        build_problem(name, **options)


@pytest.mark.parametrize("case", SMALL)
def test_scores_weighted_and_summed_are_the_gradient(case: str) -> None:
    problem = small(case)
    at, rng = elsewhere(problem, runs=3), np.random.default_rng(2)
    batch = problem.sample(at, N, rng)
    weights = rng.normal(size=batch.rewards.shape)
    scores = checked_scored(problem).scores(batch)
    assert scores.shape[:3] == batch.rewards.shape
    groups = np.einsum("rbi,rbid->rbd", weights, scores)
    for group in range(groups.shape[1]):
        alone = weights * (np.arange(groups.shape[1]) == group)[:, None]
        expected = problem.gradient(at, batch, alone)
        if isinstance(problem, CategoricalProblem):
            only = np.zeros_like(groups)
            only[:, group] = groups[:, group]
            found = problem._pulled_back(only, batch.problems)
        else:
            found = groups[:, 0]
        np.testing.assert_allclose(found, expected, atol=1e-12)
