"""Training with more and with less variance: the same rule for all, and what is counted."""

import numpy as np
import pandas as pd
import pytest

from pkpo_toy.studies.files import expand, load
from pkpo_toy.studies.less_variance import LessVariance, _judged, run, summarize

QUICK = {"replicates": 8, "tuning": 8, "steps": 24, "log_every": 4, "step_sizes": (0.3, 1.0)}


@pytest.mark.parametrize("estimator", ["default", "centered_loo", "maxk_rloo", "learnt", "oracle"])
def test_every_estimator_trains(estimator):
    config = LessVariance(estimator=estimator, problem="arms", options={"count": 4}, **QUICK)
    once, again = (run(config, np.random.default_rng(0)) for _ in range(2))
    pd.testing.assert_frame_equal(once, again)
    assert len(once) == 8
    assert once.to_near.between(0, 24).all()
    row = summarize(once)
    assert row.to_near_low[0] <= row.to_near[0] <= row.to_near_high[0]
    assert row.distance[0] < 1


def test_steps_to_near_count_the_way_from_the_start():
    values = np.array([[0.2, 0.2], [0.91, 0.5], [0.93, 0.6]])
    found = _judged(values, np.array([0, 4, 8]), 1.0)
    np.testing.assert_array_equal(found.steps, [8, 8])
    np.testing.assert_array_equal(found.reached, [True, False])
    np.testing.assert_allclose(found.distance, [0.07 / 0.8, 0.5])


def test_the_step_size_is_that_of_fewest_steps():
    config = LessVariance(
        problem="arms", options={"count": 3}, **(QUICK | {"step_sizes": (1e-6, 1.0)})
    )
    frame = run(config, np.random.default_rng(0))
    assert set(frame.step_size) == {1.0}
    assert frame.at_edge.all()


def test_the_file_gives_every_estimator_the_same_problems():
    cells = expand(load("less_variance"))
    by = {}
    for cell in cells:
        rest = cell.model_dump(exclude={"estimator"})
        by.setdefault(cell.estimator, []).append(str(rest))
    assert len(by) == 5
    assert len({tuple(rest) for rest in by.values()}) == 1
