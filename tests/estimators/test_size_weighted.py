"""The stateless baseline weighted by sizes: its definition, its limits, that it is unbiased."""

from fractions import Fraction
from itertools import combinations, product

import numpy as np
import pytest

from pkpo_toy.errors import InputError
from pkpo_toy.estimators import weights
from pkpo_toy.estimators.size_weighted import size_weighted_rloo
from tests import oracles


def by_definition(g, sizes, k):
    """share = 1, in exact fractions."""
    n = len(g)
    result = []
    for i in range(n):
        rest = [j for j in range(n) if j != i]

        def instead(reward, rest=rest):
            return oracles.mean(
                max([reward, *(g[j] for j in subset)]) for subset in combinations(rest, k - 1)
            )

        total = sum(sizes[j] for j in rest)
        baseline = sum(sizes[j] * instead(g[j]) for j in rest) / total
        result.append(Fraction(k, n) * (instead(g[i]) - baseline))
    return result


@pytest.mark.parametrize(("n", "k"), [(2, 1), (2, 2), (4, 1), (4, 3), (5, 2), (6, 6)])
def test_weights_are_what_the_definition_says(n, k):
    rng = np.random.default_rng(n * k)
    for g in (rng.normal(size=n), np.round(2 * rng.random(n))):
        sizes = rng.integers(1, 9, n)
        truth = by_definition(oracles.exact(g), [Fraction(int(v)) for v in sizes], k)
        got = size_weighted_rloo(g, k, sizes, share=1.0)
        np.testing.assert_allclose(got, np.array(truth, dtype=float), rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize(("n", "k"), [(2, 2), (7, 1), (7, 3), (300, 40), (300, 300)])
def test_equal_sizes_are_maxk_rloo_and_no_share_the_default(n, k):
    g = np.random.default_rng(n).normal(size=(3, n))
    for size in (1.0, 0.0, 1e-30):
        got = size_weighted_rloo(g, k, np.full((3, n), size), share=1.0)
        np.testing.assert_allclose(got, weights(g, k, "maxk_rloo"), atol=1e-13)
    if k > 1:
        got = size_weighted_rloo(g, k, np.ones((3, n)), share=0.0)
        np.testing.assert_allclose(got, weights(g, k), atol=1e-15)


@pytest.mark.parametrize(("n", "k"), [(3, 1), (3, 2), (4, 4)])
def test_unbiased_with_sizes_that_depend_on_the_sample(n, k):
    policy, rewards = np.array([0.5, 0.2, 0.3]), np.array([0.1, 0.55, 1.0])
    arms = np.array(list(product(range(3), repeat=n)))
    w = size_weighted_rloo(rewards[arms], k, -np.log(policy)[arms])
    found = np.einsum("b,bi,bid->d", policy[arms].prod(axis=1), w, (np.eye(3) - policy)[arms])
    truth = oracles.max_gradient(policy, rewards.tolist(), k)
    np.testing.assert_allclose(found, truth, atol=1e-14)


def test_shift_order_and_batch():
    rng = np.random.default_rng(0)
    g, v, order = rng.random((4, 5, 8)), rng.random((4, 5, 8)), rng.permutation(8)
    w = size_weighted_rloo(g, 3, v)
    np.testing.assert_allclose(size_weighted_rloo(g + 1e3, 3, v), w, atol=1e-11)
    np.testing.assert_allclose(size_weighted_rloo(g[..., order], 3, v[..., order]), w[..., order])
    np.testing.assert_allclose(size_weighted_rloo(g[1, 2], 3, v[1, 2]), w[1, 2])
    assert size_weighted_rloo(g.astype(np.float32), 3, v).dtype == np.float32


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"k": 5}, "1 <= k <= n"),
        ({"sizes": [1.0, 2.0]}, "sizes must be"),
        ({"sizes": [1.0, 2.0, -1.0, 0.0]}, "sizes must be >= 0"),
        ({"sizes": [1.0, 2.0, np.nan, 0.0]}, "NaN"),
        ({"share": 1.5}, "share"),
        ({"rewards": [1.0], "sizes": [1.0], "k": 1}, "n >= 2"),
    ],
)
def test_refusals(change, says):
    call = {"rewards": [0.0, 1.0, 2.0, 3.0], "k": 2, "sizes": np.ones(4)} | change
    with pytest.raises(InputError, match=says):
        size_weighted_rloo(**call)
