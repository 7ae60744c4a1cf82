"""The training studies: their columns, bands, labels and files; `train`; what they refuse."""

import json

import numpy as np
import pytest

import pkpo_toy
from pkpo_toy.errors import InputError
from pkpo_toy.estimators import ESTIMATORS
from pkpo_toy.simulator.problems import PROBLEMS, build_problem
from pkpo_toy.simulator.settings import Settings
from pkpo_toy.simulator.training import train as simulate
from pkpo_toy.studies.files import build, expand, load, with_quick, with_settings
from pkpo_toy.studies.pass_rates import PassRates
from pkpo_toy.studies.table import STUDIES
from pkpo_toy.training.bands import mean_band
from pkpo_toy.training.frame import train

CURVES = ["label", "step", "k_eval", "value", "low", "high", "cumulative_solve_rate", "entropy"]
NOISE = [
    *("gradient_norm", "gradient_variance", "zero_signal"),
    *("cumulative_solve_rate_low", "cumulative_solve_rate_high", "entropy_low", "entropy_high"),
]
COLUMNS = {
    "learning_curves": [*CURVES, *NOISE, "runs"],
    "annealing": [*CURVES, *NOISE, "runs"],
    "bandit": [*CURVES, *NOISE, "runs", "measure"],
    "hard_problems": [
        *("label", "step", "value", "low", "high", "solved_fraction"),
        *("solved_fraction_low", "solved_fraction_high", "runs"),
    ],
    "objective_matrix": ["k_opt", "k_eval", "value", "se", "optimum", "runs"],
    "pass_rates": ["label", "step", "k_eval", "difficulty", "value", "low", "high", "runs"],
}
LABELS = {
    "learning_curves": [
        *("k = 1", "k = 4", "k = 8", "k = n = 16"),
        *(f"k = 1, entropy {bonus}" for bonus in (0.001, 0.005, 0.01, 0.05, 0.1)),
    ],
    "annealing": ["k = 1", "k = 8", "k = 8, then 1"],
    "bandit": ["k = 1", "k = 4", "k = 16"],
    "hard_problems": ["k = 1", "k = 4", "k = 8", "k = n = 16"],
    "objective_matrix": ["k = 1", "k = 2", "k = 4", "k = 8", "k = 16"],
    "pass_rates": ["k = 1", "k = 4", "k = 16"],
}
SHORT = ("steps=20", "replicates=5", "log_every=10")


def rng(seed=0):
    return np.random.default_rng(seed)


def short(name, *settings):
    """The last cell of the study that ships, cut short; its records and its summary."""
    file = load(name)
    (*_, cell) = expand(with_settings(file, [*SHORT, *settings]))
    records = STUDIES[name].run(cell, rng())
    return records, STUDIES[name].summarize(records)


@pytest.mark.parametrize("name", COLUMNS)
def test_summary_columns_and_bands(name):
    settings = ["k_opt=8"] if name == "annealing" else []
    _, summary = short(name, *settings)
    assert list(summary.columns) == COLUMNS[name]
    assert (summary["runs"] == 5).all()
    if "low" in summary:
        assert (summary["low"] <= summary["value"] + 1e-12).all()
        assert (summary["value"] <= summary["high"] + 1e-12).all()
        start = summary[summary["step"] == 0]
        np.testing.assert_allclose(start["low"], start["high"], rtol=1e-12)
    # Before the first step no step can have had zero signal; all else is known from the start.
    known = summary.drop(columns=["label", "zero_signal"], errors="ignore")
    assert not known.isna().any(axis=None)
    if "zero_signal" in summary:
        assert (summary["zero_signal"].isna() == (summary["step"] == 0)).all()


@pytest.mark.parametrize("name", LABELS)
def test_cells_of_the_file_that_ships(name):
    cells = expand(load(name))
    assert [cell.name() for cell in cells] == LABELS[name]
    assert all(cell.replicates >= 100 for cell in cells)
    assert all(cell.steps < 1000 for cell in expand(with_quick(load(name))))


def test_annealing_follows_the_table_of_studies():
    first, _, third = expand(load("annealing"))
    assert third.k_opt == "8@0, 1@1500"
    assert third.k1_estimator == "rloo"
    ks = third.settings().ks()
    assert (ks[:1500] == 8).all()
    assert (ks[1500:] == 1).all()
    assert first.model_copy(update={"k_opt": third.k_opt}) == third


