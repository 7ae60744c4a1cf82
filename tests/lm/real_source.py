"""A recipe of the documents inside a real checkout of the trainer it is for, other imports stubbed.

    python tests/lm/real_source.py rllm|slime|verl CHECKOUT RECIPE.py

The named modules are the checkout's own; whatever else they import is a stub that bears anything.
"""

import sys
from importlib import import_module
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_file_location
from pathlib import Path
from types import ModuleType, SimpleNamespace

import numpy as np
import torch

from pkpo_toy.estimators import weights

REAL = {
    "rllm": (
        "rllm.trainer.algorithms.advantage",
        "rllm.trainer.algorithms.config",
        "rllm.trainer.algorithms.rl_algo",
    ),
    "slime": ("slime.utils.types", "slime.ray.rollout"),
    "verl": (
        "verl.trainer.ppo.core_algos",
        "verl.trainer.ppo.ray_trainer",
        "verl.trainer.ppo.v1.utils",
    ),
}


class Anything:
    """Can be called, subclassed, indexed and decorated with; decorating hands it back."""

    def __call__(self, *given, **named):
        alone = len(given) == 1 and not named and callable(given[0])
        return given[0] if alone and not isinstance(given[0], Anything) else Anything()

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return Anything()

    def __getitem__(self, key):
        return Anything()

    def __or__(self, other):
        return Anything()

    __ror__ = __or__

    def __mro_entries__(self, bases):
        return ()


class Stub(ModuleType):
    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        real = f"{self.__name__}.{name}"
        return import_module(real) if any(real in names for names in REAL.values()) else Anything()


class Stubs:
    """Finds the real modules in the checkout, and stubs for the rest of it and what is missing."""

    def __init__(self, project, checkout):
        self.project, self.checkout, self.stubbed = project, Path(checkout), {project}

    def find_spec(self, name, path=None, target=None):
        if name in REAL[self.project]:
            return spec_from_file_location(name, self.checkout / (name.replace(".", "/") + ".py"))
        top = name.split(".")[0]
        if top not in self.stubbed and not installed(top):
            self.stubbed.add(top)
        return ModuleSpec(name, self, is_package=True) if top in self.stubbed else None

    def create_module(self, spec):
        return Stub(spec.name)

    def exec_module(self, module):
        pass


def installed(top):
    return any(
        finder.find_spec(top, None) is not None
        for finder in sys.meta_path
        if not isinstance(finder, Stubs)
    )


REWARDS = [[0.0, 0.5, 1.0, 0.5, 0.25, 0.0, 1.0, 0.75, 0.5, 0.0], [1.0, 0.0, 0.5]]
"""A full group, and one that was trimmed below k = 8."""
WANTED = [
    weights(group, min(8, len(group)), "pkpo_loo_minus_one", scale="mean") for group in REWARDS
]


def rllm(recipe):
    from rllm.trainer.algorithms.advantage import (
        collect_reward_and_advantage_from_trajectory_groups,
    )
    from rllm.trainer.algorithms.config import AlgorithmConfig

    exec(recipe, {})
    settings = {"adv_estimator": "other", "use_rllm": None}
    found = AlgorithmConfig.from_config(Dotted(settings))
    groups = [
        SimpleNamespace(
            group_role="solver",
            trajectories=[
                SimpleNamespace(reward=r, steps=[SimpleNamespace(advantage=None)]) for r in group
            ],
        )
        for group in REWARDS
    ]
    collect_reward_and_advantage_from_trajectory_groups(groups, found)
    for group, wanted in zip(groups, WANTED, strict=True):
        told = [trajectory.steps[0].advantage for trajectory in group.trajectories]
        np.testing.assert_allclose(told, wanted, atol=1e-12)


class Dotted(dict):
    __getattr__ = dict.__getitem__


def slime(recipe):
    from slime.ray.rollout import RolloutManager
    from slime.utils.types import Sample

    space = {}
    exec(recipe, space)
    args = SimpleNamespace(reward_key=None, n_samples_per_prompt=10)
    # Fan-out: rollout 3 of the first prompt became two samples, one of the second became three.
    samples, wanted, index = [], [], 0
    for group, (rewards, own) in enumerate(zip(REWARDS, WANTED, strict=True)):
        for reward, weight in zip(rewards, own, strict=True):
            for _ in range({3: 2, 11: 3}.get(index, 1)):
                sample = Sample(group_index=group, index=index, rollout_id=index)
                sample.reward = reward
                samples.append(sample)
                wanted.append(weight)
            index += 1
    manager = SimpleNamespace(args=args, custom_reward_post_process_func=space["pkpo"])
    raw, found = RolloutManager._post_process_rewards(manager, samples)
    assert raw == [sample.reward for sample in samples]
    np.testing.assert_allclose(found, wanted, atol=1e-12)


class Batch:
    """What is asked of verl's DataProto."""

    def __init__(self, batch, non_tensor_batch):
        self.batch, self.non_tensor_batch = batch, non_tensor_batch

    def __len__(self):
        return len(self.batch["response_mask"])


def verl(recipe):
    from verl.trainer.ppo.v1.utils import compute_advantage_for_multi_trajectories

    from pkpo_toy.lm import verl as ours

    assert ours.NAMES["rloo"] == "pkpo_toy_rloo"  # importing it registered them, beside verl's
    rewards = np.concatenate(REWARDS)
    data = Batch(
        {
            "token_level_rewards": torch.tensor(np.stack([np.zeros_like(rewards), rewards], 1)),
            "response_mask": torch.ones(len(rewards), 2),
        },
        {"uid": np.repeat(["first", "second"], [len(group) for group in REWARDS]).astype(object)},
    )
    keys = [f"{uid}_{i}_0" for i, uid in enumerate(data.non_tensor_batch["uid"])]
    compute_advantage_for_multi_trajectories(
        data,
        keys,
        "pkpo_loo_minus_one",
        config={"k": 8, "when_short": "clamp"},
    )
    np.testing.assert_allclose(data.batch["advantages"][:, 0], np.concatenate(WANTED), atol=1e-6)


if __name__ == "__main__":
    project, checkout, recipe = sys.argv[1:]
    sys.meta_path.insert(0, Stubs(project, checkout))
    {"rllm": rllm, "slime": slime, "verl": verl}[project](Path(recipe).read_text("utf-8"))
    print(f"{project}: the recipe works in {checkout}")
