"""The learnt baseline: the family it learns in, that it is unbiased, exactly, and what it keeps."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pkpo_toy.errors import InputError
from pkpo_toy.estimators import weights
from pkpo_toy.estimators.adaptive import AdaptiveLoo
from pkpo_toy.estimators.learnt_baseline import applied, others, terms
from tests import oracles

REWARDS = np.array([0.1, 0.55, 1.0])
POLICY = np.array([0.5, 0.2, 0.3])
SCORES = np.eye(3) - POLICY
SIZES = [(3, 1), (3, 2), (3, 3), (4, 2)]


def base_of(k):
    return "rloo" if k == 1 else "pkpo_loo_minus_one"


def batches(n):
    """Every ordered batch of arms and its probability."""
    arms = np.array(list(product(range(3), repeat=n)))
    return arms, POLICY[arms].prod(axis=-1)


def mean(chances, w, arms):
    return np.einsum("b,bi,bid->d", chances, w, SCORES[arms])


def truth(k):
    return np.array(oracles.max_gradient(POLICY, REWARDS.tolist(), k))


@pytest.mark.parametrize(("n", "k"), [(2, 1), (2, 2), (5, 1), (5, 3), (5, 5), (300, 7)])
def test_the_known_forms_are_points_of_the_family(n, k):
    g = np.random.default_rng(n).normal(size=(4, n))
    base, features = terms(g, k)
    points = {base_of(k): [0.0, 0.0, 0.0], "pkpo": [0.0, -1.0, 0.0]}
    if 1 < k < n:
        points |= {"centered_loo": [0.0, 0.0, 1.0], "maxk_rloo": [0.0, 0.0, (n - k) / (n - 1)]}
        # The mean weight of `pkpo_loo` has a baseline (k/(n-1)) M_k.
        points["pkpo_loo"] = [0.0, n / (n - 1) - 1, n / (n - 1)]
    for key, c in points.items():
        np.testing.assert_allclose(
            applied(base, features, np.array(c)), weights(g, k, key), atol=2e-15, err_msg=key
        )


@pytest.mark.parametrize(("n", "k"), [(3, 1), (4, 2), (4, 3), (3, 3), (4, 4), (6, 6)])
def test_features_are_means_of_maxima_of_the_others(n, k):
    g = np.random.default_rng(1).normal(size=n)
    _, features = terms(g, k)
    exact = oracles.exact(g)
    for i in range(n):
        rest = oracles.without(exact, i)
        low = oracles.mean_of_max(rest, max(k - 1, 1))
        lead = oracles.mean_of_max(rest, k) - low if 1 < k < n else 0
        if k == n:
            lead = low - oracles.mean_of_max(rest, k - 2)
        np.testing.assert_allclose(
            features[i], [k / n * float(x) for x in (1, low, lead)], atol=1e-15
        )


@pytest.mark.parametrize("stand_in", ["scores", "sizes"])
@pytest.mark.parametrize(("n", "k"), SIZES)
def test_unbiased_after_every_history(n, k, stand_in):
    """Exact: whatever was seen in the step before, the next estimate has the right mean."""
    arms, chances = batches(n)
    furthest = 0.0
    for seen in arms:
        learner = AdaptiveLoo(prior=0.5)
        given = (
            {"scores": SCORES[seen]}
            if stand_in == "scores"
            else {"sizes": [0.1, 2.0, 1.0, 3.0][:n]}
        )
        learner.observe(REWARDS[seen], k, **given)
        w = np.stack([learner.weights(REWARDS[batch], k) for batch in arms])
        np.testing.assert_allclose(mean(chances, w, arms), truth(k), atol=1e-14)
        furthest = max(furthest, np.abs(w - weights(REWARDS[arms], k, base_of(k))).max())
    assert furthest > 0.1


@pytest.mark.parametrize(("n", "k"), SIZES[:3])
def test_unbiased_over_every_batch_of_two_groups_cross_fitted(n, k):
    arms, chances = batches(n)
    pairs = np.array(list(product(range(len(arms)), repeat=2)))
    chance = chances[pairs].prod(axis=-1)
    groups = arms[pairs]
    learner = AdaptiveLoo(prior=0.5)  # a learner for each pair: they share nothing
    w = learner.crossfit(REWARDS[groups], k, SCORES[groups])
    for group in range(2):
        np.testing.assert_allclose(
            mean(chance, w[:, group], groups[:, group]), truth(k), atol=1e-14
        )
    assert np.abs(w - weights(REWARDS[groups], k, base_of(k))).max() > 0.1


@pytest.mark.parametrize(("n", "k"), SIZES)
def test_a_baseline_learnt_from_its_own_group_is_biased(n, k):
    """What the two tests above would see if a group were among those it is weighed by."""
    arms, chances = batches(n)
    own = []
    for batch in arms:
        learner = AdaptiveLoo(prior=0.5)
        learner.observe(REWARDS[batch], k, SCORES[batch])
        own.append(learner.weights(REWARDS[batch], k))
    off = mean(chances, np.stack(own), arms) - truth(k)
    assert np.linalg.norm(off) > 0.3 * np.linalg.norm(truth(k))


def test_cross_fitting_leaves_no_trace_of_the_own_group_next_to_tiny_ones():
    """Rewards a billion times those of the other groups do not reach their own coefficients."""
    rng = np.random.default_rng(0)
    g, z = rng.normal(size=(3, 6)), rng.normal(size=(3, 6, 4))
    for factor in (1e9, 1e30):
        for own in (g[0], g[0][::-1] ** 2):
            batch = np.stack([own * factor, g[1], g[2]])
            w = AdaptiveLoo().crossfit(batch, 3, z)[0]
            without = AdaptiveLoo()
            without.observe(g[1:], 3, z[1:])
            np.testing.assert_allclose(w, without.weights(batch, 3)[0], rtol=1e-6)


def test_sums_over_the_others():
    values = np.random.default_rng(0).random((2, 5, 4, 4))
    for left_out in range(5):
        rest = np.delete(values, left_out, axis=1).sum(axis=1)
        np.testing.assert_allclose(others(values)[:, left_out], rest, rtol=1e-14)
    assert not others(values[:, :1]).any()


@pytest.mark.parametrize("k", [1, 3, 6])
def test_it_is_the_base_until_something_was_observed(k):
    g = np.random.default_rng(0).normal(size=(5, 6))
    learner = AdaptiveLoo()
    np.testing.assert_allclose(learner.weights(g, k), weights(g, k, base_of(k)), atol=1e-15)
    one = learner.crossfit(g[:1], k, np.ones((1, 6, 2)))
    np.testing.assert_allclose(one, weights(g[:1], k, base_of(k)), atol=1e-15)
    assert learner.weights(g, k).tobytes() != weights(g, k, base_of(k)).tobytes()
    other = 2 if k == 1 else k - 1
    np.testing.assert_allclose(
        learner.weights(g, other), weights(g, other, base_of(other)), atol=1e-15
    )


def test_it_learns_the_best_constant():
    """At k = 1 with |score|^2 depending on reward the best baseline is E[g |s|^2] / E|s|^2."""
    rng = np.random.default_rng(3)
    arms = rng.choice(3, size=(4000, 2), p=POLICY)
    learner = AdaptiveLoo(memory=4000.0)
    learner.observe(REWARDS[arms], 1, SCORES[arms])
    square = (SCORES**2).sum(axis=1)
    constant = (POLICY * square * REWARDS).sum() / (POLICY * square).sum()
    every, chances = batches(2)
    variances = []
    for w in (
        (REWARDS[every] - constant) / 2,
        learner.weights(REWARDS[every], 1),
        weights(REWARDS[every], 1, "rloo"),
    ):
        estimates = np.einsum("bi,bid->bd", w, SCORES[every])
        variances.append(chances @ (estimates**2).sum(axis=1) - (truth(1) ** 2).sum())
    assert variances[1] < 1.02 * variances[0] < 0.7 * variances[2]


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 10**6), st.integers(-32, 32), st.sampled_from([1, 2, 4, 5]))
def test_shift_scale_order_and_ties(seed, shift, k):
    rng = np.random.default_rng(seed)
    g, z = rng.integers(0, 4, (6, 5)) / 4, rng.normal(size=(6, 5, 3))
    learners = [AdaptiveLoo() for _ in range(4)]
    moved = [g, g + shift, g * 8, g[:, ::-1]]
    scores = [z, z, z, z[:, ::-1]]
    w = [
        learner.crossfit(rewards, k, s)
        for learner, rewards, s in zip(learners, moved, scores, strict=True)
    ]
    scale = np.abs(w[0]).max() + 1e-12
    np.testing.assert_allclose(w[1], w[0], atol=1e-8 * scale * (1 + abs(shift)))
    np.testing.assert_allclose(w[2], 8 * w[0], atol=1e-9 * scale)
    np.testing.assert_allclose(w[3][:, ::-1], w[0], atol=1e-9 * scale)
    for rewards, row in zip(g, w[0], strict=True):
        for value in np.unique(rewards):
            assert len({x.tobytes() for x in row[rewards == value]}) == 1


def test_learners_in_front_share_nothing():
    rng = np.random.default_rng(5)
    g, z = rng.random((2, 3, 4, 6)), rng.normal(size=(2, 3, 4, 6, 5))
    together, alone = AdaptiveLoo(), [AdaptiveLoo() for _ in range(3)]
    for step in range(2):
        w = together.crossfit(g[step], 2, z[step])
        for run, learner in enumerate(alone):
            single = learner.crossfit(g[step, run], 2, z[step, run])
            np.testing.assert_allclose(w[run], single, rtol=1e-10)
    for run, learner in enumerate(alone):
        np.testing.assert_allclose(
            together.coefficients(6, 2)[run], learner.coefficients(6, 2), rtol=1e-9
        )


def test_old_groups_fade():
    rng = np.random.default_rng(6)
    g, z = rng.random((1200, 4)), rng.normal(size=(1200, 4, 2))
    short, fresh = AdaptiveLoo(memory=3.0), AdaptiveLoo(memory=3.0)
    for start in range(0, 1200, 4):
        short.observe(g[start : start + 4], 2, z[start : start + 4])
    for start in range(200, 1200, 4):
        fresh.observe(g[start : start + 4], 2, z[start : start + 4])
    np.testing.assert_allclose(short.weights(g, 2), fresh.weights(g, 2), rtol=1e-6)


def test_state_goes_through_a_file_and_back(tmp_path):
    rng = np.random.default_rng(7)
    g, z = rng.random((2, 8, 6)), rng.normal(size=(2, 8, 6, 3))
    one = AdaptiveLoo()
    one.observe(g[0], 2, z[0])
    one.observe(g[0], 6, sizes=rng.random((8, 6)))
    np.savez(tmp_path / "state.npz", **one.state())
    with np.load(tmp_path / "state.npz") as stored:
        two = AdaptiveLoo().restored(stored)
    for k in (2, 6):
        assert two.weights(g[1], k).tobytes() == one.weights(g[1], k).tobytes()
    assert two.crossfit(g[1], 2, z[1]).tobytes() == one.crossfit(g[1], 2, z[1]).tobytes()


def test_float32_comes_back_as_float32():
    g = np.random.default_rng(8).random((3, 4)).astype(np.float32)
    learner = AdaptiveLoo()
    assert learner.crossfit(g, 2, np.ones((3, 4, 1))).dtype == np.float32
    assert learner.weights(g, 2).dtype == np.float32


@pytest.mark.parametrize("size", [1e-300, 1e-100, 1e-60, 1e60])
def test_tiny_and_large_rewards_give_finite_weights(size):
    rng = np.random.default_rng(9)
    g, z = rng.random((20, 4)) * size, rng.normal(size=(20, 4, 3))
    learner = AdaptiveLoo()
    learner.observe(g, 2, z)
    w = learner.weights(g, 2)
    assert np.isfinite(w).all()
    assert np.abs(w).max() <= 10 * size


G, Z = np.ones((3, 4)), np.ones((3, 4, 2))


@pytest.mark.parametrize(
    ("act", "says"),
    [
        (lambda a: a.observe(G, 2), "scores or sizes must be given"),
        (lambda a: a.observe(G, 2, Z[:2]), r"scores must be \(..., n, D\)"),
        (lambda a: a.observe(G, 2, sizes=Z), r"sizes must be \(..., n\)"),
        (lambda a: a.observe(G, 2, sizes=-G), "sizes must be >= 0"),
        (lambda a: a.observe(G, 2, Z * np.nan), "24 NaN or infinite of 24"),
        (
            lambda a: a.observe(np.arange(12.0).reshape(3, 4) * 1e200, 2, Z),
            "small enough to square",
        ),
        (lambda a: a.observe(G, 2, Z * 1e200), "small enough to square"),
        (lambda a: a.weights(G, 5), "1 <= k <= n"),
        (lambda a: a.weights(G[:, :1], 1), "n >= 2"),
        (lambda a: a.weights(G * np.inf, 1), "finite"),
        (lambda a: AdaptiveLoo(memory=0.5), "memory must be a finite number >= 1"),
        (lambda a: AdaptiveLoo(prior=-1.0), "prior"),
        (lambda a: a.restored({"4,2": G}), "got the name '4,2'"),
        (lambda a: a.restored({"4,2,total": np.ones((4, 4))}), "must be whole"),
    ],
)
def test_refusals(act, says):
    with pytest.raises(InputError, match=says):
        act(AdaptiveLoo())


def test_a_learner_of_many_runs_refuses_another_number_of_them():
    learner = AdaptiveLoo()
    learner.observe(np.ones((2, 3, 4)), 2, np.ones((2, 3, 4, 1)))
    with pytest.raises(InputError, match="leading axes"):
        learner.weights(np.ones((5, 3, 4)), 2)
