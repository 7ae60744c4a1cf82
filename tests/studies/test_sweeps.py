"""Sweeps: whatever setting differs between cells tells their rows apart, in table and figure."""

import json

import numpy as np
import pandas as pd
import pytest

from pkpo_toy.experiment import planning
from pkpo_toy.experiment.planning import plan, run_cell, summary_rows
from pkpo_toy.plotting import draw
from pkpo_toy.studies.columns import differing, pooled, with_columns
from pkpo_toy.studies.files import StudyFile
from pkpo_toy.studies.table import STUDIES

TRAINED = {"steps": 4, "log_every": 2, "replicates": 3, "n": 8, "k_opt": 2, "probes": 2}
SMALL = {
    "landscape": {"points": 5},
    "element_weights": {},
    "variance": {"estimates": 50, "n": 8, "k": 2},
    "transforms": {"groups": 20, "n": 8, "k": 2, "bins": 4},
    "audit": {"rewards": [0.0, 0.5, 1.0], "estimators": ["rloo", "pkpo", "grpo"]},
    "learning_curves": {**TRAINED, "problems": 3, "arms": 4, "features": 2, "per_step": 2},
    "hard_problems": TRAINED,
    "objective_matrix": {**TRAINED, "log_every": 4, "k_eval": [1, 2]},
    "pass_rates": {**TRAINED, "k_eval": [1, 2], "measured_n": [10, 100], "measured_c": [1, 10]},
    "bandit": {**TRAINED, "k_eval": [1, 2]},
    "continuous_reward": {**TRAINED, "k_eval": [1, 2]},
}
SMALL["annealing"] = SMALL["learning_curves"]
SMALL["difficulty"] = {**SMALL["learning_curves"], "k_eval": [1, 2], "sets": 2}
# Two values of each setting. A list by nature is given as a list of lists.
SWEEPS = {
    "seed": [0, 1],
    "label": ["one", "other"],
    "estimator": ["pkpo_loo_minus_one", "pkpo"],
    "estimators": [["pkpo", "rloo"], ["pkpo"]],
    "k1_estimator": ["rloo", "reinforce"],
    "k_opt": [2, "4@0, 2@2"],
    "n": [8, 16],
    "k": [2, 3],
    "k_eval": [[1], [1, 2]],
    "optimiser": ["sgd", "momentum", "adam"],
    "step_size": [0.01, 0.02],
    "steps": [4, 8],
    "entropy_bonus": [0.0, 0.1],
    "replicates": [3, 4],
    "log_every": [2, 4],
    "probes": [0, 2],
    "problems": [3, 6],
    "arms": [4, 5],
    "features": [0, 2],
    "rates": [[0.4, 0.1], [0.4, 0.2]],
    "per_step": [0, 2],
    "problem_seed": [0, 1],
    "sets": [2, 3],
    "fractions": [[0.6, 0.4], [0.7, 0.3]],
    "solved_above": [0.5, 0.6],
    "measured_n": [[10, 100], [20, 100]],
    "measured_c": [[1, 10], [2, 10]],
    "bandit": ["unit_square", "two_peaks"],
    "options": [{"sd": 0.1}, {"sd": 0.2}],
    "sd": [0.1, 0.2],
    "theta": [0.5, 1.0],
    "low": [-0.2, 0.0],
    "high": [1.2, 1.4],
    "points": [5, 6],
    "estimates": [50, 60],
    "groups": [20, 30],
    "bins": [3, 4],
    "instance": ["here", "there"],
    "rewards": [[0.0, 0.5, 1.0], [0.0, 1.0, 1.0]],
    "logits": [[0.0, 0.0, 0.0], [0.0, 1.0, 0.0]],
    "budget": [10**6, 10**7],
}
# `file` is read into measured_n and measured_c before a cell is made.
EXCEPT = {"file"}
CASES = [
    (study, setting)
    for study in SMALL
    for setting in STUDIES[study].config.model_fields
    if setting not in EXCEPT
]
INDEX = ("estimator", "step", "k_eval", "rank", "reward", "difficulty", "instance", "theta_star")


