"""Pass@k policy gradients on problems small enough to know the truth."""

from typing import Any

from pkpo_toy.estimators import ESTIMATORS, grouped_weights, max_at_k, pass_at_k, weights

__version__ = "0.1.0"

__all__ = ["ESTIMATORS", "grouped_weights", "max_at_k", "pass_at_k", "train", "weights"]


def __getattr__(name: str) -> Any:
    # Training returns a pandas frame, and pandas is slow to load: only who trains waits for it.
    if name == "train":
        from pkpo_toy.studies.training import train

        return train
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
