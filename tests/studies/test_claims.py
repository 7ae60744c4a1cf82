"""What the training studies are meant to show, tested on the studies that ship, seeded.

Every comparison of two means asks for a difference of more than 4 standard errors.
"""

from functools import cache

import numpy as np
import pandas as pd
import pytest

from pkpo_toy.studies.files import expand, load, with_settings
from pkpo_toy.studies.table import STUDIES

CONFIDENT = 4.0


@cache
def ended(name, *settings):
    """Records at the last step, one frame for each cell, in the order of the file."""
    cells = expand(with_settings(load(name), (*settings, "log_every=10000")))
    frames = [
        STUDIES[name].run(cell, np.random.default_rng([7, place]))
        for place, cell in enumerate(cells)
    ]
    return [frame[frame.step == frame.step.max()] for frame in frames]


def advantage(better, worse, k_eval):
    """Difference of the means of two cells over its standard error."""
    values = [frame.loc[frame.k_eval == k_eval, "value"] for frame in (better, worse)]
    return (values[0].mean() - values[1].mean()) / np.hypot(*(v.sem() for v in values))


@pytest.mark.parametrize("k_eval", [1, 2, 4, 8, 16])
def test_each_k_eval_is_best_served_by_training_for_it(k_eval):
    rows = {f.k_opt.iloc[0]: f for f in ended("objective_matrix", "replicates=15", "steps=1200")}
    for k_opt, row in rows.items():
        if k_opt != k_eval:
            assert advantage(rows[k_eval], row, k_eval) > CONFIDENT, k_opt


def test_every_optimum_of_a_continuous_reward_is_reached():
    """What was missing at the start is missing by less than a hundredth of it at the end."""
    (untrained, *_) = ended("continuous_reward", "replicates=1", "steps=1")
    for k, trained in zip(
        (1, 2, 4, 8, 16), ended("continuous_reward", "replicates=30"), strict=True
    ):
        own = trained[trained["k_eval"] == k]
        optimum = own["optimum"].iloc[0]
        start = untrained.loc[untrained["k_eval"] == k, "value"].iloc[0]
        assert 0 <= optimum - own["value"].mean() < 0.01 * (optimum - start)


def test_from_the_lower_peak_k_1_stays_and_k_8_escapes():
    one, eight = ended("hard_problems", "k_opt=[1, 8]", "replicates=100", "steps=1000")
    assert one.solved.mean() <= 0.05
    se = np.hypot(one.solved.sem(), eight.solved.sem())
    assert eight.solved.mean() - one.solved.mean() > CONFIDENT * se
    assert advantage(eight, one, 1) > CONFIDENT


def test_lowering_k_keeps_pass_at_1_and_gains_pass_at_8():
    """Constant k = 1 ends with no more pass@1 (it ends with less, in fact) and less pass@8."""
    one, eight, lowered = ended("annealing", "replicates=20")
    assert advantage(lowered, one, 1) > -1.96
    assert advantage(lowered, one, 8) > CONFIDENT
    assert advantage(lowered, eight, 1) > CONFIDENT


def test_the_harder_the_problems_the_more_a_larger_k_gains():
    frames = ended("pass_rates", "k_opt=[1, 4]", "replicates=20")
    table = pd.concat(frames).groupby(["difficulty", "k_eval", "label"]).value.mean().unstack()
    gain = (table["k = 4"] - table["k = 1"]).xs(1, level="k_eval")
    assert gain["< 1%"] > 0.5
    assert gain["> 30%"] < 0
