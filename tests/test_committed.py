"""The paper's results in the repository: complete, clean, and what the figures are drawn from."""

import json
from importlib.metadata import version
from pathlib import Path

import pandas as pd
import pytest

from pkpo_toy.cli.support.results import open_stored
from pkpo_toy.experiment import draw
from pkpo_toy.studies.table import STUDIES, SUITES

ROOT = Path(__file__).parent.parent
RESULTS, FIGURES = ROOT / "results", ROOT / "figures"
FOUND = sorted(path.parent.name for path in RESULTS.glob("*/manifest.json"))


@pytest.mark.parametrize("name", FOUND)
def test_figures_are_drawn_again_from_committed_results(name, tmp_path):
    stored = open_stored(name, RESULTS)
    drawn = draw(stored.folder, stored.study, stored.name, stored.keys, tmp_path, again=False)
    assert [path.suffix for path in drawn] == [".png", ".svg"]
    # Another version of matplotlib may draw other pixels; the same one must not.
    same = stored.manifest["versions"]["matplotlib"] == version("matplotlib")
    for path in drawn:
        committed = (FIGURES / path.name).read_bytes()
        assert path.stat().st_size > 1000
        assert not same or path.read_bytes() == committed, f"{path.name} is not up to date"


@pytest.mark.parametrize("name", FOUND)
def test_committed_results_tell_how_they_were_made(name):
    manifest = json.loads((RESULTS / name / "manifest.json").read_text("utf-8"))
    assert manifest["name"] == name
    assert manifest["study"] in STUDIES
    assert manifest["failed"] == []
    assert manifest["git"]["dirty"] is False
    assert manifest["times"]["finished"]
    assert not any("/" in word for word in manifest["command"])


def test_committed_optima_are_those_of_the_paper():
    table = pd.read_csv(RESULTS / "landscape" / "summary.csv").set_index("k")
    assert table.theta_star.round(3).to_dict() == {
        1: 0.862, 2: 0.902, 4: 0.939, 8: 0.969, 16: 0.986,
    }  # fmt: skip


def test_committed_claims_hold():
    audit = pd.read_csv(RESULTS / "audit" / "summary.csv")
    unbiased = audit[audit.claim == "unbiased"]
    assert (abs(unbiased.scale - 1) < 1e-9).all()
    assert (abs(unbiased.cosine - 1) < 1e-9).all()


def test_the_whole_paper_is_there():
    assert set(SUITES["paper"]) <= set(FOUND)
