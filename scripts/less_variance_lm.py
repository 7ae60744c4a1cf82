"""Less variance on a language model: python scripts/less_variance_lm.py [FOLDER/summary.csv]

For each k and optimiser a row for each estimator: the step size that was chosen, the mean steps to
90% of the way to the goal, and, run by run (the same warm start and prompts), what is less or more
than the default's: those steps, and pass@k averaged over the logs, so at equal steps, and at the
end. 95% intervals of Student's t; ! marks a difference that is beyond chance among all of its kind
(Bonferroni): fewer than 5% / comparisons of all ways to flip the signs of the runs' differences
have a mean as far from 0. Then the same at k = 1 less no baseline at all, `reinforce`.
"""

import sys
from pathlib import Path

import numpy as np
import pandas as pd

from pkpo_toy.samples.intervals import student_t

ROOT = Path(__file__).parent.parent
COLUMNS = (("to_near", ".0f", 1), ("mean_distance", ".3f", -1), ("end", ".3f", 1))


def per_run(row: pd.Series, name: str) -> np.ndarray:
    """A row's value of each run, (runs,)."""
    return np.array([float(word) for word in row[f"{name}_runs"].split()])


def chance(apart: np.ndarray) -> float:
    """The share of all 2^runs ways to flip signs whose mean is at least as far from 0."""
    flips = 1 - 2 * (np.arange(2 ** len(apart))[:, None] >> np.arange(len(apart)) & 1)
    return float((abs(flips @ apart) >= abs(apart.sum()) * (1 - 1e-9)).mean())


def interval(apart: np.ndarray, digits: str, comparisons: int) -> str:
    """The mean of paired differences, its 95% interval, and ! if it is beyond chance among all."""
    mean, error = apart.mean(), apart.std(ddof=1) / len(apart) ** 0.5
    half = student_t(len(apart) - 1) * error
    sure = "!" if chance(apart) < 0.05 / comparisons else ""
    return f"{mean:+{digits}} [{mean - half:+{digits}}, {mean + half:+{digits}}]{sure}"


def rows(frame: pd.DataFrame, usual: str = "default") -> list[str]:
    """The table's rows, less the estimator that is usual."""
    comparisons = (frame["estimator"] != usual).sum()
    found = []
    for (k, optimiser), part in frame.groupby(["k", "optimiser"], sort=False):
        base = part[part["estimator"] == usual].iloc[0]
        for _, row in part.iterrows():
            size = f"{row['step_size']:g}" + "*" * bool(row["at_edge"])
            cells = [str(k), optimiser, f"`{row['estimator']}`", size]
            cells.append(f"{row['to_near']:.0f} ({row['reached']:.0%})")
            for name, digits, sign in COLUMNS:
                apart = sign * (per_run(row, name) - per_run(base, name))
                same = row["estimator"] == usual
                cells.append("" if same else interval(apart, digits, comparisons))
            found.append(f"| {' | '.join(cells)} |")
    return found


def main() -> None:
    """Print the tables."""
    default = ROOT / "results" / "less_variance_lm" / "summary.csv"
    frame = pd.read_csv(sys.argv[1] if len(sys.argv) > 1 else default)
    print("\n".join(rows(frame)))
    kept = frame["estimator"].isin(["reinforce", "adaptive_loo", "adaptive_loo_sizes", "oracle"])
    print("\n".join(["\nless reinforce", *rows(frame[kept & (frame["k"] == 1)], "reinforce")]))


if __name__ == "__main__":
    main()
