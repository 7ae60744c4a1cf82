"""Every row of the table against its definition, and its claim against the enumerated gradient."""

import numpy as np
import pytest

from pkpo_toy.errors import InputError
from pkpo_toy.estimators import ESTIMATORS, weights
from tests.oracles import (
    ORACLES,
    exact,
    expected_gradient,
    max_gradient,
    passk_bootstrap,
    real,
    statistic_gradient,
)

DETERMINISTIC = [key for key, row in ESTIMATORS.items() if not row.random]


def allowed(key, largest_n):
    """All (n, k) in the estimator's domain."""
    for n in range(1, largest_n + 1):
        for k in range(1, n + 1):
            try:
                ESTIMATORS[key].check(n, k)
            except InputError:
                continue
            yield n, k


def example_rewards(row, n, rng):
    if row.binary:
        return [rng.integers(0, 2, n) for _ in range(3)] + [np.zeros(n), np.ones(n)]
    draws = [rng.random(n), rng.integers(0, 3, n), np.full(n, 0.7)]
    return draws if row.nonnegative else [*draws, rng.normal(size=n), -rng.random(n)]


def assert_close(got, truth, tolerance):
    truth = [real(value) for value in truth]
    largest = max(abs(value) for value in truth)
    for a, b in zip(got.tolist(), truth, strict=True):
        assert abs(real(a) - b) <= tolerance * largest + 1e-45


def test_every_estimator_has_an_oracle():
    assert set(ORACLES) == set(ESTIMATORS)


@pytest.mark.parametrize("key", DETERMINISTIC)
def test_weights_are_what_the_definition_says(key):
    rng = np.random.default_rng(1)
    cases = 0
    for n, k in allowed(key, 6):
        for rewards in example_rewards(ESTIMATORS[key], n, rng):
            assert_close(weights(rewards, k, key), ORACLES[key](exact(rewards), k), 2e-15)
            cases += 1
    assert cases >= 20


@pytest.mark.parametrize("beta", [1e-9, 0.3, 5.0, 300.0])
@pytest.mark.parametrize("key", ["rs_grpo", "entropic_loo"])
def test_entropic_weights_for_weak_and_strong_beta(key, beta):
    rng = np.random.default_rng(2)
    for rewards in (rng.random(5), np.array([0.1, 0.9, 0.9, 0.2]), rng.normal(size=2)):
        truth = ORACLES[key](exact(rewards), 1, beta)
        assert_close(weights(rewards, 1, key, beta=beta), truth, 4e-15)


@pytest.mark.parametrize(("n", "k"), [(1, 1), (5, 2), (6, 6), (7, 3)])
def test_bootstrap_averages_the_subsets_it_draws(n, k):
    rewards = np.random.default_rng(3).integers(0, 2, n)
    keys = np.random.default_rng(4).random((n, n))
    subsets = [sorted(range(n), key=row.__getitem__)[:k] for row in keys.tolist()]
    got = weights(rewards, k, "passk_bootstrap", rng=np.random.default_rng(4))
    assert_close(got, passk_bootstrap(exact(rewards), k, subsets), 2e-15)


PROBABILITIES = [0.5, 0.2, 0.3]


def claimed_gradient(row, rewards, n, k):
    if row.rank_weights is not None:
        return np.array(statistic_gradient(PROBABILITIES, rewards, k, **dict(row.given)))
    if row.objective is None:
        powers = np.asarray(PROBABILITIES) * np.exp(rewards)
        return powers / powers.sum() - PROBABILITIES
    parts = [
        c * np.array(max_gradient(PROBABILITIES, rewards, j))
        for j, c in row.objective(n, k).items()
    ]
    return np.sum(parts, axis=0)


@pytest.mark.parametrize("key", DETERMINISTIC)
def test_the_mean_of_the_estimate_is_what_the_table_claims(key):
    row = ESTIMATORS[key]
    rewards = [0.0, 1.0, 1.0] if row.binary else [0.2, 1.5, 0.7]
    seen = []
    for n, k in [(n, k) for n, k in allowed(key, 4) if n >= 3]:
        mean = np.array(
            expected_gradient(
                lambda batch, k=k: weights(batch, k, key).tolist(), PROBABILITIES, rewards, n
            )
        )
        truth = claimed_gradient(row, rewards, n, k)
        size = np.linalg.norm(truth)
        if row.claim == "unbiased":
            np.testing.assert_allclose(mean, truth, atol=1e-14)
        cosine = mean @ truth / max(np.linalg.norm(mean) * size, 1e-300)
        seen.append((np.linalg.norm(mean - truth) / size, cosine))
    off = max(distance for distance, _ in seen)
    if row.claim == "direction":
        assert min(cosine for _, cosine in seen) > 1 - 1e-14
    if row.claim != "unbiased":
        assert off > 1e-3


@pytest.mark.parametrize("key", DETERMINISTIC)
def test_exchangeable_means_order_does_not_matter(key):
    row = ESTIMATORS[key]
    rng = np.random.default_rng(5)
    differ = 0
    for n, k in allowed(key, 6):
        for rewards in example_rewards(row, n, rng):
            shuffle = rng.permutation(n)
            moved = weights(np.asarray(rewards)[shuffle], k, key)
            differ += not np.array_equal(moved, weights(rewards, k, key)[shuffle])
    assert (differ == 0) == row.exchangeable
