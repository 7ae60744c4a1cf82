"""The exact mean and variance of a gradient estimate that the page shows, against other ways."""

import json

import mpmath
import numpy as np
import pytest

from pkpo_toy.estimators import weights
from pkpo_toy.simulator.exact.gaussian import gaussian_gradient
from pkpo_toy.simulator.policies import normal_gradient, sample_normal
from pkpo_toy.simulator.rewards import UNIT_SQUARE

SD, ESTIMATES = 0.1, 40_000


@pytest.fixture(scope="module")
def linear(evaluate):
    return evaluate("Object.keys(ESTIMATORS).filter((key) => ESTIMATORS[key].linear)")


def moments(evaluate, key, theta, n, k):
    found = evaluate(f"last(exactMoments({json.dumps(key)}, {theta}, {n}, {k}))")
    return found["mean"], found["variance"]


def defined(evaluate, key, n, k):
    return evaluate(f"defined({json.dumps(key)}, {n}, {k})")


@pytest.mark.parametrize(("theta", "n", "k"), [(1.0, 8, 4), (0.5, 4, 2), (0.9, 12, 3), (1.1, 6, 1)])
def test_sampling_agrees_for_every_linear_estimator(evaluate, linear, theta, n, k):
    rng = np.random.default_rng(20)
    throws = sample_normal(np.full(ESTIMATES, theta), SD, n, rng)
    for key in linear:
        if not defined(evaluate, key, n, k):
            continue
        weighed = weights(UNIT_SQUARE(throws), k, key)
        drawn = normal_gradient(np.full(ESTIMATES, theta), SD, throws, weighed)
        mean, variance = moments(evaluate, key, theta, n, k)
        off = drawn - drawn.mean()
        error = np.sqrt(((off**4).mean() - off.var() ** 2) / ESTIMATES)
        assert abs(drawn.mean() - mean) < 4.5 * drawn.std() / ESTIMATES**0.5, key
        assert abs(off.var() - variance) < 4.5 * error, key


@pytest.mark.parametrize(("theta", "n", "k"), [(1.0, 8, 4), (0.4, 16, 16), (0.9, 32, 8)])
def test_what_is_unbiased_has_the_exact_gradient_as_its_mean(evaluate, theta, n, k):
    truth = float(gaussian_gradient(theta, k, UNIT_SQUARE, SD))
    for key in ("pkpo", "pkpo_loo_minus_one", "centered_loo"):
        if defined(evaluate, key, n, k):
            mean, _ = moments(evaluate, key, theta, n, k)
            assert mean == pytest.approx(truth, abs=1e-8)


@pytest.mark.parametrize("theta", [0.5, 1.0])
def test_plain_policy_gradient_in_closed_form(evaluate, theta):
    """Its weights are g / n: the variance is that of g times the score, over n."""

    def integral(power):
        def integrand(x):
            z = (x - theta) / SD
            return (x**2 * z / SD) ** power * mpmath.npdf(z) / SD

        return mpmath.quad(integrand, [0, theta - 0.2, theta - 0.1, min(theta, 1), 1])

    mean, variance = moments(evaluate, "reinforce", theta, 8, 1)
    assert mean == pytest.approx(float(integral(1)), rel=1e-9)
    assert variance == pytest.approx(float((integral(2) - integral(1) ** 2) / 8), rel=1e-9)


def test_two_throws_by_a_double_integral(evaluate):
    """LOO-1 with n = k = 2: the better throw gets the lead, the other nothing."""
    nodes, shares = np.polynomial.legendre.leggauss(60)
    theta = 0.8
    edges = np.array([0, 0.4, 0.6, 0.8, 1.0])
    half = np.diff(edges)[:, None] / 2
    x = (edges[:-1, None] + half + half * nodes).ravel()
    mass = (
        (half * shares).ravel() * np.exp(-0.5 * ((x - theta) / SD) ** 2) / (SD * (2 * np.pi) ** 0.5)
    )
    score = (x - theta) / SD**2
    total = 0.0
    for at, weight, slope in zip(x, mass, score, strict=True):
        # The other throw: below `at`, or where it earns nothing at all.
        inner = at / 2 * (nodes + 1)
        density = np.exp(-0.5 * ((inner - theta) / SD) ** 2) / (SD * (2 * np.pi) ** 0.5)
        inside = (at / 2 * shares * density * (at**2 - inner**2) ** 2).sum()
        tails = mpmath.ncdf((0 - theta) / SD) + 1 - mpmath.ncdf((1 - theta) / SD)
        total += weight * slope**2 * (inside + float(tails) * at**4)
    truth = float(gaussian_gradient(theta, 2, UNIT_SQUARE, SD))
    _, variance = moments(evaluate, "pkpo_loo_minus_one", theta, 2, 2)
    assert variance == pytest.approx(2 * total - truth**2, rel=1e-6)


def test_there_is_none_for_weights_that_are_not_linear(evaluate):
    assert evaluate("last(exactMoments('grpo', 1, 8, 4))") is None
