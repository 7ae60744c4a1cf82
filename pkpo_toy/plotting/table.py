"""The one table of figures by name; a study's row says which is its own."""

from pkpo_toy.plotting import (
    annealing,
    atlas,
    audit,
    compare,
    continuous_reward,
    difficulty,
    element_weights,
    hard_problems,
    landscape,
    learning_curves,
    less_variance,
    lm,
    objective_matrix,
    pass_rates,
    passk,
    transforms,
    variance,
)
from pkpo_toy.plotting.figure import Figure

FIGURES: dict[str, Figure] = {
    "landscape": landscape.FIGURE,
    "element_weights": element_weights.FIGURE,
    "variance": variance.FIGURE,
    "transforms": transforms.FIGURE,
    "audit": audit.FIGURE,
    "atlas": atlas.FIGURE,
    "less_variance": less_variance.FIGURE,
    "annealing": annealing.FIGURE,
    "learning_curves": learning_curves.FIGURE,
    "lm": lm.FIGURE,
    "hard_problems": hard_problems.FIGURE,
    "objective_matrix": objective_matrix.FIGURE,
    "pass_rates": pass_rates.FIGURE,
    "continuous_reward": continuous_reward.FIGURE,
    "difficulty": difficulty.FIGURE,
    "passk": passk.FIGURE,
    "compare": compare.FIGURE,
}
