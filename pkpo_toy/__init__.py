"""Pass@k policy gradients on problems small enough to know the truth."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from pkpo_toy.package import __version__ as __version__

if TYPE_CHECKING:
    from pkpo_toy.estimators import ESTIMATORS, grouped_weights, max_at_k, pass_at_k, weights
    from pkpo_toy.experiment import audit, load, run
    from pkpo_toy.samples.compare import compare
    from pkpo_toy.samples.passk import passk
    from pkpo_toy.training.frame import train

__all__ = [
    "ESTIMATORS",
    "audit",
    "compare",
    "grouped_weights",
    "load",
    "max_at_k",
    "pass_at_k",
    "passk",
    "run",
    "train",
    "weights",
]

_HOMES = dict.fromkeys(__all__, "pkpo_toy.estimators")
_HOMES |= dict.fromkeys(("audit", "load", "run"), "pkpo_toy.experiment")
_HOMES["train"] = "pkpo_toy.training.frame"
_HOMES |= {"compare": "pkpo_toy.samples.compare", "passk": "pkpo_toy.samples.passk"}


def __getattr__(name: str) -> Any:
    # Loaded when asked for: the command line's --help waits neither for numpy nor for pandas.
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
