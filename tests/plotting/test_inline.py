"""A figure as part of a web page: its curves have names, its ids are its own, it is small."""

import re
from io import BytesIO
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest
from matplotlib import rc_context

from pkpo_toy.plotting import FIGURES, draw
from pkpo_toy.plotting.inline import inline
from pkpo_toy.plotting.style import estimator_look, ordered, styled
from tests.plotting import frames
from tests.plotting.drawing import usual_figure

ROOT = Path(__file__).parents[2]
SUMMARY = pd.read_csv(ROOT / "results" / "variance" / "summary.csv")


@pytest.fixture(scope="module")
def canvas():
    return draw("variance", SUMMARY)


@pytest.fixture(scope="module")
def svg(canvas):
    return inline(canvas, "variance-")


def panels(svg):
    """The parts of the figure that hold curves, with the series drawn in each."""
    found = [{one.get("data-series") for one in group} - {None} for group in svg.iter("g")]
    return [series for series in found if series]


def entries(svg):
    """Series -> what the legend calls it."""
    names = {}
    for one in svg.iter():
        text = "".join(one.itertext()).strip()
        if one.get("data-entry") and text:
            names[one.get("data-entry")] = text
    return names


def test_every_curve_has_the_name_of_its_legend_in_every_panel(svg):
    expected = [estimator_look(name).label for name in ordered(SUMMARY["estimator"])]
    names = entries(svg)
    assert list(names.values())[:-1] == [one.replace("$-$", "−") for one in expected]
    assert list(names.values())[-1].startswith("noise = signal")
    assert len(panels(svg)) == 3
    for series in panels(svg):
        assert series == set(names)


# The legend of the atlas names the areas of its maps; there are no curves.
@pytest.mark.parametrize("name", sorted(FIGURES.keys() - {"atlas"}))
def test_every_name_in_a_legend_has_its_curves(name):
    svg = inline(usual_figure(name), "x-")
    drawn = set().union(*panels(svg))
    assert drawn == set(entries(svg))
    assert entries(svg) or name in {"objective_matrix", "passk"}


def test_curves_of_one_color_are_told_apart_by_the_legend():
    frame = frames.learning_curves()
    one = frame[frame["label"] == "k = n = 16"]
    frame = pd.concat([one, one.assign(k_opt="16", label="k = 16")], ignore_index=True)
    svg = inline(draw("learning_curves", frame), "x-")
    assert sorted(entries(svg).values()) == ["k = 16", "k = n = 16"]
    assert all(len(series) == 2 for series in panels(svg))


def test_every_id_is_used_and_its_own(svg, canvas):
    other = inline(canvas, "other-")
    ids = [one.get("id") for root in (svg, other) for one in root.iter() if one.get("id")]
    assert len(ids) == len(set(ids)) > 0
    for root, prefix in ((svg, "variance-"), (other, "other-")):
        own = {one.get("id") for one in root.iter() if one.get("id")}
        used = set(re.findall(r'(?:url\(|href=")#([^)"]+)', ElementTree.tostring(root, "unicode")))
        assert own == used
        assert all(name.startswith(prefix) for name in own)


def test_curves_lie_where_they_lie_in_the_file(svg, canvas):
    buffer = BytesIO()
    with styled(), rc_context({"svg.fonttype": "none"}):
        canvas.savefig(buffer, format="svg")
    whole = buffer.getvalue().decode()

    def points(text):
        paths = re.findall(r'<path\b[^>]*?\sd="([^"]*)"', text)
        lines = [one for one in paths if len(re.findall("L", one)) > 4 and "C" not in one]
        return sorted(tuple(map(float, re.findall(r"-?\d+\.?\d*", one))) for one in lines)

    found, expected = points(ElementTree.tostring(svg, "unicode")), points(whole)
    assert len(found) > 3 * 6
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=0, atol=0.0051)


def test_the_figure_itself_is_not_changed(svg, canvas):
    assert not any(one.get_gid() for one in canvas.findobj())


def test_formulas_can_be_read(svg):
    texts = ["".join(one.itertext()) for one in svg.iter("text")]
    assert texts.count("samples n") == 3
    assert "n Var[g\N{COMBINING CIRCUMFLEX ACCENT}]" in texts


@pytest.mark.parametrize("name", ["transforms", "audit"])
def test_a_figure_is_small(name):
    frame = pd.read_csv(ROOT / "results" / name / "summary.csv")
    text = ElementTree.tostring(inline(draw(name, frame), "x-"), "unicode", method="html")
    assert len(text) < 150_000
    whole = ROOT / "figures" / f"{name}.svg"
    assert len(text) < 0.65 * whole.stat().st_size