def test_curves_are_means_over_runs():
    records, summary = short("learning_curves")
    for row in summary.itertuples():
        cell = records[(records.step == row.step) & (records.k_eval == row.k_eval)]
        assert row.value == pytest.approx(cell.value.mean(), rel=1e-12)
        assert row.entropy == pytest.approx(cell.entropy.mean(), rel=1e-12)
        assert row.cumulative_solve_rate == pytest.approx(cell.cumulative_solve_rate.mean())
        for name in ("cumulative_solve_rate", "entropy"):
            column = cell.sort_values("replicate")[name].to_numpy()[:, None]
            _, low, high = mean_band(column)
            ends = [getattr(row, f"{name}_low"), getattr(row, f"{name}_high")]
            assert ends == pytest.approx([low[0], high[0]], rel=1e-12)


def test_hard_problems_counts_the_runs_above_the_threshold():
    records, summary = short("hard_problems", "solved_above=0.3752")
    for step, cell in records.groupby("step"):
        share = summary.loc[summary.step == step, "solved_fraction"].item()
        assert share == pytest.approx((cell.value > 0.3752).mean())
        runs, ends = len(cell), summary.loc[summary.step == step]
        t = {4: 2.7764451}[runs - 1]  # Wilson's interval with Student's t
        for end in (ends.solved_fraction_low.item(), ends.solved_fraction_high.item()):
            assert (share - end) ** 2 == pytest.approx(t**2 * end * (1 - end) / (runs - 1))
    assert summary["solved_fraction"].iloc[0] == 0
    assert summary["solved_fraction"].iloc[-1] > 0


def test_objective_matrix_holds_the_ends_and_the_exact_optimum():
    records, summary = short("objective_matrix", "log_every=7", "k_opt=4")
    assert (records.step == 20).all()
    problem = build_problem("water_filling")
    for row in summary.itertuples():
        ended = records.loc[records.k_eval == row.k_eval, "value"]
        assert len(ended) == 5
        assert row.value == pytest.approx(ended.mean())
        assert row.se == pytest.approx(ended.std() / np.sqrt(5))
        assert row.optimum == problem.optimum(row.k_eval)
        assert row.k_opt == 4


def test_pass_rates_bins_by_the_rate_at_the_start():
    _, summary = short("pass_rates", "measured_n=[9, 99, 1]", "measured_c=[4, 0, 0]", "k_eval=[1]")
    start = summary[summary.step == 0]
    assert start.difficulty.tolist() == ["< 1%", "10-30%", "> 30%"]
    np.testing.assert_allclose(start.value, [0.005, 0.25, 0.45])


def test_pass_rates_reads_a_file_once_and_keeps_its_counts(tmp_path):
    path = tmp_path / "mine.csv"
    path.write_text("problem,n,c\na,10,3\nb,20,0\n")
    (*_, cell) = expand(with_settings(load("pass_rates"), [f"file={path}"]))
    assert (cell.measured_n, cell.measured_c, cell.file) == ((10, 20), (3, 0), "")
    path.unlink()
    assert build(PassRates, json.loads(cell.model_dump_json()), "again") == cell
    with pytest.raises(InputError, match=r"mine\.csv"):
        expand(with_settings(load("pass_rates"), [f"file={path}"]))


def test_pass_rates_takes_a_problem_s_own_step_whatever_the_size_of_the_set():
    few = PassRates(measured_n=(10,), measured_c=(1,), steps=40, per_step=0, replicates=300)
    many = PassRates(measured_n=(10,) * 5, measured_c=(1,) * 5, steps=40, per_step=0, replicates=60)
    ends = [STUDIES["pass_rates"].run(cell, rng()) for cell in (few, many)]
    ends = [frame[(frame.step == 40) & (frame.k_eval == 1)].value for frame in ends]
    se = np.hypot(*(end.std() / np.sqrt(300 if end is ends[0] else 60) for end in ends))
    assert abs(ends[0].mean() - ends[1].mean()) < 4 * se
    assert PassRates(optimiser="adam").settings().step_size == PassRates().step_size


def test_a_bootstrap_band_covers_the_mean_and_leaves_out_stopped_runs():
    draws = rng(1).normal(3.0, 2.0, (40, 400))
    mean, low, high = mean_band(draws)
    np.testing.assert_allclose(mean, draws.mean(axis=0), rtol=1e-12)
    covered = ((low <= 3.0) & (high >= 3.0)).mean()
    assert 0.9 <= covered <= 0.98
    np.testing.assert_allclose((high - low).mean(), 2 * 1.96 * 2 / np.sqrt(40), rtol=0.05)
    draws[5, 0], draws[:, 1] = np.nan, np.nan
    mean, low, high = mean_band(draws[:, :2])
    assert mean[0] == pytest.approx(np.nanmean(draws[:, 0]))
    assert low[0] < mean[0] < high[0]
    assert np.isnan([mean[1], low[1], high[1]]).all()


