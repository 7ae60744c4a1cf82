"""An estimator as a user names it: a key of the table, or FILE.py:FUNCTION of their own."""

from __future__ import annotations

import hashlib
import importlib.util
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pkpo_toy.errors import InputError
from pkpo_toy.estimators import Estimator, estimator_named

Array = NDArray[np.float64]
Weigh = Callable[[Array, int], Array]


@dataclass(frozen=True)
class Chosen:
    """An estimator ready for the simulator: `record` is None for the user's own."""

    name: str
    record: Estimator | None
    own: Weigh | None = None

    def weigh(self, rng: np.random.Generator, **options: float) -> Weigh:
        """The function (rewards (..., n), k) -> weights; a random estimator draws from `rng`."""
        if self.record is None:
            assert self.own is not None
            return partial(_checked, self.name, self.own)
        if self.record.random:
            return partial(self.record.function, rng=rng, **options)
        return partial(self.record.function, **options) if options else self.record.function

    def weigh_freely(self, rng: np.random.Generator) -> Weigh:
        """As `weigh`, but NaN and infinite weights of the user's own come through: training stops
        the run that met them and no other."""
        if self.own is not None:
            return partial(_shaped, self.name, self.own)
        return self.weigh(rng)

    def allows(self, n: int, k: int) -> bool:
        """Whether (n, k) lies in the estimator's domain."""
        try:
            self.check(n, k)
        except InputError:
            return False
        return True

    def check(self, n: int, k: int) -> None:
        """InputError unless (n, k) lies in the estimator's domain."""
        if self.record is not None:
            self.record.check(n, k)


def choose(name: str) -> Chosen:
    """The estimator of that key, or the function of `FILE.py:FUNCTION`.

    Raises: InputError for an unknown key (nearest name), a file or function that is not there.
    """
    file, colon, function = name.rpartition(":")
    if not colon or not file.endswith(".py"):
        return Chosen(name, estimator_named(name))
    return Chosen(name, None, _load(Path(file), function))


def _load(path: Path, function: str) -> Weigh:
    try:
        return _loaded(path, function, path.stat().st_mtime_ns)
    except (FileNotFoundError, NotADirectoryError):
        raise InputError(f"estimator {path}:{function}: there is no file {str(path)!r}.") from None


@lru_cache(maxsize=64)
def _loaded(path: Path, function: str, modified: int) -> Weigh:
    """The function of the file as it was at that time: a file is read once, not once per cell."""
    digest = hashlib.sha256(str(path.resolve()).encode()).hexdigest()[:12]
    spec = importlib.util.spec_from_file_location(f"own_estimator_{digest}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        kind = type(error).__name__
        raise InputError(
            f"estimator file {str(path)!r} fails on import: {kind}: {error}"
        ) from error
    own = getattr(module, function, None)
    if not callable(own):
        defined = [name for name, value in vars(module).items() if callable(value)]
        has = f"it defines {', '.join(defined)}" if defined else "it defines no function"
        raise InputError(f"{str(path)!r} has no function {function!r}; {has}.")
    found: Weigh = own
    return found


def _shaped(name: str, own: Weigh, rewards: Array, k: int) -> Array:
    """The user's weights, refused unless they are numbers in the shape of the rewards."""
    answer: Any = own(rewards.copy(), k)
    weights = np.asarray(answer, dtype=np.float64)
    if weights.shape != rewards.shape:
        raise InputError(
            f"estimator {name} must return weights of shape {rewards.shape}, got {weights.shape}."
        )
    return weights


def _checked(name: str, own: Weigh, rewards: Array, k: int) -> Array:
    """The same, refused unless they are finite too."""
    weights = _shaped(name, own, rewards, k)
    if not np.isfinite(weights).all():
        raise InputError(f"estimator {name} returned NaN or infinite weights for k = {k}.")
    return weights
