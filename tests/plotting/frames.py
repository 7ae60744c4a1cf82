"""Small hand-made frames, one per figure, with the columns its study's summary has."""

import numpy as np
import pandas as pd

STEPS = np.arange(0, 101, 10)


def landscape() -> pd.DataFrame:
    theta = np.linspace(-0.2, 1.4, 17)
    parts = []
    for k in (1, 4, 16):
        star = 0.8 + 0.01 * k
        bump = np.exp(-((theta - star) ** 2))
        parts.append(
            pd.DataFrame(
                {
                    "k": k,
                    "theta": theta,
                    "reward": np.where((theta >= 0) & (theta <= 1), theta**2, 0.0),
                    "max_at_k": bump,
                    "gradient": -2 * (theta - star) * bump,
                    "theta_star": star,
                    "max_at_theta_star": 1.0,
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def element_weights() -> pd.DataFrame:
    rows = [
        {"n": 4, "k": k, "rank": rank, "weight": weight}
        for k, weights in ((1, (0.25,) * 4), (2, (0, 1 / 6, 1 / 3, 1 / 2)), (4, (0, 0, 0, 1)))
        for rank, weight in enumerate(weights, start=1)
    ]
    return pd.DataFrame(rows)


def variance() -> pd.DataFrame:
    rows = []
    for turn, name in enumerate(("mine.py:mine", "centered_loo", "pkpo", "partition_baselined")):
        for n in (16, 4, 8):
            variance = (turn + 1) * 10.0 / n
            rows.append(
                {
                    "estimator": name,
                    "n": n,
                    "k": 4,
                    "estimates": 100,
                    "mean": -1.5,
                    "mean_se": 0.1,
                    "variance": variance,
                    "variance_se": 0.1 * variance,
                    "true_gradient": -1.5,
                    "snr": 1.5 / variance**0.5,
                    "snr_se": 0.05,
                }
            )
    return pd.DataFrame(rows)


def transforms() -> pd.DataFrame:
    rows = [
        {
            "estimator": name,
            "n": 32,
            "k": k,
            "reward": reward,
            "weight": reward / k,
            "weight_se": 0.01,
            "count": 50,
        }
        for name in ("pkpo_loo_minus_one", "pkpo", "pkpo_loo")
        for k in (2, 16)
        for reward in (-0.4, -0.2, 0.0, 0.2, 0.4)
    ]
    return pd.DataFrame(rows)


def audit() -> pd.DataFrame:
    claims = {
        "grpo": "biased",
        "rloo": "unbiased",
        "entropic_loo": "direction",
        "pkpo": "unbiased",
        "mine.py:mine": "biased",
    }
    rows = [
        {
            "estimator": name,
            "instance": instance,
            "n": 4,
            "k": 2,
            "scale": 1.0 if claim == "unbiased" else 1.5 + turn,
            "cosine": 1.0 if claim != "biased" else 0.9,
            "relative_variance": 2.0 + turn + len(name),
            "zero_signal": 0.1 * turn,
            "centered": True,
            "scale_se": 0.2 if name.startswith("mine") else np.nan,
            "claim": claim,
            "over_best": 1.5 + turn,
        }
        for name, claim in claims.items()
        for turn, instance in enumerate(("one right, easy", "$tied$"))
    ]
    return pd.DataFrame(rows)


# What the labels below stand for.
IDENTITIES = {
    "k = 1": ("1", 0.0),
    "k = 4": ("4", 0.0),
    "k = 8": ("8", 0.0),
    "k = n = 16": ("n", 0.0),
    "k = 8, then 1": ("8@0, 1@50", 0.0),
    "k = 1, entropy 0.01": ("1", 0.01),
    "k = 1, entropy 0.1": ("1", 0.1),
}


def identity(label: str) -> dict[str, object]:
    """The columns that tell curves apart."""
    k_opt, bonus = IDENTITIES[label]
    return {
        "label": label,
        "k_opt": k_opt,
        "n": 16,
        "entropy_bonus": bonus,
        "estimator": "pkpo_loo_minus_one",
    }


def _curve(label: str, k_eval: int, top: float) -> pd.DataFrame:
    value = top * STEPS / STEPS[-1]
    return pd.DataFrame(
        {
            **identity(label),
            "step": STEPS,
            "k_eval": k_eval,
            "value": value,
            "low": value - 0.05,
            "high": value + 0.05,
            "cumulative_solve_rate": value / 2,
            "entropy": 2.0 - value,
        }
    )


def annealing() -> pd.DataFrame:
    labels = ("k = 1", "k = 8", "k = 8, then 1")
    return pd.concat(
        [_curve(label, k, 0.3 + 0.1 * turn) for turn, label in enumerate(labels) for k in (1, 8)],
        ignore_index=True,
    )


def learning_curves() -> pd.DataFrame:
    """The bonus 0.01 ends highest at the largest k_eval, 0.1 at the smallest."""
    tops = {
        "k = 1": (0.5, 0.6),
        "k = n = 16": (0.4, 0.9),
        "k = 1, entropy 0.01": (0.3, 0.8),
        "k = 1, entropy 0.1": (0.6, 0.7),
    }
    return pd.concat(
        [
            _curve(label, k, top)
            for label, pair in tops.items()
            for k, top in zip((1, 16), pair, strict=True)
        ],
        ignore_index=True,
    )


def lm() -> pd.DataFrame:
    """Three runs a cell: those of k = 8 are better by 0.1, 0.2, 0.3 at every step and k_eval."""
    gains = {"k = 1": (0.0, 0.0, 0.0), "k = 8": (0.1, 0.2, 0.3)}
    texts = {label: " ".join(str(0.5 + gain) for gain in runs) for label, runs in gains.items()}
    parts = [_curve(label, k, 0.5) for label in gains for k in (1, 16)]
    frame = pd.concat(parts, ignore_index=True)
    return frame.assign(per_run=frame["label"].map(texts))


def continuous_reward() -> pd.DataFrame:
    """Trained for 4 the values end at 0.8 of the optimum, for 1 at 0.9."""
    parts = [
        _curve(f"k = {k}", k_eval, share).assign(optimum=1.0, k=k)
        for k, share in ((1, 0.9), (4, 0.8))
        for k_eval in (1, 4)
    ]
    return pd.concat(parts, ignore_index=True)


def hard_problems() -> pd.DataFrame:
    parts = [_curve(label, 1, top) for label, top in (("k = 1", 0.5), ("k = 4", 0.9))]
    frame = pd.concat(parts, ignore_index=True).assign(solved_fraction=lambda one: one["value"])
    return frame.drop(columns=["k_eval", "cumulative_solve_rate", "entropy"])


def objective_matrix() -> pd.DataFrame:
    """k_opt = 2 is best in both columns."""
    rows = [(1, 1, 0.4, 0.5), (1, 2, 0.6, 0.8), (2, 1, 0.45, 0.5), (2, 2, 0.78, 0.8)]
    frame = pd.DataFrame(rows, columns=["k_opt", "k_eval", "value", "optimum"])
    return frame.assign(se=0.01)


def pass_rates() -> pd.DataFrame:
    rows = [
        {
            **identity(label),
            "step": step,
            "k_eval": k_eval,
            "difficulty": difficulty,
            "value": start + gain * step / 100,
            "low": start + gain * step / 100 - 0.02,
            "high": start + gain * step / 100 + 0.03,
        }
        for label, gain in (("k = 1", 0.1), ("k = 8", 0.2))
        for k_eval in (1, 8)
        for difficulty, start in (("0", 0.0), ("0 to 0.5", 0.3), ("0.5 to 1", 0.7))
        for step in (0, 50, 100)
    ]
    return pd.DataFrame(rows)


def difficulty() -> pd.DataFrame:
    """k = 4 is better by 0.2 where features are shared; solved: 0.1 below pass@k."""
    rows = [
        {
            **identity(label),
            "features": features,
            "success_rate": rate,
            "k_eval": k_eval,
            "value": value,
            "low": value - 0.02,
            "high": value + 0.03,
            "solved": value - 0.1,
            "solved_low": value - 0.15,
            "solved_high": value - 0.04,
        }
        for label, gain in (("k = 1", 0.0), ("k = 4", 0.01))
        for features in (0, 20)
        for rate in (0.001, 0.01, 0.1)
        for k_eval in (1, 16)
        for value in (0.3 + 2 * rate + gain * features,)
    ]
    return pd.DataFrame(rows)


def compare() -> pd.DataFrame:
    k = np.arange(1, 65)
    parts = []
    for number, name in enumerate(("trained", "trained_longer")):
        before, after = 1 - 0.9 ** (k + 1), 0.4 + 0.05 * number + 0.06 * np.log2(k)
        parts.append(
            pd.DataFrame(
                {
                    "k": k,
                    "before": before,
                    "before_low": before - 0.05,
                    "before_high": before + 0.05,
                    "after": after,
                    "after_low": after - 0.04,
                    "after_high": after + 0.04,
                    "before_name": "base",
                    "after_name": name,
                    "measure": "pass@k",
                    "crossing": 7 if number == 0 else np.nan,
                    "crossing_low": 5 if number == 0 else np.nan,
                    "crossing_high": np.nan,
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def passk() -> pd.DataFrame:
    value = np.array([0.2, 0.4, 0.6, 0.7])
    return pd.DataFrame(
        {
            "k": [1, 2, 5, 10],
            "value": value,
            "se": 0.02,
            "low": value - 0.04,
            "high": value + 0.05,
            "problems": 30,
        }
    )


def moving() -> pd.DataFrame:
    """Two policies of three arms over four steps."""
    parts = [
        pd.DataFrame(
            {
                "k": k,
                "step": step,
                "arm": [0, 1, 2],
                "probability": [1 / 3 + 0.1 * step, 1 / 3, 1 / 3 - 0.1 * step],
                "reward": [1.0, 0.5, 0.0],
                "pass_at_1": 0.5 + 0.1 * step,
                "pass_at_16": 0.6 + 0.1 * step,
            }
        )
        for k in (1, 8)
        for step in range(4)
    ]
    return pd.concat(parts, ignore_index=True)


def atlas() -> pd.DataFrame:
    names = ("pkpo_loo_minus_one", "centered_loo", "maxk_rloo", "rloo")
    names += ("learnt from 64", "learnt from 256", "best coefficients")
    rows = [
        {
            "family": family,
            "setting": 0.5,
            "n": n,
            "k": k,
            "estimator": name,
            "over_known": 1.0 + 0.1 * turn + 0.01 * k,
            "over_least": 2.0 + turn if family == "bandit" else np.inf,
        }
        for family in ("bandit", "two outcomes")
        for n in (4, 8)
        for k in (1, 2)
        for turn, name in enumerate(names)
        if (name == "rloo") == (k == 1) or name not in names[:4]
    ]
    return pd.DataFrame(rows)


def less_variance() -> pd.DataFrame:
    rows = [
        {
            "problem": problem,
            "n": 4,
            "k": k,
            "optimiser": "sgd",
            "estimator": name,
            "to_near": 10.0 + turn,
            "to_near_low": 9.0,
            "to_near_high": 20.0,
            "reached": 1.0,
            "mean_distance": 0.2,
            "mean_distance_low": 0.1,
            "mean_distance_high": 0.4,
        }
        for problem in ("arms", "unit_square")
        for k in (1, 4)
        for turn, name in enumerate(("default", "maxk_rloo", "learnt", "oracle", "mine.py:mine"))
    ]
    return pd.DataFrame(rows)


FRAMES = {
    "atlas": atlas,
    "less_variance": less_variance,
    "landscape": landscape,
    "element_weights": element_weights,
    "variance": variance,
    "transforms": transforms,
    "audit": audit,
    "annealing": annealing,
    "learning_curves": learning_curves,
    "lm": lm,
    "hard_problems": hard_problems,
    "objective_matrix": objective_matrix,
    "pass_rates": pass_rates,
    "continuous_reward": continuous_reward,
    "difficulty": difficulty,
    "passk": passk,
    "compare": compare,
}
