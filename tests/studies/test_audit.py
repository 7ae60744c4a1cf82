"""The audit: every claim of the table on every instance, and what it refuses."""

from functools import cache

import numpy as np
import pytest

from pkpo_toy.errors import InputError
from pkpo_toy.estimators import ESTIMATORS, resolve
from pkpo_toy.simulator.exact import entropic_gradient
from pkpo_toy.simulator.exact.enumeration import enumerate_moments
from pkpo_toy.studies.audit import Audit, run
from pkpo_toy.studies.files import build, expand, load

INSTANCES = expand(load("audit"))
COLUMNS = [
    *("estimator", "instance", "n", "k", "scale", "cosine", "relative_variance", "zero_signal"),
    *("centered", "scale_se", "claim", "over_best", "baselines"),
]


@cache
def audited():
    return {cell.instance: run(cell, np.random.default_rng(0)) for cell in INSTANCES}


def rows_of(key):
    return [
        row
        for frame in audited().values()
        for row in frame[frame.estimator == key].itertuples(index=False)
    ]


def test_columns():
    assert all(list(frame.columns) == COLUMNS for frame in audited().values())


@pytest.mark.parametrize("key", ESTIMATORS)
def test_every_estimator_is_audited_somewhere(key):
    assert len(rows_of(key)) >= 3


@pytest.mark.parametrize("key", [k for k, e in ESTIMATORS.items() if e.claim == "unbiased"])
def test_unbiased_claims_hold_exactly(key):
    for row in rows_of(key):
        assert row.scale == pytest.approx(1, abs=1e-9), row
        assert row.cosine == pytest.approx(1, abs=1e-9), row


@pytest.mark.parametrize("key", [k for k, e in ESTIMATORS.items() if e.claim == "direction"])
def test_direction_claims_hold_and_no_more(key):
    rows = rows_of(key)
    assert all(row.cosine == pytest.approx(1, abs=1e-9) for row in rows)
    assert any(abs(row.scale - 1) > 1e-3 for row in rows)


@pytest.mark.parametrize("key", [k for k, e in ESTIMATORS.items() if e.claim == "biased"])
def test_biased_claims_are_seen_to_be_biased(key):
    def off(row):
        slack = 0 if np.isnan(row.scale_se) else 6 * row.scale_se
        return abs(row.scale - 1) > 1e-6 + slack or row.cosine < 1 - 1e-6

    assert any(off(row) for row in rows_of(key))


def test_every_table_ends_at_one_and_nothing_unbiased_is_below_it():
    for name, frame in audited().items():
        last = frame.iloc[-1]
        assert (last.estimator, last.over_best, last.baselines) == ("bound", 1.0, "tables"), name
        unbiased = frame[frame.claim == "unbiased"]
        assert unbiased.over_best.min() >= 1 - 1e-12, name
        assert unbiased.over_best.notna().all(), name


def test_with_two_outcomes_the_least_variance_is_zero():
    """n + 1 counts of successes, n numbers in the table, and a mean that is right for all: V* = 0.

    The table fits at one policy only; what is finite is the ratio of two that are not."""
    frame = audited()["one right, hard"]
    assert frame[frame.estimator == "bound"].relative_variance.item() == 0
    assert np.isinf(frame[frame.claim == "unbiased"].over_best).all()


def test_each_estimator_is_held_against_its_own_objective():
    """`tailrl` has a V* of its own; `dr_grpo` has that of `rloo`, scaled like itself."""
    frame = audited()["continuous"].set_index("estimator")
    assert frame.over_best["dr_grpo"] == pytest.approx(frame.over_best["rloo"], rel=1e-9)
    apart = frame.relative_variance / frame.over_best
    assert apart["tailrl"] != pytest.approx(apart["bound"], rel=1e-3)
    assert np.isnan(frame.over_best["rs_grpo"])


def test_beyond_the_tables_the_bound_is_over_order_statistics():
    grid = np.linspace(0, 1, 8)
    config = Audit(rewards=tuple(grid), logits=tuple(-grid), n=8, k=3, estimators=("maxk_rloo",))
    frame = run(config, np.random.default_rng(0))
    assert set(frame.baselines) == {"L-statistics"}
    assert frame.over_best[0] > 1
    assert frame.over_best[1] == 1