def test_train_is_the_simulator_s_history_as_a_tidy_frame():
    frame = train(
        "water_filling", k=2, n=8, steps=10, replicates=3, log_every=5, k_eval=(1, 4), probes=2
    )
    assert frame.shape == (3 * 2 * 3, 16)
    generator = rng()
    generator.spawn(2)
    settings = Settings(k=2, n=8, steps=10, replicates=3, log_every=5, k_eval=(1, 4), probes=2)
    weigh = ESTIMATORS["pkpo_loo_minus_one"].function
    history = simulate(build_problem("water_filling"), weigh, settings, generator)
    for row in frame.itertuples():
        log = history.logs[row.step // 5]
        place = (1, 4).index(row.k_eval)
        assert row.value == log.value[place, row.replicate]
        assert row.gradient_norm == log.gradient_norm[row.replicate]
        assert row.gradient_variance == log.gradient_variance[row.replicate]
        assert row.optimum == history.optimum[place]
        assert row.distance == history.distance[place, row.replicate]


@pytest.mark.parametrize("name", PROBLEMS)
def test_train_takes_every_problem_by_name(name):
    frame = train(name, "centered_loo", k=2, n=4, steps=4, replicates=2, log_every=2, k_eval=3)
    assert frame.groupby(["replicate", "step", "k_eval"]).size().eq(1).all()
    assert np.isfinite(frame.value).all()
    assert pkpo_toy.train is train


def test_k1_estimator_takes_over_only_where_it_must():
    settings = {"n": 6, "steps": 6, "replicates": 2, "log_every": 6, "step_size": 1.0}

    def same(*arguments):
        left, right = (
            train("arms", estimator, k=k, k1_estimator=other, **settings)
            for estimator, k, other in arguments
        )
        return (left.value == right.value).all()

    assert same(("pkpo_loo_minus_one", 1, "rloo"), ("rloo", 1, "reinforce"))
    assert same(("pkpo", 1, "rloo"), ("reinforce", 1, "rloo"))
    assert not same(("pkpo", 1, "rloo"), ("rloo", 1, "rloo"))
    annealed = "2@0, 1@3"
    assert not same(("pkpo", annealed, "rloo"), ("pkpo", annealed, "reinforce"))


def test_a_random_estimator_is_not_changed_by_probing():
    settings = {"k": 2, "n": 4, "steps": 8, "replicates": 2, "k_eval": (1, 2)}
    plain, probed = (
        train("water_filling", "passk_bootstrap", log_every=8, **settings),
        train("water_filling", "passk_bootstrap", log_every=1, probes=3, **settings),
    )
    ends = [frame[frame.step == 8].value.to_numpy() for frame in (plain, probed)]
    np.testing.assert_array_equal(*ends)


def test_the_user_s_own_function_trains_and_its_nan_stops_one_run():
    rloo = ESTIMATORS["rloo"].function

    def mine(rewards, k):
        weights = rloo(rewards, k)
        weights[1] = np.nan
        return weights

    frame = train("arms", mine, k=2, n=4, steps=4, replicates=3, log_every=2)
    bad, good = frame[frame.replicate == 1], frame[frame.replicate != 1]
    assert (bad.stopped_at == 0).all()
    assert (bad.cause == "weights").all()
    assert bad[bad.step > 0].value.isna().all()
    assert (good.stopped_at == -1).all()
    assert good.value.notna().all()


def test_stopped_runs_are_left_out_and_counted():
    records, _ = short("learning_curves")
    records.loc[(records.replicate == 0) & (records.step > 0), ["value", "entropy"]] = np.nan
    summary = STUDIES["learning_curves"].summarize(records)
    assert summary[summary.step > 0].runs.eq(4).all()
    assert summary[summary.step == 0].runs.eq(5).all()
    assert summary.value.notna().all()


@pytest.mark.parametrize(
    ("name", "setting", "told"),
    [
        ("annealing", "k_opt=8->1", "linear 8->1"),
        ("annealing", "k_opt=0", "at least 1"),
        ("annealing", "k_eval=[0]", "k_eval must be an integer >= 1, got 0"),
        ("annealing", "k_eval=[2, 2]", "once"),
        ("annealing", "step_size=0", "step_size"),
        ("annealing", "step_size=nan", "step_size"),
        ("annealing", "replicates=0", "replicates"),
        ("annealing", "optimiser=adm", "'adam'"),
        ("annealing", "estimator=pkpo_lo", "'pkpo_loo'"),
        ("annealing", "rates=[2.0]", "rates"),
        ("learning_curves", "entropy_bonus=-1", "entropy_bonus"),
        ("objective_matrix", "n=8", "n"),
        ("objective_matrix", "fractions=[0.5]", "sum to 1"),
        ("hard_problems", "estimator=maxrl", "0 or 1"),
        ("hard_problems", "k_eval=[2]", "must hold 1"),
        ("pass_rates", "measured_c=[1]", "one length"),
        ("pass_rates", "file=there_is_none.csv", "there_is_none"),
    ],
)
def test_bad_input_is_one_sentence(name, setting, told):
    with pytest.raises(InputError) as error:
        expand(with_settings(load(name), [setting]))
    assert told in str(error.value)
    assert "\n" not in str(error.value)


def test_train_refuses_what_it_does_not_know():
    for arguments, told in (
        ({"problem": "two_peak"}, "two_peaks"),
        ({"problem": "arms", "step": 3}, "steps"),
        ({"problem": "arms", "estimator": "rlo"}, "rloo"),
        ({"problem": "unit_square", "estimator": "fail_only"}, "0 or 1"),
        ({"problem": build_problem("arms", rewards=[-1, 1]), "estimator": "tailrl"}, ">= 0"),
        ({"problem": "arms", "estimator": "centered_loo", "k": "n"}, "centered_loo"),
    ):
        with pytest.raises(InputError, match=told):
            train(**arguments)


OPTIONS = {
    "arms": {"rewards": [0.0, 1.0]},
    "pass_rates": {"n": [100, 10], "c": [3, 0]},
}


@pytest.mark.parametrize("name", PROBLEMS)
def test_every_problem_trains_from_a_study_file(name):
    values = {"bandit": name, "options": OPTIONS.get(name, {})}
    short = {"steps": 4, "log_every": 2, "replicates": 3, "k_eval": [1, 4]}
    config = build(STUDIES["bandit"].config, {**values, **short}, "bandit")
    summary = STUDIES["bandit"].summarize(STUDIES["bandit"].run(config, rng()))
    expected = "pass@k" if build_problem(name, **values["options"]).binary else "max@k"
    assert set(summary["measure"]) == {expected}
    assert summary["value"].notna().all()


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"bandit": "two_peak"}, "Did you mean 'two_peaks'"),
        ({"bandit": "unit_square", "options": {"thta": 1.0}}, "Did you mean 'theta'"),
        ({"bandit": "unit_square", "options": {"sd": -1.0}}, "sd"),
        ({"bandit": "unit_square", "options": {"theta": "x"}}, "theta"),
        ({"bandit": "arms", "options": {"rewards": []}}, "rewards"),
    ],
)
def test_problems_and_options_are_checked_before_anything_runs(values, says):
    with pytest.raises(InputError, match=says):
        build(STUDIES["bandit"].config, values, "bandit")


