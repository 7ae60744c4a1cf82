"""The tables of docs/best-estimator.md say what the committed results hold."""

import importlib.util
from pathlib import Path

import numpy as np
import pandas as pd

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "best-estimator.md").read_text("utf-8")
SHOWN = {
    "`pkpo_loo_minus_one`, `rloo` at k = 1": "pkpo_loo_minus_one",
    "`centered_loo` (k < n)": "centered_loo",
    "`maxk_rloo`": "maxk_rloo",
    "learnt from 64 groups": "learnt from 64",
    "learnt from 256 groups": "learnt from 256",
    "best coefficients": "best coefficients",
}


def script(name):
    path = ROOT / "scripts" / f"{name}.py"
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_table_of_the_atlas():
    module = script("atlas_summary")
    frame = pd.read_csv(ROOT / "results" / "atlas" / "summary.csv")
    for label, name in SHOWN.items():
        ratios = module.of(module.usual(frame), name)
        middle, above = np.exp(np.log(ratios).mean()), (ratios > 1.02).mean()
        row = f"| {label} | {middle:.3f} | {ratios.max():.2f} | {above:.0%} | {len(ratios)} |"
        assert row in PAGE, row


def test_the_table_of_training():
    frame = pd.read_csv(ROOT / "results" / "less_variance" / "summary.csv")
    problems = frame.groupby(["problem", "n", "k", "optimiser"], sort=False)
    assert len(problems) == 8
    for (problem, n, k, optimiser), part in problems:
        cells = [
            f"{row.to_near:.0f} [{row.to_near_low:.0f}, {row.to_near_high:.0f}]"
            + "*" * bool(row.at_edge)
            for row in part.itertuples()
        ]
        row = f"| `{problem}` | {n} | {k} | {optimiser} | {' | '.join(cells)} |"
        assert row in PAGE, row


def test_the_table_of_training_a_language_model():
    frame = pd.read_csv(ROOT / "results" / "less_variance_lm" / "summary.csv")
    rows = script("less_variance_lm").rows(frame)
    assert len(rows) == len(frame) == 28
    for row in rows:
        assert row in PAGE, row


def test_a_difference_beyond_chance_is_one_that_few_flips_of_signs_make():
    module = script("less_variance_lm")
    assert module.chance(np.ones(8)) == 2 / 2**8
    assert module.chance(np.array([1.0, 1.0, -0.5])) == 4 / 8  # sums of size 1.5 and 2.5, not .5
    same = np.arange(1.0, 17.0)
    assert module.interval(same, ".1f", 24).endswith("!")
    assert not module.interval(same - 8, ".1f", 24).endswith("!")
