"""The recipes for other trainers, as printed: against stand-ins here, and against real source.

The second needs checkouts: PKPO_TOY_SOURCES=FOLDER, with FOLDER/rllm, FOLDER/slime, FOLDER/verl.
"""

import os
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest

from tests.lm.real_source import REWARDS, WANTED

ROOT = Path(__file__).parents[2]
SOURCES = os.environ.get("PKPO_TOY_SOURCES")
BLOCKS = [
    block
    for page in (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")))
    for block in re.findall(r"^```py\n(.*?)^```", page.read_text("utf-8"), re.M | re.S)
]


def recipe(mark):
    (found,) = [block for block in BLOCKS if mark in block]
    return found


RECIPES = {
    "rllm": recipe("register_rllm_adv_estimator"),
    "slime": recipe("--custom-reward-post-process-path"),
    "verl": "",  # a line of the shell: the module itself is tested
}


def test_rllm_by_a_stand_in(monkeypatch):
    """rLLM looks every name that is not its own up as "other"."""
    registry = {}
    for name in ("rllm", "rllm.trainer", "rllm.trainer.algorithms"):
        monkeypatch.setitem(sys.modules, name, ModuleType(name))
    module = ModuleType("rllm.trainer.algorithms.advantage")
    module.register_rllm_adv_estimator = lambda name: lambda f: registry.setdefault(name, f)
    monkeypatch.setitem(sys.modules, module.__name__, module)
    exec(RECIPES["rllm"], {})
    found, _ = registry["other"]([np.array(group) for group in REWARDS], algorithm_config=None)
    for mine, wanted in zip(found, WANTED, strict=True):
        np.testing.assert_array_equal(mine, wanted)


@pytest.mark.parametrize("annotated", [True, False])
def test_slime_by_a_stand_in(annotated):
    """Groups are read off group_index in any order; a rollout in parts counts once."""
    samples = [
        SimpleNamespace(
            group_index=group,
            index=100 * group + i,
            rollout_id=100 * group + i if annotated else None,
            get_reward_value=lambda args, reward=reward: reward,
            wanted=WANTED[group][i],
        )
        for group, rewards in enumerate(REWARDS)
        for i, reward in enumerate(rewards)
        for _ in range(1 + (annotated and i % 3))
    ]
    shuffled = [samples[i] for i in np.random.default_rng(0).permutation(len(samples))]
    if annotated:  # the order of a group's rewards is that of its last parts
        shuffled = samples
    space = {}
    exec(RECIPES["slime"], space)
    raw, found = space["pkpo"](None, shuffled)
    assert raw == [sample.get_reward_value(None) for sample in shuffled]
    np.testing.assert_allclose(found, [sample.wanted for sample in shuffled], atol=1e-12)


@pytest.mark.skipif(not SOURCES, reason="PKPO_TOY_SOURCES names no checkouts")
@pytest.mark.parametrize("project", RECIPES)
def test_the_real_source(project, tmp_path):
    (tmp_path / "recipe.py").write_text(RECIPES[project], "utf-8")
    command = ["tests/lm/real_source.py", project, f"{SOURCES}/{project}", tmp_path / "recipe.py"]
    done = subprocess.run(
        [sys.executable, *command], cwd=ROOT, capture_output=True, text=True, check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "the recipe works" in done.stdout
