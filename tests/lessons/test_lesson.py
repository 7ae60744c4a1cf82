"""The lessons: every number is the simulator's, every sentence agrees with the run."""

import re
from math import erf, sqrt

import numpy as np
import pytest

from pkpo_toy.errors import InputError
from pkpo_toy.estimators import ESTIMATORS
from pkpo_toy.lessons.conclusions import WHY_AIM, WHY_ARMS, conclusions
from pkpo_toy.lessons.curves import peaks, policy_curves
from pkpo_toy.lessons.events import find_events, first_for_good
from pkpo_toy.lessons.frames import PICTURES, animation_frame
from pkpo_toy.lessons.lessons import KS, LESSONS, estimator_for, record_lesson
from pkpo_toy.simulator.ascent import iterate
from pkpo_toy.simulator.problems import build_problem
from pkpo_toy.simulator.settings import Settings


@pytest.fixture(scope="module", params=[(name, seed) for name in LESSONS for seed in (0, 1)])
def recording(request):
    name, seed = request.param
    return record_lesson(name, seed=seed)


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
    exact = problem.exact_max_at_k(last.parameters, KS)[:, 0]
    values = record_lesson(name, seed=3, steps=40).values
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
    for policy in policy_curves(record_lesson(name, steps=60)):
        for at in (0, 30, 60):
            for k in KS:
                expected = exact(policy.chances[at], policy.rewards, k)
                assert policy.values[k][at] == pytest.approx(expected, abs=1e-12)
        entropy = -np.sum(policy.chances * np.log(policy.chances), axis=1)
        np.testing.assert_allclose(policy.spread, np.exp(entropy), rtol=1e-12)


def test_throws_fall_into_the_bins_of_a_normal_distribution():
    for policy in policy_curves(record_lesson("gaussian", steps=50)):
        for at in (0, 50):
            beyond = (1 - erf((1 - policy.aim[at]) / 0.1 / sqrt(2))) / 2
            assert policy.beyond(1.0)[at] == pytest.approx(beyond, abs=1e-14)
        mean = policy.chances @ policy.arms
        np.testing.assert_allclose(mean, policy.aim, atol=1e-3)
    np.testing.assert_allclose(policy.chances.sum(axis=1), 1.0, atol=1e-12)


def test_all_policies_start_alike_and_scenes_tell_the_truth():
    for name in LESSONS:
        first, *others = policy_curves(record_lesson(name, steps=1))
        for other in others:
            assert other.chances[0].tolist() == first.chances[0].tolist()
    hills = peaks(policy_curves(record_lesson("two_peaks", steps=1))[0])
    assert sorted(hills) == [40, 75]
    rewards = policy_curves(record_lesson("two_peaks", steps=1))[0].rewards
    assert rewards[[40, 75]].round(2).tolist() == [1.0, 0.6]
    assert policy_curves(record_lesson("water_filling", steps=1))[0].rewards.tolist() == [
        0.4,
        0.3,
        0.2,
        0.1,
    ]


def numbers(sentence):
    return [float(found) for found in re.findall(r"\d+\.\d+|\d+(?=%)", sentence)]


def true_from(holds, at):
    """True from that report to the end, and not at the one before."""
    assert all(holds[at:])
    assert not holds[at - 1]


def check_moved(policy, single, at, sentence):
    around = {40: slice(34, 47), 75: slice(69, 82)}
    mass = {top: policy.chances[:, arms].sum(axis=1) for top, arms in around.items()}
    true_from(mass[40] > mass[75] + 0.01, at)
    assert numbers(sentence) == [round(100 * mass[top][at]) for top in (40, 75)]


def check_committed(policy, single, at, sentence):
    true_from(policy.chances.max(axis=1) > 0.9, at)
    top = int(policy.chances[at].argmax())
    assert numbers(sentence) == [round(100 * policy.chances[at, top])]
    assert sentence.endswith(f"answer {policy.arms[top]:g}.")


def check_crossed(policy, single, at, sentence):
    beyond = np.array([(1 - erf((1 - aim) / 0.1 / sqrt(2))) / 2 for aim in policy.aim])
    true_from(beyond > 0.1, at)
    assert numbers(sentence) == [round(policy.aim[at], 2), round(100 * beyond[at])]


def check_near(policy, single, at, sentence):
    value, best = policy.values[policy.k], policy.optimum[policy.k]
    true_from(value >= 0.95 * best, at)
    assert numbers(sentence)[-2:] == [round(value[at], 3), round(best, 3)]


