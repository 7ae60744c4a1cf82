"""Can k be lowered during training at no cost? A large k first, then k = 1."""

from __future__ import annotations

from pkpo_toy.studies.base import Study
from pkpo_toy.studies.training_config import ProblemSetConfig, curves, trained

STUDY = Study(
    question="Can k be lowered during training at no cost?",
    config=ProblemSetConfig,
    run=trained,
    summarize=curves,
    reproduces="fig. 3",
)
