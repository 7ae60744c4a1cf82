"""How often the 95% intervals of `passk` and `compare` hold the truth, on simulated evaluations.

    python scripts/coverage.py [--quick]

Prints the tables of docs/evaluations.md: success rates are drawn from beta distributions, whose
pass@k over all problems is known exactly, results are drawn from them, and the intervals counted
that hold the truth. A coverage of 0.95 from 2,000 draws has a standard error of 0.005.
"""

import argparse
import math

import numpy as np

from pkpo_toy.estimators import max_at_k, pass_at_k
from pkpo_toy.samples.compare import crossing_of, difference_interval, resampled_crossings
from pkpo_toy.samples.intervals import interval, student_interval

SAMPLES = 64
BEFORE, AFTER = (0.6, 2.4), (0.2, 0.4)
"""Beta distributions of success rates: broad before training, sharp after it."""

REWARDS = {
    "fractions of tests": (0.4, 0.8),
    "nearly solved": (3.0, 0.3),
    "nearly unsolved": (0.15, 1.5),
    "all in the middle": (5.0, 5.0),
}


def true_pass_at_k(a, b, k):
    """1 - E (1 - p)^k for p of Beta(a, b)."""
    return 1 - math.prod((b + j) / (a + b + j) for j in range(k))


def paired_rates(rng, shape):
    """Success rates of both models that go together: Beta by gammas, of which they share some."""
    (a, b), (a_after, b_after) = BEFORE, AFTER
    right, wrong = rng.gamma(a_after, size=shape), rng.gamma(b_after, size=shape)
    after = right / (right + wrong)
    right, wrong = (
        right + rng.gamma(a - a_after, size=shape),
        wrong + rng.gamma(b - b_after, size=shape),
    )
    return right / (right + wrong), after


def gains(rng, shape):
    """AFTER's estimated pass@k less BEFORE's for k = 1..n: (..., problems, n)."""
    table = np.array([pass_at_k(SAMPLES, np.arange(SAMPLES + 1), k) for k in range(1, SAMPLES + 1)])
    before, after = (rng.binomial(SAMPLES, rate) for rate in paired_rates(rng, shape))
    return table.T[after] - table.T[before]


def share(found, truth):
    """How many of the intervals (low, high) hold the truth."""
    return sum(low <= truth <= high for low, high in found) / len(found)


def of_the_mean(rng, draws):
    print("| success rates | problems | pass@1 | pass@8 | pass@64 |\n|---|---|---|---|---|")
    for a, b in (BEFORE, AFTER, (0.2, 0.8)):
        for problems in (5, 10, 20, 100, 500):
            c = rng.binomial(SAMPLES, rng.beta(a, b, (draws, problems)))
            cells = []
            for k in (1, 8, 64):
                values = pass_at_k(SAMPLES, np.arange(SAMPLES + 1), k)[c]
                cells.append(share(mean_intervals(values), true_pass_at_k(a, b, k)))
            print(f"| Beta({a}, {b}) | {problems} | {' | '.join(f'{x:.3f}' for x in cells)} |")


def mean_intervals(values, method=lambda *a: interval(*a, (0.0, 1.0))):
    problems = values.shape[1]
    means, errors = values.mean(axis=1), values.std(axis=1, ddof=1) / math.sqrt(problems)
    return [method(m, s, problems) for m, s in zip(means, errors, strict=True)]


def rewards(rng, kind, shape):
    """Eight rewards a problem, each the share of ten tests passed: (*shape, 8)."""
    mean = np.clip(rng.beta(*REWARDS[kind], shape), 1e-9, 1 - 1e-9)[..., None]
    return rng.binomial(10, rng.beta(mean, 1 - mean, (*shape, 8))) / 10


def of_the_maximum(rng, draws):
    print("| rewards | k | true max@k | problems | Student's, cut at 0 and 1 | used here | width |")
    print("|---|---|---|---|---|---|---|")
    for kind in REWARDS:
        for k in (1, 4, 8):
            truth = np.mean([max_at_k(rewards(rng, kind, (50_000,)), k).mean() for _ in range(8)])
            for problems in (3, 5, 10, 20, 100):
                values = max_at_k(rewards(rng, kind, (draws, problems)), k)
                found = mean_intervals(values)
                plain = share(mean_intervals(values, student_interval), truth)
                width = np.mean([high - low for low, high in found])
                print(
                    f"| {kind} | {k} | {truth:.3f} | {problems} | {plain:.3f} | "
                    f"{share(found, truth):.3f} | {width:.2f} |"
                )


def of_the_difference(rng, draws):
    ks = (1, 4, 16, 64)
    truth = {k: true_pass_at_k(*AFTER, k) - true_pass_at_k(*BEFORE, k) for k in ks}
    print(f"| problems | {' | '.join(f'k = {k} ({truth[k]:+.3f})' for k in ks)} |")
    print("|---" * (len(ks) + 1) + "|")
    for problems in (20, 100, 500):
        found = {k: [] for k in ks}
        for _ in range(draws):
            gain = gains(rng, (problems,))
            for k in ks:
                found[k].append(difference_interval(gain[:, k - 1])[2:])
        cells = (f"{share(found[k], truth[k]):.3f}" for k in ks)
        print(f"| {problems} | {' | '.join(cells)} |")


def of_the_crossing(rng, draws):
    ks = list(range(1, SAMPLES + 1))
    exact = np.array([true_pass_at_k(*AFTER, k) - true_pass_at_k(*BEFORE, k) for k in ks])
    truth = crossing_of(exact[None], ks)[0]
    print(f"The true crossing is at k = {truth:g} (n = {SAMPLES}).\n")
    print("| problems | coverage | median width | interval open upwards |\n|---|---|---|---|")
    for problems in (20, 100, 500):
        ends = []
        for _ in range(draws):
            drawn = resampled_crossings(gains(rng, (problems,)).T, ks, rng, 500)
            ends.append(np.quantile(drawn, (0.025, 0.975), method="inverted_cdf"))
        low, high = np.array(ends).T
        width = np.median(np.minimum(high, SAMPLES + 1) - low)
        opened = np.isinf(high).mean()
        print(f"| {problems} | {share(ends, truth):.3f} | {width:g} | {opened:.0%} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a tenth of the draws")
    draws = 200 if parser.parse_args().quick else 2000
    rng = np.random.default_rng(13)
    tables = {
        "pass@k": of_the_mean,
        "max@k of rewards in [0, 1]": of_the_maximum,
        "Difference of pass@k": of_the_difference,
        "Crossing": of_the_crossing,
    }
    for title, table in tables.items():
        print(f"\n### {title}\n")
        table(rng, draws if table is not of_the_crossing else draws // 2)


if __name__ == "__main__":
    main()