@pytest.mark.parametrize(
    "option", ["top=2", "quantile=0.4", "cvar=0.3", "lower_cvar=0.6", "cvar=0.3, centered=1"]
)
def test_other_order_statistics_are_unbiased_and_not_below_their_own_bound(option):
    name = f"order_statistic({option})"
    allowed = [cell for cell in INSTANCES if resolve(name).allows(cell.n, cell.k)]
    assert len(allowed) > 1
    for cell in allowed:
        config = cell.model_copy(update={"estimators": (name,)})
        row = run(config, np.random.default_rng(0)).iloc[0]
        assert (row.estimator, row.claim, row.baselines) == (name, "unbiased", "tables")
        assert row.scale == pytest.approx(1, abs=1e-9)
        assert row.cosine == pytest.approx(1, abs=1e-9)
        assert row.over_best >= 1 - 1e-12


def test_the_entropic_objective_has_the_beta_of_the_name():
    frame = run(
        Audit(estimators=("entropic_loo", "entropic_loo(beta=4)")), np.random.default_rng(0)
    )
    assert frame.cosine[1] == pytest.approx(1, abs=1e-12)
    gradient = entropic_gradient(Audit().logits, Audit().rewards, 4.0)
    assert frame.zero_signal[0] == frame.zero_signal[1]
    moments = enumerate_moments(
        resolve("entropic_loo(beta=4)").weight_function(None), Audit().logits, Audit().rewards, 4, 2
    )
    scale = moments.mean @ gradient / (gradient @ gradient)
    assert frame.scale[1] == pytest.approx(scale, rel=1e-12)


def test_constant_rewards_need_no_variance():
    config = Audit(rewards=(1.0, 1.0), logits=(0.0, 1.0), estimators=("centered_loo", "pkpo"))
    frame = run(config, np.random.default_rng(0))
    assert frame.over_best.tolist() == [1.0, np.inf, 1.0]


def test_only_random_estimators_carry_an_error():
    for frame in audited().values():
        for row in frame[frame.claim != "bound"].itertuples(index=False):
            assert np.isnan(row.scale_se) != ESTIMATORS[row.estimator].random


def test_on_one_binary_problem_all_estimators_point_the_same_way():
    binary = audited()["two of four"]
    assert (abs(abs(binary[binary.claim != "biased"].cosine) - 1) < 1e-9).all()


def test_centered_is_what_it_says():
    frame = audited()["continuous"].set_index("estimator")
    assert frame.centered["centered_loo"]
    assert frame.centered["rloo"]
    assert not frame.centered["pkpo"]
    assert not frame.centered["pkpo_loo_minus_one"]


def test_a_user_function_is_audited_like_any_other(tmp_path):
    own = tmp_path / "own.py"
    own.write_text(
        "def halved(rewards, k):\n"
        "    from pkpo_toy.estimators import weights\n"
        "    return weights(rewards, k, 'pkpo') / 2\n"
        "def crooked(rewards, k):\n    return rewards[..., :1]\n"
        "def nan(rewards, k):\n    return rewards * float('nan')\n"
    )
    frame = run(Audit(estimators=(f"{own}:halved",)), np.random.default_rng(0))
    assert frame.scale[0] == pytest.approx(0.5, abs=1e-12)
    assert frame.claim[0] == "yours"
    for name, says in [("crooked", "must return weights of shape"), ("nan", "NaN or infinite")]:
        with pytest.raises(InputError, match=says):
            run(Audit(estimators=(f"{own}:{name}",)), np.random.default_rng(0))
    with pytest.raises(InputError, match="has no function 'hlaved'; it defines halved"):
        build(Audit, {"estimators": [f"{own}:hlaved"]}, "audit")


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"estimators": ["passk_grpo"]}, "needs rewards of 0 or 1"),
        ({"estimators": ["tailrl"], "rewards": [-1.0, 0.0, 1.0]}, "rewards >= 0"),
        ({"estimators": ["pkpo_loo"], "k": 4}, "k"),
        ({"rewards": [1.0]}, "same arms"),
        ({"estimators": ["pkpo"], "budget": 3}, "budget"),
        ({"estimators": ["order_statistic(top=3)"]}, "top <= k, got 3, k = 2"),
        ({"estimators": ["order_statistic(cvar=0)"]}, "0 < cvar <= 1, got 0"),
        ({"estimators": ["pkp"]}, "Did you mean 'pkpo'"),
    ],
)
def test_refusals(values, says):
    with pytest.raises(InputError, match=says):
        run(build(Audit, values, "audit"), np.random.default_rng(0))
