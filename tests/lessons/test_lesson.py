"""The lessons: every number is the simulator's, every sentence agrees with the run."""

import re
from math import erf, sqrt

import numpy as np
import pytest

from pkpo_toy.errors import InputError
from pkpo_toy.estimators import ESTIMATORS
from pkpo_toy.lessons.conclusions import WHY_AIM, WHY_ARMS, closing
from pkpo_toy.lessons.curves import peaks, tracks
from pkpo_toy.lessons.events import first_for_good, turning_points
from pkpo_toy.lessons.frames import PICTURES, filmed
from pkpo_toy.lessons.lessons import KS, LESSONS, estimator_for, teach
from pkpo_toy.simulator.ascent import iterate
from pkpo_toy.simulator.problems import build_problem
from pkpo_toy.simulator.settings import Settings


@pytest.fixture(scope="module", params=[(name, seed) for name in LESSONS for seed in (0, 1)])
def taught(request):
    name, seed = request.param
    return teach(name, seed=seed)


@pytest.mark.parametrize("name", LESSONS)
@pytest.mark.parametrize("k", KS)
def test_the_last_step_is_that_of_the_real_simulator(name, k):
    lesson = LESSONS[name]
    problem = build_problem(lesson.problem, **lesson.options)
    settings = Settings(
        k=k, n=16, steps=40, step_size=lesson.step_size, optimiser=lesson.optimiser, log_every=40
    )
    weigh = ESTIMATORS[estimator_for(k)].function
    *_, last = iterate(problem, weigh, settings, np.random.default_rng(3))
    exact = problem.max_at_k(last.parameters, KS)[:, 0]
    values = teach(name, seed=3, steps=40).values
    found = values[(values["k"] == k) & (values["step"] == 40)].set_index("k_eval")["value"]
    # All steps are measured in one array, one step here: sums may differ in the last bit.
    assert found.loc[list(KS)].tolist() == pytest.approx(exact.tolist(), rel=1e-14)


def binary_pass_at_k(chances, fractions, k):
    return float(np.sum(fractions * (1 - (1 - chances) ** k)))


def best_of(chances, rewards, k):
    """E max of k draws: sum over the sorted arms of g (F^k - F_before^k)."""
    order = np.argsort(rewards, kind="stable")
    below = np.concatenate([[0.0], np.cumsum(chances[order])]) ** k
    return float(np.sum(rewards[order] * np.diff(below)))


@pytest.mark.parametrize("name", ["two_peaks", "water_filling"])
def test_bars_and_pass_at_k_belong_together(name):
    exact = best_of if name == "two_peaks" else binary_pass_at_k
    for track in tracks(teach(name, steps=60)):
        for at in (0, 30, 60):
            for k in KS:
                expected = exact(track.chances[at], track.rewards, k)
                assert track.values[k][at] == pytest.approx(expected, abs=1e-12)
        entropy = -np.sum(track.chances * np.log(track.chances), axis=1)
        np.testing.assert_allclose(track.spread, np.exp(entropy), rtol=1e-12)


def test_throws_fall_into_the_bins_of_a_normal_distribution():
    for track in tracks(teach("gaussian", steps=50)):
        for at in (0, 50):
            beyond = (1 - erf((1 - track.aim[at]) / 0.1 / sqrt(2))) / 2
            assert track.beyond(1.0)[at] == pytest.approx(beyond, abs=1e-14)
        mean = track.chances @ track.arms
        np.testing.assert_allclose(mean, track.aim, atol=1e-3)
    np.testing.assert_allclose(track.chances.sum(axis=1), 1.0, atol=1e-12)


