"""`difficulty`: its numbers against closed forms, its intervals, and what it is meant to show."""

import numpy as np
import pandas as pd
import pytest

from pkpo_toy.studies.difficulty import Difficulty, run, summarize
from pkpo_toy.studies.files import expand, load

CONFIDENT = 4.0


def rng(seed=0):
    return np.random.default_rng(seed)


@pytest.mark.parametrize("rates", [(0.4, 0.05), (0.05, 0.4)])
def test_the_hardest_problems_are_looked_at(rates):
    """After one step that moves nothing: pass@k by its closed form, solved once by chance."""
    config = Difficulty(
        rates=rates, steps=1, step_size=1e-12, per_step=0, sets=10, replicates=20, features=0
    )
    records = run(config, rng())
    for k, part in records.groupby("k_eval"):
        np.testing.assert_allclose(part["value"], 1 - 0.95**k, rtol=1e-9)
        assert len(part) == 200
    solved = records[records["k_eval"] == 1]["solved"]
    assert abs(solved.mean() - (1 - 0.95**16)) < CONFIDENT * solved.sem()
    assert summarize(records)["success_rate"].tolist() == [0.05, 0.05]


def test_intervals_are_students_over_the_means_of_the_sets():
    """Three sets of two runs: means 0.1, 0.2, 0.6; t with two degrees of freedom is 4.3027."""
    values = [0.0, 0.2, 0.1, 0.3, 0.6, 0.6]
    rows = {"label": "k", "success_rate": 0.1, "set": [0, 0, 1, 1, 2, 2], "k_eval": 1}
    summary = summarize(pd.DataFrame({**rows, "value": values, "solved": 1.0})).iloc[0]
    half = 4.3026527 * np.std([0.1, 0.2, 0.6], ddof=1) / np.sqrt(3)
    assert summary["value"] == pytest.approx(0.3)
    assert summary["low"] == 0.0
    assert summary["high"] == pytest.approx(0.3 + half)
    assert (summary["solved_low"], summary["solved_high"]) == (1.0, 1.0)
    assert summary["sets"] == 3


def test_every_k_meets_the_same_problem_sets():
    one, other = (Difficulty(k_opt=k).problem_sets() for k in (1, 16))
    for mine, theirs in zip(one, other, strict=True):
        np.testing.assert_array_equal(mine.rewards, theirs.rewards)
        np.testing.assert_array_equal(mine.features, theirs.features)
    assert not np.array_equal(one[0].features, one[1].features)


def test_the_map_that_ships():
    cells = expand(load("difficulty"))
    assert len(cells) == 3 * 2 * 7
    assert {cell.features for cell in cells} == {0, 20}
    assert {cell.rates[0] for cell in cells} == {0.4}


def ended(**changes):
    """Means of the problem sets at the end, by column."""
    records = run(Difficulty(k_eval=(16,), steps=400, sets=6, replicates=2, **changes), rng())
    return records.groupby("set")[["value", "solved"]].mean()


def test_what_is_shared_makes_a_larger_k_solve_more():
    better = ended(k_opt=4) - ended(k_opt=1)
    assert better["value"].mean() > CONFIDENT * better["value"].sem()


def test_without_sharing_k_does_not_change_what_is_found():
    """A problem moves no logits before its first success: the same draws find the same ones."""
    rare = {"features": 0, "rates": (0.4, 0.001)}
    one, sixteen = (ended(k_opt=k, **rare)["solved"] for k in (1, 16))
    assert one.equals(sixteen)
    assert 0.1 < one.mean() < 0.9
