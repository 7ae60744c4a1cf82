"""The least variance: against brute force, against random baselines, and what it refuses."""

from itertools import product

import numpy as np
import pytest

from pkpo_toy.errors import InputError
from pkpo_toy.estimators import ESTIMATORS
from pkpo_toy.simulator.exact import least_variance as module
from pkpo_toy.simulator.exact.enumeration import enumerate_moments
from pkpo_toy.simulator.exact.least_variance import least_variance, second_moments
from pkpo_toy.simulator.exact.variance_floor import variance_floor
from tests import oracles, oracles_best

INSTANCES = [
    ([0.0, 1.0, 1.0], [0.3, -0.5, 0.1], 4, 2),
    ([0.1, 0.55, 1.0], [0.3, -0.5, 0.1], 4, 1),
    ([0.1, 0.55, 1.0], [0.3, -0.5, 0.1], 4, 4),
    ([0.2, 0.7, 0.7, 1.0], [1.0, 0.0, 0.4, -1.5], 4, 3),
    ([0.0, 0.1, 1.0], [2.0, 0.0, -2.0], 5, 3),
    ([-3.0, 7.0, 7.0, 7.0], [0.0, 1.0, 1.0, -1.0], 3, 2),
]


REWARDS = [0.1, 0.55, 1.0]
fast_pkpo = ESTIMATORS["pkpo"].function


def pkpo(rewards, k):
    return np.array([[float(w) for w in plain(row, k)] for row in rewards])


def plain(rewards, k):
    return oracles.pkpo(oracles.exact(rewards), k)


def centred(rewards, k):
    return np.array(
        [[float(w) for w in oracles.maxk_rloo(oracles.exact(row), k)] for row in rewards]
    )


@pytest.mark.parametrize(("rewards", "logits", "n", "k"), INSTANCES)
def test_it_is_what_brute_force_over_all_tables_finds(rewards, logits, n, k):
    found = least_variance(pkpo, logits, rewards, n, k)
    truth, _ = oracles_best.best_table(lambda g: plain(g, k), logits, rewards, n)
    assert found.variance == pytest.approx(truth, rel=1e-10)
    assert found.baselines == "tables"
    # It belongs to the objective, not to the weights it is found from.
    again = least_variance(centred, logits, rewards, n, k).variance
    assert again == pytest.approx(found.variance, rel=1e-10)


@pytest.mark.parametrize(("rewards", "logits", "n", "k"), INSTANCES[:4])
def test_no_baseline_gets_below_it(rewards, logits, n, k):
    """Theorem 2: V(b) - V* = E |sum_i (b - b*) s_i|^2, so every other baseline loses."""
    best, table = oracles_best.best_table(lambda g: plain(g, k), logits, rewards, n)
    rng = np.random.default_rng(0)
    variances = []
    for size in (0.0, 1e-3, 0.1, 1.0):
        moved = {key: b + size * rng.normal() for key, b in table.items()}
        variances.append(
            oracles_best.variance(lambda g: plain(g, k), moved.__getitem__, logits, rewards, n)
        )
    assert variances[0] == pytest.approx(best, rel=1e-9)
    assert all(v > variances[0] for v in variances[1:])


def test_order_statistics_are_baselines_among_others():
    for rewards, logits, n, k in INSTANCES:
        tables = least_variance(pkpo, logits, rewards, n, k).variance
        few = least_variance(pkpo, logits, rewards, n, k, tables=0)
        own = np.trace(enumerate_moments(centred, logits, rewards, n, k).covariance)
        assert few.baselines == "L-statistics"
        assert few.parameters == n
        assert tables * (1 - 1e-12) <= few.variance <= own * (1 + 1e-12)


@pytest.mark.parametrize(("levels", "n", "size"), [(2, 4, 4), (3, 3, 6), (3, 4, 10), (4, 3, 10)])
def test_unbiased_for_every_policy_means_a_baseline_of_the_others(levels, n, size):
    """Theorem 1: the weights with mean 0 are as many as the tables of n - 1 rewards."""
    assert oracles_best.unbiased_null_space(levels, n, policies=25) == size


def test_weights_right_at_one_policy_alone_may_be_below_it():
    """What theorem 1 does not cover: weights made for one policy, unbiased there and not beside."""
    rewards, logits, n, k = INSTANCES[2]
    policy = oracles_best.policy_of(logits)
    truth = enumerate_moments(pkpo, logits, rewards, n, k).mean
    scores = np.eye(3) - policy
    own = np.linalg.lstsq((policy[:, None] * scores).T, truth, rcond=None)[0] / n

    def made_for_it(values, k):
        return own[np.searchsorted(rewards, values)]

    found = enumerate_moments(made_for_it, logits, rewards, n, k).mean
    np.testing.assert_allclose(found, truth, atol=1e-14)
    bound = least_variance(pkpo, logits, rewards, n, k).variance
    assert least_variance(made_for_it, logits, rewards, n, k).variance < 0.2 * bound
    beside = np.add(logits, [0.5, 0.0, 0.0])
    moved = [enumerate_moments(f, beside, rewards, n, k).mean for f in (pkpo, made_for_it)]
    assert np.linalg.norm(moved[0] - moved[1]) > 0.1 * np.linalg.norm(moved[0])