def test_the_user_s_own_function_is_held_to_its_domain():
    with pytest.raises(InputError, match=r"k must satisfy 1 <= k <= n, got k = 5 with n = 4"):
        train("arms", lambda rewards, k: rewards, k=5, n=4, steps=4)


OWN_PROBLEMS = """
from pkpo_toy.simulator import build_problem

def steep(best=1.0, count=4):
    return build_problem("arms", rewards=[best / 2**i for i in range(count)])

def broken():
    return 1 / 0

def number():
    return 3
"""


def test_a_problem_of_the_user_s_own_trains_like_any_other(tmp_path):
    (tmp_path / "mine.py").write_text(OWN_PROBLEMS)
    own = f"{tmp_path / 'mine.py'}:steep"
    short = {"steps": 4, "log_every": 2, "replicates": 3, "k_eval": [1, 4]}
    config = build(STUDIES["bandit"].config, {"bandit": own, "options": {"best": 0.5}, **short}, "")
    records = STUDIES["bandit"].run(config, rng())
    assert (records.optimum == 0.5).all()
    same = {"bandit": "arms", "options": {"rewards": [0.5, 0.25, 0.125, 0.0625]}, **short}
    named = STUDIES["bandit"].run(build(STUDIES["bandit"].config, same, ""), rng())
    np.testing.assert_array_equal(records.value, named.value)


@pytest.mark.parametrize(
    ("function", "options", "says"),
    [
        ("steap", {}, "has no function 'steap'; it defines build_problem, steep, broken, number"),
        ("steep", {"bets": 1.0}, "Did you mean 'best'"),
        ("steep", {"best": "x"}, "failed: TypeError"),
        ("broken", {}, "failed: ZeroDivisionError"),
        ("number", {}, "must return what build_problem returns, got int"),
    ],
)
def test_a_problem_of_the_user_s_own_that_fails_is_told_in_one_sentence(
    tmp_path, function, options, says
):
    (tmp_path / "mine.py").write_text(OWN_PROBLEMS)
    values = {"bandit": f"{tmp_path / 'mine.py'}:{function}", "options": options}
    with pytest.raises(InputError, match=says) as error:
        build(STUDIES["bandit"].config, values, "bandit")
    assert "\n" not in str(error.value)


def test_a_file_of_problems_that_is_not_there_is_named():
    with pytest.raises(InputError, match=r"there is no file 'none\.py'"):
        build(STUDIES["bandit"].config, {"bandit": "none.py:steep"}, "bandit")
