"""What was found, in sentences that are read off the summary of a study."""

from __future__ import annotations

from collections.abc import Callable
from math import hypot
from typing import TYPE_CHECKING, Any

import numpy as np

from pkpo_toy.estimators import ESTIMATORS
from pkpo_toy.plotting import estimator_look

if TYPE_CHECKING:
    import pandas as pd

Z = 1.96
"""Half of a 95% interval in standard errors."""

BIASED = 5.0
"""Standard errors between a mean and the truth that no chance explains in a table of this size."""


def findings(study: str, summary: pd.DataFrame) -> list[str]:
    """The sentences of that study; none where the summary has not its columns or was swept."""
    identity, columns, sentences = FINDINGS.get(study, ((), (), None))
    if sentences is None or summary.empty or not {*identity, *columns} <= set(summary.columns):
        return []
    if summary.duplicated(list(identity)).any():
        return []  # swept by a setting that the sentences do not know
    return sentences(summary)


def name_of(estimator: str) -> str:
    """An estimator's name as text: as in the figures, without formulas."""
    label = estimator_look(estimator).label
    return label.replace("$-$", "−").replace(r"\$", "\0").replace("$", "").replace("\0", "$")


def landscape(frame: pd.DataFrame) -> list[str]:
    """The optimum moves."""
    ordered = frame.sort_values("k")
    first, last = ordered.iloc[0], ordered.iloc[-1]
    return [
        f"The best policy mean is {first.theta_star:.3f} for k = {first.k:g} and "
        f"{last.theta_star:.3f} for k = {last.k:g} (exact, by quadrature)."
    ]


def element_weights(frame: pd.DataFrame) -> list[str]:
    """The weight of the best sample."""
    found = []
    for n, part in frame.groupby("n"):
        best = part[part["rank"] == n].set_index("k")["weight"]
        share = best / part.groupby("k")["weight"].sum()
        low, high = share.index.min(), share.index.max()
        silent = int((part[part["k"] == high]["weight"] == 0).sum())
        found.append(
            f"Of n = {n} samples the best one carries {share[low]:.1%} of the weight at k = {low} "
            f"and {share[high]:.1%} at k = {high}, where {silent} samples carry none (exact)."
        )
    return found


def variance(frame: pd.DataFrame) -> list[str]:
    """Who is least noisy at the largest n, and whether anyone is biased."""
    found = []
    for k, part in frame.groupby("k"):
        n = part["n"].max()
        ends = part[part["n"] == n].sort_values("variance")
        least, most = ends.iloc[0], ends.iloc[-1]
        text = f"At n = {n}, k = {k} {name_of(least.estimator)} has the lowest variance, "
        text += _with_error(least.variance, least.variance_se)
        if len(ends) > 1:
            text += _next(least, ends.iloc[1])
            text += f"; {name_of(most.estimator)} the highest, "
            text += f"{most.variance / least.variance:.3g} times as much"
        found.append(text + ".")
    away = (frame["mean"] - frame["true_gradient"]).abs() / frame["mean_se"]
    worst = frame.assign(away=away).sort_values("away").iloc[-1]
    who, far = name_of(worst.estimator), f"{worst.away:.1f} standard errors"
    if worst.away > BIASED:
        found.append(f"{who} is biased: at n = {worst.n} its mean is {far} from the true gradient.")
    else:
        found.append(f"No mean is further than {far} from the true gradient ({len(frame)} means).")
    return found


def _next(least: Any, second: Any) -> str:
    """The one behind, and whether the two are told apart."""
    gap = second.variance - least.variance
    apart = gap > Z * hypot(least.variance_se, second.variance_se)
    text = f", before {name_of(second.estimator)} with {second.variance:.3g}"
    return text if apart else f", not told apart from {name_of(second.estimator)}"


def transforms(frame: pd.DataFrame) -> list[str]:
    """The weight of the lowest and the highest reward at the largest k."""
    k = frame["k"].max()
    ends = []
    for name, part in frame[frame["k"] == k].groupby("estimator", sort=False):
        ordered = part.sort_values("reward")
        texts = [_with_error(row.weight, row.weight_se) for row in ordered.itertuples()]
        ends.append(f"from {texts[0]} to {texts[-1]} with {name_of(str(name))}")
    return [f"At k = {k}, from the lowest to the highest reward, the mean weight goes "
            + ", ".join(ends) + "."]  # fmt: skip


def _with_error(value: float, error: float) -> str:
    return f"{value:.3g} ± {error:.1g}" if error else f"{value:.3g}"


def audit(frame: pd.DataFrame) -> list[str]:
    """Whether who claims to be unbiased is, and who is least noisy."""
    claimed = frame[frame["claim"] == "unbiased"]
    if claimed.empty:
        return []
    exact = claimed[claimed["scale_se"].isna()]
    off = np.nanmax([(exact["scale"] - 1).abs().max(), (exact["cosine"] - 1).abs().max(), 0.0])
    who, where = claimed["estimator"].nunique(), claimed["instance"].nunique()
    holds = "holds" if off < 1e-9 else "does not hold"
    found = [
        f"{who} of {frame['estimator'].nunique()} estimators claim to be unbiased; over {where} "
        f"instances this {holds}: scale and cosine are 1 to within {off:.0e} (exact)."
    ]
    same = claimed[claimed["estimator"].map(_unbiased_for) == _unbiased_for("pkpo")]
    least = same.groupby("instance")["relative_variance"].transform("min")
    counts = same.loc[same["relative_variance"] <= least * (1 + 1e-9), "estimator"].value_counts()
    names = [f"{name_of(str(name))} on {count}" for name, count in counts.items()]
    found.append("Of those for max@k, the lowest variance has " + ", ".join(names) + ".")
    return found


