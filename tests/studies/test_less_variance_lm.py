"""Training a language model with more and with less variance: the rule, and what is counted."""

import numpy as np
import pytest

pytest.importorskip("torch")

from pkpo_toy.studies import less_variance_lm
from pkpo_toy.studies.files import expand, load
from pkpo_toy.studies.less_variance_lm import LessVarianceLm, run, summarize
from tests.studies.test_sizes import refusal

QUICK = {"replicates": 2, "tuning": 2, "steps": 6, "log_every": 2, "prompts": 4, "warm_start": 8}


def ran(**changes):
    return run(LessVarianceLm(**QUICK | changes), np.random.default_rng(0))


def test_the_step_size_is_that_of_fewest_steps_in_tuning_and_the_rest_is_counted_from_it(
    monkeypatch,
):
    """Runs made up: from .2 to the goal at a speed that depends on the step size and the run."""
    trained = []

    def made_up(config, step_size, run):
        for step in range(0, config.steps + 1, config.log_every):
            trained.append((step_size, run, step))
            yield step, min(0.7, 0.2 + step_size * step * (1 + run % 2))

    monkeypatch.setattr(less_variance_lm, "_logged", made_up)
    asked = {"replicates": 2, "tuning": 3, "steps": 40, "log_every": 5, "goal": 0.7}
    frame = ran(step_sizes=(0.01, 0.03, 0.02, 0.001), **asked)
    assert set(frame.step_size) == {0.03}
    assert frame.at_edge.all()
    assert frame.to_near.tolist() == [15, 10]  # .45 of the way at .03 and .06 a step, logged by 5
    assert frame.end.tolist() == [0.7, 0.7]
    tuned = {run for size, run, _ in trained if size == 0.001}
    assert tuned == {2, 3, 4}  # none of the runs that are judged
    assert max(step for size, run, step in trained if size == 0.03 and run > 1) == 15  # and no more
    row = summarize(frame)
    assert row.to_near_runs[0] == "15 10"
    assert row.distance[0] == pytest.approx(0.3)
    assert row.to_near_low[0] <= row.to_near[0] <= row.to_near_high[0]


def test_a_run_that_starts_at_the_goal_needs_no_step_and_one_far_from_it_all():
    assert (ran(step_sizes=(1e-3,), goal=0.01).to_near == 0).all()
    far = ran(step_sizes=(1e-3,), goal=1.0)
    assert (far.to_near == 6).all()
    assert not far.reached.any()


def test_an_oracle_and_a_learner_go_ways_of_their_own():
    names = ("default", "adaptive_loo", "oracle")
    ends = [tuple(ran(step_sizes=(1e-3,), estimator=name).end) for name in names]
    assert len(set(ends)) == 3


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"estimator": "adaptive_lo"}, "Did you mean 'adaptive_loo'"),
        ({"k": 9}, "k must satisfy 1 <= k <= n"),
        ({"optimiser": "adm"}, "Did you mean 'adam'?"),
        ({"step_sizes": (-1.0,)}, "step_size must be a finite number > 0"),
    ],
)
def test_settings_out_of_their_domain_are_refused(values, says):
    assert says in refusal("less_variance_lm", **values)


def test_the_file_gives_all_estimators_of_a_k_the_same_rule():
    by = {}
    for cell in expand(load("less_variance_lm")):
        rule = str(cell.model_dump(exclude={"estimator"}))
        by.setdefault((cell.k, cell.optimiser), []).append((cell.estimator, rule))
    assert len(by) == 4
    for cells in by.values():
        assert len({rule for _, rule in cells}) == 1
        assert {"default", "adaptive_loo", "adaptive_loo_sizes", "oracle"} < {e for e, _ in cells}
