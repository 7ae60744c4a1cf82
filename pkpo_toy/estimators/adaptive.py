"""A max@k gradient whose baseline is learnt, without bias, from groups other than its own.

    w_i = base_i - (k/n) (c_0 + c_1 M_{k-1}(g_-i) + c_2 (M_k(g_-i) - M_{k-1}(g_-i)))

M_m(g_-i) is the mean maximum of the m-subsets of the other n-1 rewards; base is
`pkpo_loo_minus_one`, at k = 1 `rloo`. c = 0 is the base, c = (0, 0, 1) `centered_loo`,
c = (0, 0, (n-k)/(n-1)) `maxk_rloo` and c = (0, -1, 0) `pkpo`. The estimate is unbiased whenever c
does not depend on the group it is applied to: learnt from earlier steps, or from the other groups
of the batch. Theory and measurements: docs/best-estimator.md.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from pkpo_toy.errors import InputError
from pkpo_toy.estimators.learnt_baseline import (
    FEATURES,
    Evidence,
    applied,
    others,
    outer,
    solved,
    terms,
)
from pkpo_toy.estimators.validate import checked_k, checked_rewards
from pkpo_toy.typing import Array

FLOOR, SKETCH_FLOOR = 0.03, 1.0
"""How much sizes count beside true scores, and beside a sketch, a rough picture of them."""

_MOMENTUM = 0.9  # of the running mean of past estimates, taken off before learning


class Past(NamedTuple):
    """What is remembered of G learners' groups: two sums over them, older groups counting less.

    total (G, 4, 4): inner products of sum_i (base_i, features_i) score_i;
    squares (G, 9, 9): products of the features' part with itself, for the sums' uncertainty;
    mean (G, D): running mean of the gradient estimates;
    origin (G,): what rewards are measured from in M_{k-1}, so that its digits say something. It
    changes the numbers c, not the weights;
    coefficients (G, 3): what follows from all this.
    """

    total: Array
    squares: Array
    mean: Array
    origin: Array
    coefficients: Array


class AdaptiveLoo:
    """Weights with a learnt leave-one-out baseline; for one learner or, runs in front, for many.

    Rewards are (groups, n), or (..., groups, n) with independent learners in front, which share
    nothing. A step is `weights` (or `crossfit`) and then `observe`; `crossfit` observes by itself.
    Each (n, k) has a memory of its own. Until there is one, the weights are the base's.

    memory: about how many past groups count; prior: groups' worth of evidence against each
    coefficient; floor: how much of sum_i size_i f_i f_i^T, which any scores have on average, is
    added to what the scores at hand say (.03 for true scores, 1 for a rough sketch of them).
    """

    def __init__(self, memory: float = 256.0, prior: float = 8.0, floor: float = FLOOR) -> None:
        for name, value in (("memory", memory), ("prior", prior), ("floor", floor)):
            low = 1.0 if name == "memory" else 0.0
            if isinstance(value, bool) or not low <= value < np.inf:
                raise InputError(f"{name} must be a finite number >= {low:g}, got {value!r}.")
        self.memory, self.prior, self.floor = float(memory), float(prior), float(floor)
        self._past: dict[tuple[int, int], Past] = {}

    def weights(self, rewards: ArrayLike, k: int) -> NDArray[Any]:
        """Weights (..., n) by what was observed so far.

        Raises InputError for rewards or k out of their domain, as `pkpo_toy.weights`.
        """
        values, k, dtype = _checked(rewards, k)
        past = self._of(values, k)
        base, features = terms(values, k, 0.0 if past is None else past.origin)
        if past is None:
            return base.astype(dtype)
        return _weighed(base, features, past).astype(dtype)

    def coefficients(self, n: int, k: int) -> Array:
        """c_0, c_1, c_2 of each learner, (..., 3), rewards measured from a middle one of the first
        that were observed; zeros before anything was."""
        past = self._past.get((n, k))
        return np.zeros(FEATURES) if past is None else past.coefficients.copy()

    def observe(
        self,
        rewards: ArrayLike,
        k: int,
        scores: ArrayLike | None = None,
        sizes: ArrayLike | None = None,
    ) -> None:
        """Learn from groups whose weights have been used.

        scores (..., n, D): grad log pi(x_i), or a sketch of it; sizes (..., n): about |score_i|^2
        where no more is known, -log pi(x_i) for a language model. A bad stand-in costs variance,
        never bias. One of the two is needed: rewards alone mislead where scores depend on reward.

        Raises InputError for shapes that do not fit, numbers that are not finite, sizes below 0.
        """
        values, k, _ = _checked(rewards, k)
        evidence = self._evidence(values, k, scores, sizes)
        self._remember(values, k, evidence)

    def crossfit(
        self,
        rewards: ArrayLike,
        k: int,
        scores: ArrayLike | None = None,
        sizes: ArrayLike | None = None,
    ) -> NDArray[Any]:
        """Weights (..., groups, n), each group's by the past and the other groups; observes all.

        For batches of many groups; shapes of rewards, scores and sizes and errors as in `observe`.
        """
        values, k, dtype = _checked(rewards, k)
        evidence = self._evidence(values, k, scores, sizes)
        if values.ndim == 1:
            result = self.weights(values, k)
        else:
            past = self._of(values, k)
            grams = evidence.grams(self.floor, None if past is None else past.mean)
            total, squares = others(grams), others(outer(grams))
            if past is not None:
                total = total + past.total[..., None, :, :]
                squares = squares + past.squares[..., None, :, :]
            c = solved(total, squares, self.prior)
            result = applied(evidence.base, evidence.features, c)
        self._remember(values, k, evidence)
        return result.astype(dtype)

    def state(self) -> dict[str, Array]:
        """What was learnt, as arrays by name: for `numpy.savez`, and `restored`.

        Each part of `Past` under "n,k,part", in its shape.
        """
        return {
            f"{n},{k},{name}": array.copy()
            for (n, k), past in self._past.items()
            for name, array in past._asdict().items()
        }

    def restored(self, state: Mapping[str, NDArray[Any]]) -> Self:
        """This object with the state of another. Raises InputError for anything else."""
        found: dict[tuple[int, int], dict[str, Array]] = {}
        for name, array in state.items():
            n, k, field = _state_key(name)
            found.setdefault((n, k), {})[field] = np.asarray(array, dtype=np.float64)
        for (n, k), arrays in found.items():
            _check_state(n, k, arrays)
        self._past = {key: Past(**arrays) for key, arrays in found.items()}
        return self

    def _of(self, values: Array, k: int) -> Past | None:
        """What was learnt for these n and k, by as many learners as the rewards are for."""
        past = self._past.get((values.shape[-1], k))
        if past is not None and past.origin.shape != values.shape[:-2]:
            raise InputError(
                f"rewards must have the leading axes {past.origin.shape} of what was observed, "
                f"got shape {values.shape}."
            )
        return past

    def _evidence(
        self, values: Array, k: int, scores: ArrayLike | None, sizes: ArrayLike | None
    ) -> Evidence:
        return Evidence.of(terms(values, k, self._origin(values, k)), scores, sizes)

    def _origin(self, values: Array, k: int) -> Array:
        """A middle reward: any number would do, and this one is not moved by a few huge ones."""
        past = self._of(values, k)
        if past is not None:
            return past.origin
        return np.asarray(np.median(values, axis=(-1, -2) if values.ndim > 1 else -1))

    def _remember(self, values: Array, k: int, evidence: Evidence) -> None:
        key = values.shape[-1], k
        past = self._of(values, k)
        grams = evidence.grams(self.floor, None if past is None else past.mean)
        total, squares = grams.sum(axis=-3), outer(grams).sum(axis=-3)
        now = evidence.mean(_weighed(evidence.base, evidence.features, past))
        if past is not None:
            fading = (1.0 - 1.0 / self.memory) ** grams.shape[-3]
            total, squares = total + fading * past.total, squares + fading**2 * past.squares
            if past.mean.shape == now.shape:  # else the scores are of another kind than before
                now = _MOMENTUM * past.mean + (1.0 - _MOMENTUM) * now
        c = solved(total, squares, self.prior)
        self._past[key] = Past(total, squares, now, self._origin(values, k), c)


def _weighed(base: Array, features: Array, past: Past | None) -> Array:
    if past is None:
        return base
    c = past.coefficients
    return applied(base, features, c if base.ndim == 1 else c[..., None, :])


def _checked(rewards: ArrayLike, k: int) -> tuple[Array, int, DTypeLike]:
    values, dtype = checked_rewards(rewards)
    k = checked_k(k, values.shape[-1])
    if values.shape[-1] < 2:
        raise InputError(f"AdaptiveLoo needs n >= 2, got k = {k} with n = {values.shape[-1]}.")
    return values, k, dtype


def _state_key(name: str) -> tuple[int, int, str]:
    parts = name.split(",")
    if len(parts) != 3 or parts[2] not in Past._fields or not (parts[0] + parts[1]).isdecimal():
        raise InputError(f"state must hold what `state` gave, got the name {name!r}.")
    return int(parts[0]), int(parts[1]), parts[2]


def _check_state(n: int, k: int, arrays: dict[str, Array]) -> None:
    lead = arrays["total"].shape[:-2] if "total" in arrays else ()
    shapes = {"total": (*lead, 4, 4), "squares": (*lead, 9, 9), "origin": lead}
    shapes["coefficients"] = (*lead, 3)
    whole = set(arrays) == set(Past._fields) and arrays["mean"].shape[:-1] == lead
    if not whole or any(arrays[name].shape != shape for name, shape in shapes.items()):
        raise InputError(f"state of n = {n}, k = {k} must be whole, got parts of other shapes.")
    if not all(np.isfinite(array).all() for array in arrays.values()):
        raise InputError(f"state of n = {n}, k = {k} must be finite.")
