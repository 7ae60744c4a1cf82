"""Training judged by another order statistic than the maximum: exact, and what it is for."""

import numpy as np
import pytest

from pkpo_toy.errors import InputError
from pkpo_toy.estimators import rank_weights
from pkpo_toy.simulator.judging import judged_by
from pkpo_toy.simulator.problems import build_problem
from pkpo_toy.training.frame import train
from tests.oracles import exact, statistic_of

SETTINGS = {
    "arms": {"rewards": [0.1, 0.5, 1.0]},
    "unit_square": {},
    "problem_set": {"problems": 4, "arms": 3, "features": 2},
}


def top_two(k):
    return rank_weights(k, top=min(2, k))


def moved(problem, seed=0):
    start = problem.start(3)
    return start + 0.1 * np.random.default_rng(seed).normal(size=start.shape)


@pytest.mark.parametrize("name", SETTINGS)
def test_the_gradient_is_that_of_the_value(name):
    problem = judged_by(build_problem(name, **SETTINGS[name]), top_two)
    parameters, step = moved(problem), 1e-5
    found = problem.exact_gradient(parameters, 3)
    for j in range(parameters.shape[1]):
        apart = step * np.eye(parameters.shape[1])[j]
        above, below = (problem.exact_max_at_k(parameters + s * apart, (3,))[0] for s in (1, -1))
        np.testing.assert_allclose(found[:, j], (above - below) / (2 * step), atol=2e-8)


@pytest.mark.parametrize("name", SETTINGS)
def test_of_the_maximum_it_is_the_problem_itself(name):
    plain = build_problem(name, **SETTINGS[name])
    judged = judged_by(plain, lambda k: rank_weights(k, top=1))
    parameters = moved(plain)
    for of in (
        lambda p: p.exact_max_at_k(parameters, (1, 4)),
        lambda p: p.exact_gradient(parameters, 4),
    ):
        np.testing.assert_allclose(of(judged), of(plain), rtol=1e-9, atol=1e-12)
    assert judged.optimum(4) == pytest.approx(plain.optimum(4), rel=1e-9)


def test_the_value_is_the_mean_statistic_of_all_draws():
    problem = judged_by(build_problem("arms", rewards=[0.1, 0.5, 1.0]), top_two)
    parameters = moved(problem)
    pi = np.exp(parameters - np.log(np.exp(parameters).sum(axis=1, keepdims=True)))
    rewards, value = [0.1, 0.5, 1.0], 0.0
    for arms in np.ndindex(3, 3, 3):
        chance = np.prod([pi[:, arm] for arm in arms], axis=0)
        value = value + chance * float(statistic_of(exact([rewards[arm] for arm in arms]), top=2))
    np.testing.assert_allclose(problem.exact_max_at_k(parameters, (3,))[0], value, rtol=1e-12)


def test_the_best_theta_of_a_statistic_is_where_no_other_is_better():
    problem = judged_by(build_problem("unit_square"), lambda k: rank_weights(k, quantile=0.5))
    theta = np.linspace(*problem.search, 401)[:, None]
    values = problem.exact_max_at_k(theta, (5,))[0]
    assert values.max() <= problem.optimum(5) <= values.max() + 1e-3
    assert problem.optimum(5) != pytest.approx(build_problem("unit_square").optimum(5), rel=1e-2)


def test_an_optimum_that_is_not_known_is_not_a_number():
    problem = judged_by(build_problem("water_filling"), top_two)
    assert np.isnan(problem.optimum(4))


def test_a_run_is_judged_by_its_objective_and_trained_as_before():
    how = {"k": 3, "n": 6, "k_eval": (3,), "steps": 60, "step_size": 1.0, "replicates": 4}
    name = "order_statistic(lower_cvar=0.5)"
    one, other = (train("arms", name, objective=objective, **how) for objective in (name, ""))
    assert one.entropy.equals(other.entropy)
    assert (one.value < other.value).all()  # the worst of three are worse than the best
    ends = one[one.step == 60]
    assert (ends.value > one[one.step == 0].value.to_numpy()).all()
    np.testing.assert_allclose(ends.distance, ends.optimum - ends.value)


@pytest.mark.parametrize(
    ("objective", "told"),
    [
        ("maxk_rloo", "objective must be empty, which is max@k, or an order statistic"),
        ("order_statistic(top=3)", "top <= k, got 3, k = 2"),
        ("order_statistic(tops=2)", "unknown option 'tops'"),
    ],
)
def test_objectives_that_are_none(objective, told):
    with pytest.raises(InputError, match=told):
        train("arms", objective=objective, k=3, n=4, steps=2, k_eval=(2,))


def test_a_problem_of_ones_own_is_judged_by_the_maximum_alone():
    with pytest.raises(InputError, match="neither categorical nor Gaussian, got object"):
        judged_by(object(), top_two)