@pytest.fixture(autouse=True)
def _whatever_the_code(monkeypatch):
    """The manifest's versions and commit take longer to ask for than these cells to compute."""
    monkeypatch.setattr(planning, "versions", lambda packages: {})
    monkeypatch.setattr(planning, "git_state", lambda folder: None)


def cells_of(study, **sweeps):
    """Plan, settings and records of every cell of the grid of these settings."""
    made = plan(StudyFile("mine", study, {**SMALL[study], **sweeps}))
    return made, [(cell.spec["config"], run_cell(cell.spec)) for cell in made.cells]


def summary_of(study, made, cells):
    rows = [
        summary_rows(STUDIES[study], made.columns, {"config": config}, records)
        for config, records in cells
    ]
    return pd.concat(rows, ignore_index=True)


def test_every_setting_of_every_study_is_swept_here():
    for study in SMALL:
        assert set(STUDIES[study].config.model_fields) <= set(SWEEPS) | EXCEPT
    # The settings of these are tested with them: what they sweep is named in their own rows.
    assert set(SMALL) | {"lm", "atlas", "atlas_lm", "less_variance", "less_variance_lm"} == set(
        STUDIES
    )


@pytest.mark.parametrize(("study", "setting"), CASES)
def test_no_two_rows_agree_in_all_that_identifies_them(study, setting):
    made, cells = cells_of(study, **{setting: SWEEPS[setting]})
    assert len(cells) == len(SWEEPS[setting])
    summary = summary_of(study, made, cells)
    assert made.description()["swept"] == {setting: [one[setting] for one, _ in cells]}
    column = f"{setting}_setting" if f"{setting}_setting" in summary else setting
    assert summary[column].nunique() == len(cells)
    known = {*made.columns, column, "label", *INDEX, "n", "k"}
    identity = [name for name in summary if name in known]
    assert not summary.duplicated(identity).any()
    records = pd.concat(with_columns(frame, config, made.columns) for config, frame in cells)
    assert not records.duplicated().any() or setting in ("budget", "low", "high", "points")


# A number, a name, a list and a table; what the figure shows itself, and what it does not.
DRAWN = [
    *(("variance", "theta"), ("variance", "k"), ("landscape", "sd"), ("element_weights", "n")),
    *(("transforms", "n"), ("audit", "logits"), ("audit", "k"), ("annealing", "optimiser")),
    *(("learning_curves", "step_size"), ("learning_curves", "n"), ("hard_problems", "steps")),
    *(("objective_matrix", "fractions"), ("pass_rates", "estimator"), ("bandit", "bandit")),
    *(("bandit", "options"), ("learning_curves", "label"), ("annealing", "k_eval")),
    ("difficulty", "arms"),
]


def texts_of(canvas):
    """All that a figure says."""
    found = [text.get_text() for text in canvas.findobj(lambda one: hasattr(one, "get_text"))]
    return "\n".join(found)


def figure_of(study, made, cells):
    frame = summary_of(study, made, cells)
    if STUDIES[study].draws == "records":
        frame = pd.concat(with_columns(frame, config, made.columns) for config, frame in cells)
    canvas = draw(STUDIES[study].figure, frame, swept=list(made.description()["swept"]))
    canvas.get_layout_engine().execute(canvas)
    return canvas


@pytest.mark.parametrize(("study", "setting"), DRAWN)
def test_a_figure_tells_the_values_of_a_swept_setting_apart(study, setting):
    canvas = figure_of(study, *cells_of(study, **{setting: SWEEPS[setting]}))
    said = texts_of(canvas)
    for value in SWEEPS[setting]:
        short = {"adam": "Adam", "sgd": "SGD", "pkpo": "PKPO", "pkpo_loo_minus_one": "LOO"}
        plain = short.get(value, value) if isinstance(value, str) else value
        plain = plain[0] if isinstance(plain, list) else plain
        plain = next(iter(plain.values())) if isinstance(plain, dict) else plain
        assert (f"{plain:g}" if isinstance(plain, float) else str(plain)) in said
    for panel in canvas.axes:
        lines = [line for line in panel.get_lines() if len(line.get_xdata()) > 2]
        steps = [line.get_xdata() for line in lines if panel.get_xlabel() == "training step"]
        assert all((np.diff(x) > 0).all() for x in steps), "two series share a line"


