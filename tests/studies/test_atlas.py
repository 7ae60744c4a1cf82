"""The atlas: exact and sampled variances agree, nothing unbiased is below the least, refusals."""

import numpy as np
import pytest

from pkpo_toy.errors import InputError
from pkpo_toy.estimators import ESTIMATORS
from pkpo_toy.simulator.exact import categorical_gradient
from pkpo_toy.simulator.exact.enumeration import enumerate_moments
from pkpo_toy.simulator.exact.gaussian import gaussian_gradient
from pkpo_toy.simulator.rewards import UNIT_SQUARE
from pkpo_toy.studies import atlas_moments
from pkpo_toy.studies.atlas import Atlas, known, run
from pkpo_toy.studies.atlas_problems import DOMAINS, FAMILIES, SD, Point
from pkpo_toy.studies.files import build, expand, load

SMALL = {"groups": 400, "sets": 2, "n": 4}


def frame_of(family, setting, seed=0, **changes):
    return run(
        Atlas(family=family, setting=setting, **(SMALL | changes)), np.random.default_rng(seed)
    )


def test_the_file_is_the_suite_the_documents_speak_of():
    cells = expand(load("atlas"))
    assert len(cells) == 130
    assert {cell.family for cell in cells} == set(FAMILIES)
    assert {cell.n for cell in cells} == {4, 8, 16, 32, 64}
    assert cells[0].ks() == [1, 2, 4]
    assert Atlas(n=6).ks() == [1, 2, 4, 6]


@pytest.mark.parametrize(
    "cell", expand(load("atlas"))[::5], ids=lambda c: f"{c.family} {c.setting}"
)
def test_points_are_policies_whose_scores_have_mean_zero(cell):
    point = FAMILIES[cell.family](cell.setting)
    assert point.policy.sum() == pytest.approx(1)
    assert (
        np.abs(point.policy @ point.all_scores()).max() < 1e-12 * np.abs(point.all_scores()).max()
    )
    if cell.family == "binary":
        assert point.policy @ point.rewards == pytest.approx(cell.setting)


def test_exact_variances_are_those_of_enumeration():
    point = FAMILIES["two outcomes"](0.1)
    frame = frame_of("two outcomes", 0.1)
    for row in frame[frame.estimator.isin(list(ESTIMATORS))].itertuples():
        function = ESTIMATORS[row.estimator].function
        found = enumerate_moments(function, point.logits, point.rewards, row.n, row.k)
        assert row.variance == pytest.approx(np.trace(found.covariance), rel=1e-9)
    assert frame.exact.all()


def test_sampled_variances_agree_with_exact_ones(monkeypatch):
    exact = frame_of("bandit", 5.0, groups=4000).set_index(["k", "estimator"])
    monkeypatch.setattr(atlas_moments, "MOST_OUTCOMES", 0)
    sampled = frame_of("bandit", 5.0, groups=4000).set_index(["k", "estimator"])
    assert exact.exact.all()
    assert not sampled.exact.any()
    assert set(sampled.least) == {"floor"}
    others = sampled.index.get_level_values("estimator").isin(["centered_loo", "pkpo", "maxk_rloo"])
    apart = (sampled.over_known - exact.over_known)[others]
    assert (abs(apart) < 4.5 * sampled.over_known_se[others] + 1e-12).all()


def test_nothing_unbiased_is_below_the_least_and_the_best_coefficients_lose_to_none():
    for family, setting in (("binary", 0.1), ("tied", 0.2), ("noisy binary", 0.5), ("bandit", 5.0)):
        frame = frame_of(family, setting)
        assert set(frame.least) == {"tables"}
        assert frame.over_least.min() > 1 - 1e-9
        best = frame[frame.estimator == "best coefficients"].set_index("k").over_known
        assert (best <= 1 + 1e-9).all()


def test_a_baseline_that_is_nearly_constant_is_told_from_the_constant():
    """At k = n = 16 and a success rate of .9, M_{k-1} is 1 but for once in 1e15 groups.

    `fail_only` is in the family of the coefficients there, so the best of them do not lose to it.
    """
    frame = frame_of("binary", 0.9, n=16).set_index(["k", "estimator"])
    best = frame.xs("best coefficients", level="estimator")
    assert best.variance[16] < 1e-14
    assert (best.over_known <= 1 + 1e-9).all()
    assert best.over_least.between(1 - 1e-9, 1.001).all()


def test_the_gaussian_grid_has_the_gradient_of_the_line():
    point = FAMILIES["gaussian"](0.5)
    for k in (1, 4, 16):
        truth = gaussian_gradient(np.float64(0.5), k, UNIT_SQUARE, SD)
        assert point.gradient(k)[0] == pytest.approx(float(truth), rel=1e-4)


def test_products_of_scores():
    point = Point(np.array([0.1, 0.7, -1.0]), np.arange(3.0))
    drawn = np.array([[0, 1, 1], [2, 2, 0]])
    scores = point.all_scores()[drawn]
    expected = np.einsum("gid,gjd->gij", scores, scores)
    np.testing.assert_allclose(point.products(drawn), expected, atol=1e-15)
    np.testing.assert_allclose(
        point.gradient(2), categorical_gradient(point.logits, point.rewards, 2)
    )


def test_who_is_compared():
    point = FAMILIES["bandit"](5.0)
    assert known([point], 4, 4) == ["pkpo", "pkpo_loo_minus_one", "maxk_rloo"]
    assert "rloo" in known([point], 4, 1)
    assert "fail_only" in known([FAMILIES["binary"](0.1)], 4, 2)


def test_a_family_that_is_not_there_is_named():
    with pytest.raises(InputError, match="Did you mean 'gaussian'"):
        build(Atlas, {"family": "gausian"}, "atlas")


@pytest.mark.parametrize("family", DOMAINS)
def test_a_setting_outside_of_its_familys_domain_is_refused(family):
    for end, outwards in zip(DOMAINS[family], (-np.inf, np.inf), strict=True):
        build(Atlas, {"family": family, "setting": float(end)}, "atlas")
        beyond = float(np.nextafter(end, outwards))
        with pytest.raises(InputError, match=f"setting of family '{family}' must be"):
            build(Atlas, {"family": family, "setting": beyond}, "atlas")


def test_every_family_of_the_atlas_has_a_domain():
    assert DOMAINS.keys() == FAMILIES.keys()
