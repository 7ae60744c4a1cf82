"""The table of studies, and the suites that run several."""

from pkpo_toy.studies import (
    annealing,
    atlas,
    atlas_lm,
    audit,
    bandit,
    continuous_reward,
    difficulty,
    element_weights,
    hard_problems,
    landscape,
    learning_curves,
    less_variance,
    less_variance_lm,
    lm,
    objective_matrix,
    pass_rates,
    transforms,
    variance,
)
from pkpo_toy.studies.study import Study

STUDIES: dict[str, Study] = {
    "landscape": landscape.STUDY,
    "element_weights": element_weights.STUDY,
    "annealing": annealing.STUDY,
    "variance": variance.STUDY,
    "transforms": transforms.STUDY,
    "learning_curves": learning_curves.STUDY,
    "hard_problems": hard_problems.STUDY,
    "objective_matrix": objective_matrix.STUDY,
    "audit": audit.STUDY,
    "atlas": atlas.STUDY,
    "atlas_lm": atlas_lm.STUDY,
    "less_variance": less_variance.STUDY,
    "less_variance_lm": less_variance_lm.STUDY,
    "pass_rates": pass_rates.STUDY,
    "bandit": bandit.STUDY,
    "continuous_reward": continuous_reward.STUDY,
    "difficulty": difficulty.STUDY,
    "lm": lm.STUDY,
}

SUITES: dict[str, tuple[str, ...]] = {
    "paper": (
        "landscape",
        "element_weights",
        "annealing",
        "variance",
        "transforms",
        "learning_curves",
        "hard_problems",
        "objective_matrix",
        "audit",
    ),
}
