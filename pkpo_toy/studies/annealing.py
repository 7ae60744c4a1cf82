"""Can k be lowered during training at no cost? A large k first, then k = 1."""

from __future__ import annotations

from pkpo_toy.studies.study import Study
from pkpo_toy.training.config import TRAINING_COLUMNS, ProblemSetConfig
from pkpo_toy.training.curves import curves, trained

STUDY = Study(
    question="Can k be lowered during training at no cost?",
    config=ProblemSetConfig,
    run=trained,
    summarize=curves,
    figure="annealing",
    columns=TRAINING_COLUMNS,
    reproduces="fig. 3",
)