def test_all_policies_start_alike_and_scenes_tell_the_truth():
    for name in LESSONS:
        first, *others = tracks(teach(name, steps=1))
        for other in others:
            assert other.chances[0].tolist() == first.chances[0].tolist()
    hills = peaks(tracks(teach("two_peaks", steps=1))[0])
    assert sorted(hills) == [40, 75]
    rewards = tracks(teach("two_peaks", steps=1))[0].rewards
    assert rewards[[40, 75]].round(2).tolist() == [1.0, 0.6]
    assert tracks(teach("water_filling", steps=1))[0].rewards.tolist() == [0.4, 0.3, 0.2, 0.1]


def numbers(sentence):
    return [float(found) for found in re.findall(r"\d+\.\d+|\d+(?=%)", sentence)]


def true_from(holds, at):
    """True from that report to the end, and not at the one before."""
    assert all(holds[at:])
    assert not holds[at - 1]


def check_moved(track, single, at, sentence):
    around = {40: slice(34, 47), 75: slice(69, 82)}
    mass = {top: track.chances[:, arms].sum(axis=1) for top, arms in around.items()}
    true_from(mass[40] > mass[75] + 0.01, at)
    assert numbers(sentence) == [round(100 * mass[top][at]) for top in (40, 75)]


def check_committed(track, single, at, sentence):
    true_from(track.chances.max(axis=1) > 0.9, at)
    top = int(track.chances[at].argmax())
    assert numbers(sentence) == [round(100 * track.chances[at, top])]
    assert sentence.endswith(f"answer {track.arms[top]:g}.")


def check_crossed(track, single, at, sentence):
    beyond = np.array([(1 - erf((1 - aim) / 0.1 / sqrt(2))) / 2 for aim in track.aim])
    true_from(beyond > 0.1, at)
    assert numbers(sentence) == [round(track.aim[at], 2), round(100 * beyond[at])]


def check_near(track, single, at, sentence):
    value, best = track.values[track.k], track.optimum[track.k]
    true_from(value >= 0.95 * best, at)
    assert numbers(sentence)[-2:] == [round(value[at], 3), round(best, 3)]


def check_stalled(track, single, at, sentence):
    value = track.values[track.k]
    true_from(abs(value - value[-1]) <= 0.01 * value[-1], at)
    assert value[-1] < 0.95 * track.optimum[track.k]
    assert numbers(sentence) == [round(value[at], 3), round(track.optimum[track.k], 3)]


def check_gave_up(track, single, at, sentence, k):
    value = track.values[k]
    highest = [max(value[: one + 1]) for one in range(len(value))]
    true_from(value < np.array(highest) - 0.05, at)
    assert numbers(sentence) == [round(value[at], 3), round(highest[at], 3)]


def check_overtook(track, single, at, sentence, k):
    ahead = track.values[k] - single.values[k]
    true_from(ahead >= 0.002, at)
    assert min(ahead[:at]) <= -0.002
    assert numbers(sentence) == [round(track.values[k][at], 3), round(single.values[k][at], 3)]


CHECKS = {
    "moved": check_moved,
    "committed": check_committed,
    "crossed": check_crossed,
    "near": check_near,
    "stalled": check_stalled,
    "gave up": check_gave_up,
    "overtook": check_overtook,
}


def test_every_turning_point_holds_from_its_step_on(taught):
    by_label = {track.label: track for track in tracks(taught)}
    points = turning_points(taught)
    assert [point.step for point in points] == sorted(point.step for point in points)
    for point in points:
        kind, _, k = point.kind.partition(" pass@")
        track = by_label[point.label]
        at = track.steps.tolist().index(point.step)
        assert at > 0
        assert point.sentence.startswith(point.label + " ")
        more = (int(k),) if k else ()
        CHECKS[kind](track, by_label["k = 1"], at, point.sentence, *more)


def test_what_the_lessons_are_for_happens_in_them():
    kinds = {name: {(p.label, p.kind) for p in turning_points(teach(name))} for name in LESSONS}
    assert kinds["two_peaks"] >= {
        ("k = 1", "committed"),
        ("k = 1", "stalled"),
        ("k = 4", "moved"),
        ("k = 4", "overtook pass@1"),
        ("k = 1", "gave up pass@16"),
    }
    assert kinds["water_filling"] >= {("k = 1", "committed"), ("k = 1", "gave up pass@16")}
    assert kinds["gaussian"] >= {("k = 16", "crossed"), ("k = 16", "gave up pass@1")}
    assert not {label for label, kind in kinds["two_peaks"] if kind == "crossed"}