def test_barred_arms_and_blocks_change_nothing(monkeypatch):
    rewards, logits, n, k = INSTANCES[3]
    whole = least_variance(pkpo, logits, rewards, n, k)
    barred = least_variance(pkpo, [*logits, -np.inf], [*rewards, 9.0], n, k)
    assert barred.variance == pytest.approx(whole.variance, rel=1e-12)
    monkeypatch.setattr(module, "_ROOM", 1)
    pieces = least_variance(pkpo, logits, rewards, n, k)
    assert pieces.variance == pytest.approx(whole.variance, rel=1e-11)


def test_two_outcomes_have_no_least_variance_but_zero():
    assert least_variance(pkpo, [-3.0, 0.0], [1.0, 0.0], 4, 2).variance == 0.0


@pytest.mark.parametrize(
    ("change", "names"),
    [
        ({"n": 0}, "n must"),
        ({"k": 2.0}, "k must"),
        ({"budget": 3}, "budget must be >= 15 outcomes"),
        ({"rewards": [0.0, np.nan, 1.0]}, "rewards"),
        ({"function": lambda rewards, k: rewards * np.nan}, "estimator"),
    ],
)
def test_bad_input_is_named(change, names):
    call = {"function": pkpo, "logits": [0.0, 0.1, 0.2], "rewards": [0, 1, 2], "n": 4, "k": 2}
    with pytest.raises(InputError, match=names):
        least_variance(**(call | change))


@pytest.mark.parametrize(("rewards", "logits", "n", "k"), INSTANCES)
def test_the_floor_is_below_and_at_k_1_reached(rewards, logits, n, k):
    policy = oracles_best.policy_of(logits)
    scores = np.eye(len(policy)) - policy
    for best_of in range(1, n + 1):
        floor = variance_floor(policy, rewards, scores, n, best_of)
        least = least_variance(pkpo, logits, rewards, n, best_of).variance
        assert floor <= least * (1 + 1e-12)
    assert variance_floor(policy, rewards, scores, n, 1) == pytest.approx(
        least_variance(pkpo, logits, rewards, n, 1).variance, rel=1e-11
    )


def test_the_floor_is_the_variance_of_the_projection_on_single_samples():
    """E[g_hat | x_1] by enumeration, for any baseline of the others, here `maxk_rloo`'s."""
    rewards, logits, n, k = INSTANCES[3]
    policy = oracles_best.policy_of(logits)
    scores = np.eye(len(policy)) - policy
    conditional = np.zeros_like(scores)
    for arms, chance, s in oracles_best.outcomes(policy, n):
        w = oracles.maxk_rloo(oracles.exact([rewards[a] for a in arms]), k)
        conditional[arms[0]] += chance / policy[arms[0]] * (np.array(w, dtype=float) @ s)
    apart = conditional - policy @ conditional
    projected = n * policy @ (apart**2).sum(axis=1)
    floor = variance_floor(policy, rewards, scores, n, k)
    own = np.trace(enumerate_moments(centred, logits, rewards, n, k).covariance)
    assert floor <= projected * (1 + 1e-12) < own
    # Another constant than the best moves the projection along the scores, and nowhere else.
    size = policy @ (scores**2).sum(axis=1)
    along = policy @ (conditional * scores).sum(axis=1) / size
    least = apart - along * scores
    assert n * policy @ (least**2).sum(axis=1) == pytest.approx(floor, rel=1e-11)


def test_the_floor_is_approached_as_n_grows():
    policy = oracles_best.policy_of([0.3, -0.5, 0.1])
    scores = np.eye(3) - policy
    ratios = [
        least_variance(fast_pkpo, np.log(policy), REWARDS, n, 2).variance
        / variance_floor(policy, REWARDS, scores, n, 2)
        for n in (4, 12, 26)
    ]
    assert ratios[0] > ratios[1] > ratios[2] > 1
    assert 1.9 < (ratios[1] - 1) / (ratios[2] - 1) < 2.6  # what is above the floor falls as 1/n


def test_second_moments_are_those_of_enumeration():
    rewards, logits, n, k = INSTANCES[3]

    def columns(values, best_of):
        return np.stack([np.ones_like(values), pkpo(values, best_of)], axis=-1)

    found = second_moments(columns, logits, rewards, n, k)
    plain_variance = np.trace(enumerate_moments(pkpo, logits, rewards, n, k).covariance)
    assert found[1, 1] == pytest.approx(plain_variance, rel=1e-12)
    assert found[0, 0] == pytest.approx(
        np.trace(enumerate_moments(lambda v, _: np.ones_like(v), logits, rewards, n, k).covariance),
        rel=1e-12,
    )


