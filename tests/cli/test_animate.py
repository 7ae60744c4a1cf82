"""`pkpo-toy animate`: small GIFs that loop, the same bytes every time."""

import json
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from pkpo_toy.lessons.frames import animation_frame
from pkpo_toy.lessons.lessons import record_lesson
from pkpo_toy.plotting.curves import STEPS_LABEL
from pkpo_toy.plotting.figures import FIGURES
from pkpo_toy.plotting.reveal import reveal
from tests.plotting.drawing import usual_figure
from tests.plotting.frames import FRAMES


def opened(data):
    image = Image.open(BytesIO(data))
    durations, pictures = [], []
    for number in range(image.n_frames):
        image.seek(number)
        durations.append(image.info["duration"])
        pictures.append(np.asarray(image.convert("RGB")))
    return image, durations, pictures


def test_the_demo_is_small_loops_and_is_the_same_again(cli, inside, tmp_path):
    options = ("animate", "demo", "--lesson", "water_filling", "--steps", 5, "--out")
    done = cli(*options, "a.gif")
    assert done.stdout == "a.gif\n"
    inside(*options, "b.gif")
    data = (tmp_path / "a.gif").read_bytes()
    assert data == (tmp_path / "b.gif").read_bytes()
    assert len(data) < 400_000
    image, durations, pictures = opened(data)
    assert image.info["loop"] == 0
    assert image.size[0] == 960
    frame = animation_frame(record_lesson("water_filling", steps=5))
    assert len(pictures) == frame["step"].nunique() <= 60
    said = frame.groupby("step")["caption"].first().tolist()
    new = [now != before for before, now in zip(["", *said], said, strict=False)]
    assert [duration >= 3000 for duration in durations] == new
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.gif", "b.gif"]


@pytest.mark.parametrize("name", ["hard_problems"])
def test_curves_are_uncovered_from_the_left(name, monkeypatch):
    monkeypatch.setattr("pkpo_toy.plotting.reveal.PICTURES", 16)
    data = reveal(name, FRAMES[name]())
    image, durations, pictures = opened(data)
    assert (image.n_frames, image.info["loop"], image.size[0]) == (16, 0, 960)
    assert durations[-1] > 10 * durations[0]
    white = [int((picture == 255).all(axis=2).sum()) for picture in pictures]
    assert white == sorted(white, reverse=True)
    changed = np.flatnonzero((pictures[2] != pictures[4]).any(axis=(0, 2)))
    later = np.flatnonzero((pictures[13] != pictures[15]).any(axis=(0, 2)))
    assert changed.min() < later.min()
    assert changed.max() < later.max()


@pytest.mark.parametrize("name", FIGURES)
def test_what_can_be_animated_has_panels_over_training_steps(name):
    panels = usual_figure(name).axes
    assert FIGURES[name].over_steps == any(one.get_xlabel() == STEPS_LABEL for one in panels)


def test_a_stored_study_is_animated(inside, tmp_path, monkeypatch):
    monkeypatch.setattr("pkpo_toy.plotting.reveal.PICTURES", 5)  # more are drawn above
    small = ["--set", "replicates=4", "--set", "steps=20", "--quick", "--jobs", 1]
    path = json.loads(inside("run", "hard_problems", *small, "--json").stdout)["path"]
    done = inside("animate", path, "--out", "x.gif")
    assert done.stdout == "x.gif\n"
    image, _, pictures = opened((tmp_path / "x.gif").read_bytes())
    assert image.n_frames == 5
    assert (pictures[0] != pictures[-1]).any()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (
            ["variance", "--out", "x.gif"],
            "'variance' has no training steps; can be animated: demo,",
        ),
        (["variance", "--out", "x.gif"], "annealing, learning_curves, hard_problems"),
        (["hard_problem", "--out", "x.gif"], "no results in 'results/hard_problem'"),
        (["demo", "--out", "x.png"], "--out must end in .gif, got 'x.png'."),
        (["demo", "--out", "no/x.gif"], "there is no folder 'no'"),
        (["demo", "--out", "x.gif", "--lesson", "two_peak"], "Did you mean 'two_peaks'"),
        (["demo", "--out", "x.gif", "--steps", "0"], "steps must be from 1 to 10000, got 0"),
        (["annealing", "--out", "x.gif", "--seed", "1"], "--seed is an option of 'demo'"),
    ],
)
def test_bad_input_is_one_sentence_and_leaves_nothing(inside, tmp_path, arguments, sentence):
    done = inside("animate", *arguments, code=2)
    (line,) = done.stderr.splitlines()
    assert sentence in line
    assert list(tmp_path.iterdir()) == []