def check_stalled(policy, single, at, sentence):
    value = policy.values[policy.k]
    true_from(abs(value - value[-1]) <= 0.01 * value[-1], at)
    assert value[-1] < 0.95 * policy.optimum[policy.k]
    assert numbers(sentence) == [round(value[at], 3), round(policy.optimum[policy.k], 3)]


def check_gave_up(policy, single, at, sentence, k):
    value = policy.values[k]
    highest = [max(value[: one + 1]) for one in range(len(value))]
    true_from(value < np.array(highest) - 0.05, at)
    assert numbers(sentence) == [round(value[at], 3), round(highest[at], 3)]


def check_overtook(policy, single, at, sentence, k):
    ahead = policy.values[k] - single.values[k]
    true_from(ahead >= 0.002, at)
    assert min(ahead[:at]) <= -0.002
    assert numbers(sentence) == [round(policy.values[k][at], 3), round(single.values[k][at], 3)]


CHECKS = {
    "moved": check_moved,
    "committed": check_committed,
    "crossed": check_crossed,
    "near": check_near,
    "stalled": check_stalled,
    "gave up": check_gave_up,
    "overtook": check_overtook,
}


def test_every_event_holds_from_its_step_on(recording):
    by_k = {policy.k: policy for policy in policy_curves(recording)}
    events = find_events(recording)
    assert [event.step for event in events] == sorted(event.step for event in events)
    for event in events:
        kind, _, k = event.kind.partition(" pass@")
        policy = by_k[event.k]
        at = policy.steps.tolist().index(event.step)
        assert at > 0
        assert event.sentence.startswith(f"k = {event.k} ")
        more = (int(k),) if k else ()
        CHECKS[kind](policy, by_k[1], at, event.sentence, *more)


def test_what_the_lessons_are_for_happens_in_them():
    kinds = {name: {(e.k, e.kind) for e in find_events(record_lesson(name))} for name in LESSONS}
    assert kinds["two_peaks"] >= {
        (1, "committed"),
        (1, "stalled"),
        (4, "moved"),
        (4, "overtook pass@1"),
        (1, "gave up pass@16"),
    }
    assert kinds["water_filling"] >= {(1, "committed"), (1, "gave up pass@16")}
    assert kinds["gaussian"] >= {(16, "crossed"), (16, "gave up pass@1")}
    assert not {k for k, kind in kinds["two_peaks"] if kind == "crossed"}


def test_nothing_is_said_of_what_did_not_happen():
    assert find_events(record_lesson("two_peaks", steps=1)) == []
    said = conclusions(record_lesson("two_peaks", steps=1))
    assert WHY_ARMS not in said
    assert "still about equally spread" in said[0]
    assert WHY_AIM not in conclusions(record_lesson("gaussian", steps=1))


@pytest.mark.parametrize(
    ("holds", "at"),
    [("0011", 2), ("0101", 3), ("1111", None), ("0000", None), ("0110", None), ("01", 1)],
)
def test_first_for_good(holds, at):
    assert first_for_good(np.array([one == "1" for one in holds])) == at


def test_the_conclusions_have_the_final_numbers(recording):
    sentences = conclusions(recording)
    every = policy_curves(recording)
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
    policy = policy_curves(record_lesson("water_filling", steps=1201))[0]
    assert len(policy.steps) <= 501
    assert policy.steps[-1] == 1201
    assert len(policy_curves(record_lesson("water_filling", steps=500))[0].steps) == 501


def test_the_animation_keeps_the_events_and_every_share(recording):
    frame = animation_frame(recording)
    steps = frame["step"].unique().tolist()
    assert len(steps) <= PICTURES
    assert {event.step for event in find_events(recording)} <= set(steps)
    assert frame.groupby(["k", "step"])["probability"].sum().tolist() == pytest.approx(
        [1.0] * 3 * len(steps)
    )
    assert frame.groupby(["k", "step"]).size().max() <= 40
    for event in find_events(recording):
        after = next(step for step in steps if step >= event.step)
        (caption,) = frame.loc[frame["step"] == after, "caption"].unique()
        assert caption.startswith(f"step {event.step}: ") or after == steps[-1]
    for k_eval in (1, 16):
        values = recording.values.query("k_eval == @k_eval").set_index(["k", "step"])["value"]
        shown = frame.groupby(["k", "step"])[f"pass_at_{k_eval}"].first()
        assert shown.to_dict() == {key: values[key] for key in shown.index}


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
        record_lesson(name, **options)


def test_the_same_seed_gives_the_same_lesson():
    first, again = (record_lesson("water_filling", seed=5, steps=30) for _ in range(2))
    other = record_lesson("water_filling", seed=6, steps=30)
    assert first.policies.equals(again.policies)
    assert not first.policies.equals(other.policies)