@pytest.mark.parametrize(
    ("change", "names"),
    [
        ({"scores": np.zeros((2, 2))}, "same outcomes"),
        ({"rewards": [0.0, np.inf, 1.0]}, "rewards"),
        ({"k": 5}, "1 <= k <= n"),
        ({"n": 0}, "n must"),
    ],
)
def test_what_the_floor_refuses(change, names):
    call = {"chances": [0.2, 0.3, 0.5], "rewards": REWARDS, "scores": np.eye(3), "n": 4, "k": 2}
    with pytest.raises(InputError, match=names):
        variance_floor(**(call | change))


def test_scores_in_other_parameters():
    """theta -> logits = M theta: covariances are those in the logits, mapped by M."""
    rng = np.random.default_rng(0)
    for rewards, logits, n, k in INSTANCES:
        pi = oracles_best.policy_of(logits)
        own = np.eye(len(pi)) - pi
        mapped = own @ rng.normal(size=(len(pi), 2))
        to = np.linalg.lstsq(own, mapped, rcond=None)[0]

        def columns(g, k):
            return np.stack([centred(g, k), fast_pkpo(g, k)], axis=-1)

        found = second_moments(columns, logits, rewards, n, k, weights=2, scores=mapped)
        for place, weigh in enumerate((centred, pkpo)):
            covariance = enumerate_moments(weigh, logits, rewards, n, k).covariance
            truth = np.trace(to.T @ covariance @ to)
            assert found[place, place] == pytest.approx(truth, rel=1e-9)
        turned = own @ np.linalg.qr(rng.normal(size=(len(pi), len(pi))))[0]
        least = least_variance(pkpo, logits, rewards, n, k).variance
        assert least_variance(pkpo, logits, rewards, n, k, scores=turned).variance == (
            pytest.approx(least, rel=1e-8, abs=1e-18)
        )


def test_the_least_variance_in_other_parameters_is_brute_forces():
    """One number for each multiset of the others, over all ordered groups, by least squares."""
    rewards, logits, n, k = [0.0, 1.0, 1.0, 0.5], [0.3, -0.5, 0.1, 0.0], 3, 2
    pi = oracles_best.policy_of(logits)
    scores = (np.eye(4) - pi) @ np.random.default_rng(1).normal(size=(4, 2))
    multisets, rows, targets = {}, [], []
    for group in product(range(4), repeat=n):
        s, root = scores[list(group)], np.sqrt(pi[list(group)].prod())
        w = pkpo(np.array([[rewards[a] for a in group]]), k)[0]
        row = np.zeros((2, 10))
        for i in range(n):
            others = tuple(sorted(rewards[a] for j, a in enumerate(group) if j != i))
            row[:, multisets.setdefault(others, len(multisets))] += s[i]
        rows.append(root * row)
        targets.append((root, w @ s))
    gradient = sum(root**2 * total for root, total in targets)
    matrix = np.concatenate(rows)
    target = np.concatenate([root * (total - gradient) for root, total in targets])
    best = np.linalg.lstsq(matrix, target, rcond=None)[0]
    truth = ((target - matrix @ best) ** 2).sum()
    found = least_variance(pkpo, logits, rewards, n, k, scores=scores)
    assert found.variance == pytest.approx(truth, rel=1e-9)
    assert truth > 0.01


def test_scores_that_do_not_fit_are_refused():
    with pytest.raises(InputError, match=r"scores must be \(d, D\) with d = 2"):
        least_variance(pkpo, [0.0, 0.0], [0.0, 1.0], 3, 2, scores=np.ones((3, 2)))


@pytest.mark.parametrize(("n", "k"), [(4, 2), (5, 5), (6, 3)])
def test_every_other_rule_loses_at_some_success_rate(n, k):
    """Theorem 4: the default less b(successes among the others), scores that are all but noise."""
    rng = np.random.default_rng(n)
    rates = np.logspace(-7, -0.01, 40)
    for first in range(n):
        b = np.where(np.arange(n) < first, 0.0, rng.normal(size=n))

        def columns(rewards, best_of, b=b):
            others = (rewards.sum(axis=1, keepdims=True) - rewards).astype(int)
            base = ESTIMATORS["pkpo_loo_minus_one"].function(rewards, best_of)
            return np.stack([b[others], base], axis=-1)

        grows = []
        for p in rates:
            logits = np.log([1 - p, p])
            m = second_moments(columns, logits, [0.0, 1.0], n, k, noise=1e9)
            grows.append(m[0, 0] - 2 * m[0, 1])
        assert max(grows) > 0
        assert grows[0] > 0