def test_nothing_is_said_of_what_did_not_happen():
    assert turning_points(teach("two_peaks", steps=1)) == []
    said = closing(teach("two_peaks", steps=1))
    assert WHY_ARMS not in said
    assert "still about equally spread" in said[0]
    assert WHY_AIM not in closing(teach("gaussian", steps=1))


@pytest.mark.parametrize(
    ("holds", "at"),
    [("0011", 2), ("0101", 3), ("1111", None), ("0000", None), ("0110", None), ("01", 1)],
)
def test_first_for_good(holds, at):
    assert first_for_good(np.array([one == "1" for one in holds])) == at


def test_the_closing_has_the_final_numbers(taught):
    sentences = closing(taught)
    every = tracks(taught)
    for k, sentence in zip((16, 1), sentences[-2:], strict=True):
        assert sentence.startswith(f"pass@{k},")
        final = sorted((round(one.values[k][-1], 3) for one in every), reverse=True)
        assert numbers(sentence) == [*final, round(every[0].optimum[k], 3)]
    if every[0].throws:
        aims = [(round(t.aim[-1], 3), round(100 * t.beyond(1.0)[-1])) for t in every]
        assert numbers(sentences[0]) == [number for pair in aims for number in pair]
        assert WHY_AIM in sentences
    else:
        found = numbers(sentences[0])
        assert found[0] == round(100 * every[0].chances[-1].max())
        assert found[-1] == round(every[-1].spread[-1], 1)
        assert WHY_ARMS in sentences


def test_long_runs_are_reported_at_most_501_times():
    track = tracks(teach("water_filling", steps=1201))[0]
    assert len(track.steps) <= 501
    assert track.steps[-1] == 1201
    assert len(tracks(teach("water_filling", steps=500))[0].steps) == 501


def test_the_film_keeps_the_turning_points_and_every_share(taught):
    frame = filmed(taught)
    steps = frame["step"].unique().tolist()
    assert len(steps) <= PICTURES
    assert {point.step for point in turning_points(taught)} <= set(steps)
    assert frame.groupby(["label", "step"])["probability"].sum().tolist() == pytest.approx(
        [1.0] * 3 * len(steps)
    )
    assert frame.groupby(["label", "step"]).size().max() <= 40
    for point in turning_points(taught):
        after = next(step for step in steps if step >= point.step)
        (caption,) = frame.loc[frame["step"] == after, "caption"].unique()
        assert caption.startswith(f"step {point.step}: ") or after == steps[-1]
    own = taught.values.query("k == k_eval").set_index(["label", "step"])["value"]
    shown = frame.groupby(["label", "step"])["pass_at_k"].first()
    assert shown.to_dict() == {key: own[key] for key in shown.index}


@pytest.mark.parametrize(
    ("name", "options", "sentence"),
    [
        ("two_peak", {}, "Did you mean 'two_peaks'"),
        ("two_peaks", {"steps": 0}, "steps must be from 1 to 10000, got 0"),
        ("two_peaks", {"steps": 10_001}, "got 10001"),
        ("two_peaks", {"seed": -1}, "seed must be an integer >= 0, got -1"),
    ],
)
def test_bad_input(name, options, sentence):
    with pytest.raises(InputError, match=sentence):
        teach(name, **options)


def test_the_same_seed_gives_the_same_lesson():
    first, again = (teach("water_filling", seed=5, steps=30) for _ in range(2))
    other = teach("water_filling", seed=6, steps=30)
    assert first.policies.equals(again.policies)
    assert not first.policies.equals(other.policies)
