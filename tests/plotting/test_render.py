"""Rendering: the same bytes everywhere, nothing left changed, and a sentence for a wrong frame."""

import json
import os
import re
import subprocess
import sys
from contextlib import redirect_stdout
from functools import cache
from hashlib import sha256
from io import BytesIO, StringIO
from pathlib import Path

import matplotlib
import pytest
from PIL import Image

from pkpo_toy.errors import InputError
from pkpo_toy.plotting import FIGURES, animate, render
from pkpo_toy.plotting.render import draw
from tests.plotting.drawing import left_alone, panels_in, usual_figure
from tests.plotting.frames import FRAMES, moving

ROOT = Path(__file__).parent.parent.parent


@cache
def pictures_of(name):
    """The figure with a title, drawn once."""
    with left_alone(FRAMES[name]()) as frame:
        return render(name, frame, title="title")


def print_digests(names):
    for name in names:
        for kind, data in pictures_of(name).items():
            print(name, kind, sha256(data).hexdigest())
    print("moving gif", sha256(animate(moving())).hexdigest())


DRAWN_AGAIN = {
    manifest["study"]
    for manifest in map(json.loads, map(Path.read_text, ROOT.glob("results/*/manifest.json")))
    if manifest["versions"]["matplotlib"] == matplotlib.__version__
}
"""The figures of committed results: test_committed.py draws them from these, byte for byte, with a
user's settings and in another process than the one that made them."""
OTHERS = [name for name in FIGURES if name not in DRAWN_AGAIN]


ALLOWED = [f"-W{one}" for one in re.findall(r"-W (\S+)", os.environ.get("PYTEST_ADDOPTS", ""))]
STRICT = [sys.executable, "-Werror", *ALLOWED, "-c"]
"""Python where warnings are errors, but for those that are not in this run of the tests."""


ELSEWHERE = """
import matplotlib
kept = {key: value for key, value in matplotlib.rcParams.items() if key != "backend"}
from tests.plotting.test_render import OTHERS, print_digests
print_digests(OTHERS)
assert kept == {key: value for key, value in matplotlib.rcParams.items() if key != "backend"}
"""


def test_bytes_do_not_depend_on_process_hash_seed_locale_or_the_users_settings(tmp_path):
    """Nor are the settings changed by importing or drawing."""
    (tmp_path / "matplotlibrc").write_text("font.size: 20\naxes.labelpad: 20\nsavefig.dpi: 30\n")
    assert {"compare", "passk"} <= set(OTHERS)
    with redirect_stdout(StringIO()) as printed:
        print_digests(OTHERS)
    settings = {"MATPLOTLIBRC": str(tmp_path), "LC_ALL": "C", "TZ": "Asia/Tokyo"}
    done = subprocess.run(
        [*STRICT, ELSEWHERE],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
        env=os.environ | settings | {"PYTHONHASHSEED": "2"},
    )
    assert printed.getvalue() == done.stdout
    assert done.stdout.count("\n") == 2 * len(OTHERS) + 1


@pytest.mark.parametrize("name", FIGURES)
def test_drawing_leaves_frame_settings_and_pyplot_alone_and_fits_a_page(name):
    assert usual_figure(name).get_figwidth() <= 7.5  # the rest is looked after there


@pytest.mark.parametrize("name", OTHERS)
def test_render_gives_png_and_svg_without_versions_and_dates(name):
    pictures = pictures_of(name)
    assert list(pictures) == ["png", "svg"]
    width, height = draw(name, FRAMES[name](), title="title").get_size_inches()
    with Image.open(BytesIO(pictures["png"])) as image:
        assert image.size == pytest.approx((200 * width, 200 * height), abs=1)
        assert "Software" not in image.info
    assert pictures["svg"].startswith(b"<?xml")
    assert b"<dc:date>" not in pictures["svg"]


def test_a_title_is_drawn():
    assert b"<!-- A title -->" in render("passk", FRAMES["passk"](), title="A title")["svg"]


@pytest.mark.parametrize("name", FIGURES)
def test_a_missing_column_is_named(name):
    for column in FIGURES[name].columns:
        with pytest.raises(InputError, match=f"missing: {column}\\."):
            render(name, FRAMES[name]().drop(columns=column))


@pytest.mark.parametrize("name", FIGURES)
def test_no_column_is_drawn_that_is_not_asked_for(name):
    assert panels_in(draw(name, FRAMES[name]()[list(FIGURES[name].columns)]))


def test_a_frame_without_rows_is_refused():
    with pytest.raises(InputError, match="at least one row"):
        render("passk", FRAMES["passk"]().iloc[:0])


def test_an_unknown_figure_is_refused_with_the_nearest_name():
    with pytest.raises(InputError, match="Did you mean 'variance'"):
        render("varience", FRAMES["variance"]())
