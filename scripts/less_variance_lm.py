"""Less variance on a language model: python scripts/less_variance_lm.py [FOLDER/summary.csv]

Of each estimator against the default of the same k, run by run (the same warm start and prompts):
the difference of pass@k at the end of training and averaged over its logs, with 95% t intervals.
"""

import sys
from pathlib import Path

import numpy as np
import pandas as pd

ROOT = Path(__file__).parent.parent
DEFAULTS = {"k = 1": "k = 1, rloo", "k = 4": "k = 4, default"}
T = 2.3646  # 97.5% of Student's t with 7 degrees of freedom, for 8 runs


def runs_of(frame: pd.DataFrame, label: str, k_eval: int) -> np.ndarray:
    """pass@k_eval after the warm start's log, (logs, runs)."""
    rows = frame[(frame["label"] == label) & (frame["k_eval"] == k_eval) & (frame["step"] > 0)]
    return np.array(
        [[float(x) for x in row.split()] for row in rows.sort_values("step")["per_run"]]
    )


def interval(values: np.ndarray) -> str:
    """The mean of 8 runs with its 95% interval."""
    half = T * values.std(ddof=1) / len(values) ** 0.5
    return f"{values.mean():+.3f} [{values.mean() - half:+.3f}, {values.mean() + half:+.3f}]"


def main() -> None:
    """Print a line for each estimator."""
    default = ROOT / "results" / "less_variance_lm" / "summary.csv"
    frame = pd.read_csv(sys.argv[1] if len(sys.argv) > 1 else default)
    for label in frame["label"].unique():
        name = label.split(",")[0]
        k = int(name.split("=")[1])
        own, usual = (runs_of(frame, each, k) for each in (label, DEFAULTS[name]))
        line = f"{label:28s} pass@{k} at the end {own[-1].mean():.3f}"
        if label != DEFAULTS[name]:
            apart = own - usual
            line += f"  less the default's: end {interval(apart[-1])}"
            line += f"  mean of all logs {interval(apart.mean(axis=0))}"
        print(line)


if __name__ == "__main__":
    main()