def test_two_swept_settings_are_a_grid_of_panels():
    made, cells = cells_of("variance", theta=[0.5, 1.0], sd=[0.1, 0.2])
    canvas = figure_of("variance", made, cells)
    assert len(canvas.axes) == 4 * 3
    said = texts_of(canvas)
    for text in (r"$\theta$ = 0.5, sd = 0.1", r"$\theta$ = 1, sd = 0.2"):
        assert text in said


def test_a_third_swept_setting_is_drawn_at_its_first_value_and_the_figure_says_so():
    sweeps = {"theta": [0.5, 1.0], "sd": [0.1, 0.2], "estimates": [50, 60]}
    made, cells = cells_of("variance", **sweeps)
    said = texts_of(figure_of("variance", made, cells))
    assert "only 50 estimates a point is drawn (another: --set estimates=...)" in said


def test_a_number_of_many_values_is_the_x_axis():
    values = [0.01 * 2**place for place in range(8)]
    made, cells = cells_of("hard_problems", step_size=values, k_opt=[2, 4])
    canvas = figure_of("hard_problems", made, cells)
    assert {panel.get_xlabel() for panel in canvas.axes} == {"step size"}
    frame = summary_of("hard_problems", made, cells)
    ends = frame[(frame.step == 4) & (frame.k_opt == 4)].sort_values("step_size")
    (bars,) = [bar for bar in canvas.axes[0].containers if bar.get_label() == "$k$ = 4"]
    np.testing.assert_allclose(bars.lines[0].get_xydata(), ends[["step_size", "value"]])


def test_seeds_are_replicates():
    made, cells = cells_of("hard_problems", seed=[0, 1], k_opt=[2, 4])
    study = STUDIES["hard_problems"]
    frame = pooled(study, cells, made.columns)
    assert "seed" not in frame
    assert (frame.runs == 6).all()
    every = pd.concat(records for config, records in cells if config["k_opt"] == 4)
    for step, rows in every.groupby("step"):
        row = frame[(frame.k_opt == 4) & (frame.step == step)]
        assert row.value.item() == pytest.approx(rows.value.mean())
    said = texts_of(draw(study.figure, frame, swept=["seed", "k_opt"]))
    assert "seeds pooled" in said


def test_estimates_of_several_seeds_are_averaged_with_the_error_of_the_average():
    made, cells = cells_of("variance", seed=[0, 1, 2])
    frame = pooled(STUDIES["variance"], cells, made.columns).set_index("estimator")
    each = [records.set_index("estimator") for _, records in cells]
    for name, row in frame.iterrows():
        assert row.variance == pytest.approx(np.mean([one.variance[name] for one in each]))
        errors = np.array([one.variance_se[name] for one in each])
        assert row.variance_se == pytest.approx(np.sqrt((errors**2).sum()) / 3)


def test_settings_that_always_change_together_need_one_place():
    variants = ({"theta": 0.5, "sd": 0.1}, {"theta": 1.0, "sd": 0.2})
    made = plan(StudyFile("mine", "variance", SMALL["variance"], variants))
    cells = [(cell.spec["config"], run_cell(cell.spec)) for cell in made.cells]
    assert len(figure_of("variance", made, cells).axes) == 2 * 3


def test_lists_and_tables_are_written_as_json():
    made, cells = cells_of("bandit", options=SWEEPS["options"])
    summary = summary_of("bandit", made, cells)
    assert [json.loads(text) for text in summary["options"].unique()] == SWEEPS["options"]
    assert differing([config for config, _ in cells]) == ["options"]
