"""The page says what the terminal player says."""

import pytest

from pkpo_toy.lessons.conclusions import conclusions
from pkpo_toy.lessons.curves import policy_curves
from pkpo_toy.lessons.events import find_events
from pkpo_toy.lessons.lessons import record_lesson

WRITTEN = {
    "two_peaks": "oneQuestion(twoPeaksRewards()), { stepSize: 2",
    "water_filling": "alike([0.4, 0.3, 0.2, 0.1]), { stepSize: 0.5",
}
RUNS = [(name, seed, 300) for name in WRITTEN for seed in (0, 1, 2, 7)] + [
    ("two_peaks", 0, 40),
    ("two_peaks", 3, 751),
]


@pytest.mark.parametrize(("name", "seed", "steps"), RUNS)
def test_the_sentences_are_those_of_the_terminal(evaluate, name, seed, steps):
    settings = f'estimator: "pkpo_loo_minus_one", seed: {seed}, steps: {steps} }}'
    page = evaluate(
        f"""(() => {{
          const all = recorders({WRITTEN[name]}, {settings}).map(recorded);
          const spreads = all.map((one) => one.spread.at(-1));
          return {{ events: events(all), closing: closing(all), spreads }};
        }})()"""
    )
    recording = record_lesson(name, seed=seed, steps=steps)
    expected = [(one.step, one.k, one.kind, one.sentence) for one in find_events(recording)]
    found = [(one["step"], one["k"], one["kind"], one["sentence"]) for one in page["events"]]
    assert found == expected
    # What is an option in the terminal is a field in the page.
    assert page["closing"] == [one.replace("--steps", "steps") for one in conclusions(recording)]
    assert page["spreads"] == pytest.approx(
        [one.spread[-1] for one in policy_curves(recording)], rel=1e-12
    )


@pytest.mark.parametrize("digits", [0, 1, 3])
def test_numbers_are_rounded_as_python_rounds_them(evaluate, digits):
    values = [j / 16 for j in range(200)] + [0.0005, 0.1235, 2.5e-4, 1e-9, 123.4565, 0.15]
    page = evaluate(f"{values}.map((value) => fixed(value, {digits}))")
    assert page == [f"{value:.{digits}f}" for value in values]
