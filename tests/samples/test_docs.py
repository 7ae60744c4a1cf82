"""docs/evaluations.md against the tables: formats, metrics, and the exact biases as computed."""

import re
from pathlib import Path

import pytest

from pkpo_toy.samples.bias import metric_bias
from pkpo_toy.samples.formats.table import FORMATS
from pkpo_toy.samples.metrics import METRICS

PAGE = (Path(__file__).parents[2] / "docs" / "evaluations.md").read_text("utf-8")


def test_every_format_and_metric_is_explained():
    assert re.findall(r"^\| `([a-z_]+)` \|", PAGE, re.MULTILINE) == list(FORMATS)
    for name in METRICS:
        assert f"| `{name}` |" in PAGE


def test_the_biases_are_those_of_the_code():
    lines = [
        line.split("|")[1:-1] for line in PAGE.splitlines() if re.match(r"\| \d+ \| \d+ \|", line)
    ]
    assert len(lines) == 9
    names = ["plug_in", "verl_best_at_k", "first_k"]
    for cells in lines:
        n, k, p, truth, *rest = map(float, cells)
        rows = metric_bias(p, int(n), int(k)).set_index("metric")
        expected = [*rows["bias"][names], *rows["sd"][["unbiased", *names]]]
        assert truth == pytest.approx(rows["truth"].iloc[0], abs=5e-5)
        assert rest == pytest.approx(expected, abs=5.1e-4)
