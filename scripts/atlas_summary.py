"""The atlas in numbers: python scripts/atlas_summary.py [results/atlas/summary.csv]

Geometric mean, worst case and share above 1.02 of each estimator's variance over that of the best
known one at the same point, where rloo stands in for estimators that need k >= 2.
"""

import sys
from pathlib import Path

import numpy as np
import pandas as pd

ROOT = Path(__file__).parent.parent
POINT = ["family", "setting", "n", "k"]
RARE = 0.01  # a point where fewer groups than this carry 90% of the variance is shown apart


def line(name: str, ratios: pd.Series) -> str:
    """One estimator over some points."""
    positive = ratios[ratios > 0]
    middle = float(np.exp(np.log(positive).mean()))
    above = float((ratios > 1.02).mean())
    return f"{name:32s} {middle:10.4g} {ratios.max():10.4g} {above:8.0%} {len(ratios):7d}"


def of(frame: pd.DataFrame, name: str) -> pd.Series:
    """over_known of one estimator, point by point; rloo at k = 1 where it is not defined."""
    own = frame[frame["estimator"] == name].set_index(POINT)["over_known"]
    if name == "pkpo_loo_minus_one":
        one = frame[(frame["estimator"] == "rloo") & (frame["k"] == 1)]
        own = pd.concat([own, one.set_index(POINT)["over_known"]])
    return own


def table(frame: pd.DataFrame, title: str) -> None:
    """All estimators over the points of the frame."""
    print(f"\n{title}")
    print(f"{'over the best known':32s} {'geo mean':>10s} {'worst':>10s} {'> 1.02':>8s} points")
    names = ["pkpo_loo_minus_one", "centered_loo", "maxk_rloo", "pkpo_loo", "pkpo"]
    for name in [*names, "learnt from 64", "learnt from 256", "best coefficients"]:
        print(line(name, of(frame, name)))
    best = frame[frame["estimator"] == "best coefficients"].set_index(POINT)
    for kind, part in best.groupby("least"):
        ratio = part["over_least"][np.isfinite(part["over_least"])]
        if len(ratio):
            print(line(f"best coefficients over {kind}", ratio))
    lowest = of(frame, "best coefficients")
    for name in ("learnt from 64", "learnt from 256"):
        print(line(f"{name} over best", of(frame, name) / lowest))
    against = of(frame, "pkpo_loo_minus_one")
    for name in ("maxk_rloo", "size_weighted_rloo", "learnt from 64", "learnt from 256"):
        ratios = (of(frame, name) / against).dropna()
        if len(ratios):  # sizes are a language model's alone
            print(line(f"{name} over default", ratios))


def apart(frame: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
    """Rows of two outcomes, where the least variance is 0, and of points of rare groups."""
    rare = frame.groupby(POINT)["share"].transform("min") < RARE
    return frame["family"] == "two outcomes", rare


def usual(frame: pd.DataFrame) -> pd.DataFrame:
    """All points but those."""
    two, rare = apart(frame)
    return frame[~two & ~rare]


def main() -> None:
    """Print the tables."""
    path = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "results" / "atlas" / "summary.csv"
    frame = pd.read_csv(path)
    two, rare = apart(frame)
    table(usual(frame), "all points but those shown apart")
    for family, part in usual(frame).groupby("family", sort=False):
        table(part, str(family))
    if two.any():
        table(frame[two], "two outcomes (the least variance is 0)")
    if rare.any():
        table(frame[rare & ~two], "fewer than 1% of the groups carry 90% of the variance")
    if "bandit" not in set(frame["family"]):
        for beyond, part in frame.groupby(["family", frame["k"] > 1], sort=False):
            table(part, f"{beyond[0]}, {'k > 1' if beyond[1] else 'k = 1'}")
    else:
        print(
            "\nA language model's gradients are apart (pkpo-toy run atlas_lm, needs the lm extra)."
        )


if __name__ == "__main__":
    main()