def _unbiased_for(estimator: str) -> str:
    """The objective of an estimator of the table; "" for a user's own."""
    return ESTIMATORS[estimator].unbiased_for if estimator in ESTIMATORS else ""


def training(frame: pd.DataFrame) -> list[str]:
    """Who is best at the end for each k_eval."""
    measure = str(frame["measure"].iloc[0]) if "measure" in frame else "pass@k"
    found = []
    for k, part in frame[frame["step"] == frame["step"].max()].groupby("k_eval"):
        ends = part.sort_values("value", ascending=False)
        best = ends.iloc[0]
        text = f"At the end {measure.replace('@k', f'@{k}')} is highest with “{best.label}”: "
        text += f"{best.value:.3f} [{best.low:.3f}, {best.high:.3f}]"
        close = [f"“{row.label}”" for row in ends.iloc[1:].itertuples() if row.high >= best.low]
        if close:
            text += f"; not told apart from {', '.join(close)}"
        elif len(ends) > 1:
            text += f", before “{ends.iloc[1].label}” with {ends.iloc[1].value:.3f}"
        found.append(text + ".")
    return found


def hard_problems(frame: pd.DataFrame) -> list[str]:
    """The share of runs that find the higher peak."""
    last = frame[frame["step"] == frame["step"].max()]
    shares = [f"{row.solved_fraction:.0%} with “{row.label}”" for row in last.itertuples()]
    return [f"Of {last['runs'].max():g} runs each the higher peak was found by "
            + ", ".join(shares) + "."]  # fmt: skip


def objective_matrix(frame: pd.DataFrame) -> list[str]:
    """Whether each k_eval is best served by its own k, and by how much."""
    own, margins = [], []
    for k, part in frame.groupby("k_eval"):
        ends = part.sort_values("value", ascending=False)
        best, second = ends.iloc[0], ends.iloc[min(1, len(ends) - 1)]
        own.append(best.k_opt == k)
        margins.append((best.value - second.value) / hypot(best.se, second.se))
    reached = frame.groupby("k_eval")["value"].max() / frame.groupby("k_eval")["optimum"].max()
    text = f"{sum(own)} of {len(own)} k_eval are best served by training for the same k"
    if all(own):
        text += f", by at least {min(margins):.0f} standard errors"
    return [text + f"; the best of each reaches at least {reached.min():.2%} of the optimum."]


def pass_rates(frame: pd.DataFrame) -> list[str]:
    """Where training gains most, for each k_eval."""
    first = frame[frame["step"] == frame["step"].min()]
    last = frame[frame["step"] == frame["step"].max()]
    keys = ["label", "k_eval", "difficulty"]
    both = last.merge(first[[*keys, "value"]], on=keys, suffixes=("", "_before"))
    found = []
    for k, part in both.groupby("k_eval"):
        most = part.loc[(part["value"] - part["value_before"]).idxmax()]
        found.append(
            f"pass@{k} gains most with “{most.label}” on problems that began at {most.difficulty}: "
            f"from {most.value_before:.3f} to {most.value:.3f} [{most.low:.3f}, {most.high:.3f}]."
        )
    return found


Sentences = Callable[["pd.DataFrame"], list[str]]

_ENDS = ("value", "low", "high")
FINDINGS: dict[str, tuple[tuple[str, ...], tuple[str, ...], Sentences | None]] = {
    "landscape": (("k",), ("theta_star",), landscape),
    "element_weights": (("n", "k", "rank"), ("weight",), element_weights),
    "variance": (
        ("estimator", "n", "k"),
        ("variance", "variance_se", "mean", "mean_se", "true_gradient"),
        variance,
    ),
    "transforms": (("estimator", "n", "k", "reward"), ("weight", "weight_se"), transforms),
    "audit": (
        ("estimator", "instance"),
        ("claim", "scale", "cosine", "scale_se", "relative_variance"),
        audit,
    ),
    "annealing": (("label", "step", "k_eval"), _ENDS, training),
    "learning_curves": (("label", "step", "k_eval"), _ENDS, training),
    "bandit": (("label", "step", "k_eval"), _ENDS, training),
    "lm": (("label", "step", "k_eval"), _ENDS, training),
    "hard_problems": (("label", "step"), ("solved_fraction", "runs"), hard_problems),
    "objective_matrix": (("k_opt", "k_eval"), ("value", "se", "optimum"), objective_matrix),
    "pass_rates": (("label", "step", "k_eval", "difficulty"), _ENDS, pass_rates),
}
"""Study -> what tells its rows apart, what else the sentences read, and the sentences."""
