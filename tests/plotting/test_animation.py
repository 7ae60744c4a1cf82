"""The moving picture: its frames, its loop, and that it shows the policies it is given."""

from io import BytesIO

import numpy as np
import pytest
from matplotlib.figure import Figure as Canvas
from PIL import Image

from pkpo_toy.errors import InputError
from pkpo_toy.plotting import animate
from pkpo_toy.plotting.animation import draw
from pkpo_toy.plotting.style import styled
from tests.plotting.frames import moving


@pytest.fixture(scope="module")
def moved():
    return animate(moving(), milliseconds=50)


def test_the_gif_has_a_frame_per_step_loops_and_rests_at_the_end(moved):
    with Image.open(BytesIO(moved)) as image:
        durations = []
        for number in range(image.n_frames):
            image.seek(number)
            durations.append(image.info["duration"])
        assert (image.format, image.info["loop"]) == ("GIF", 0)
        assert durations == [50, 50, 50, 1000]


def test_the_paper_is_white_and_the_frames_differ(moved):
    with Image.open(BytesIO(moved)) as image:
        first = np.asarray(image.convert("RGB"))
        image.seek(image.n_frames - 1)
        last = np.asarray(image.convert("RGB"))
    assert first[0, 0].tolist() == [255, 255, 255]
    assert np.any(first != last)


def test_bars_show_the_probabilities_of_each_policy():
    step = moving().query("step == 2")
    with styled():
        axes = Canvas(layout="constrained").subplots(1, 2, squeeze=False)
        assert draw(step, axes) is axes
    for panel, (k, part) in zip(axes[0], step.groupby("k"), strict=True):
        (shape,) = [patch for patch in panel.patches if patch.get_gid() == "policy"]
        assert shape.get_data().values.tolist() == part["probability"].tolist()
        assert panel.get_title("left").startswith(f"trained for $k$ = {k}")
        assert panel.get_title("left").endswith("pass@1 0.700   pass@16 0.800")
    assert axes[0, 0].figure.get_suptitle() == "step 2"


def test_every_step_is_drawn_by_the_given_function_on_one_scale():
    seen = []

    def count(frame, axes):
        seen.append((frame["step"].unique().tolist(), axes.shape))
        return axes

    animate(moving(), count)
    assert seen == [([step], (1, 2)) for step in range(4)]


def test_a_missing_column_is_named():
    with pytest.raises(InputError, match="missing: reward"):
        animate(moving().drop(columns="reward"))
