"""Does training for k get pass@k, and at what price? Problem sets, several k, entropy bonuses."""

from __future__ import annotations

from pkpo_toy.studies.study import Study
from pkpo_toy.training.config import TRAINING_COLUMNS, ProblemSetConfig
from pkpo_toy.training.curves import curves, trained

STUDY = Study(
    question="Does training for k get pass@k, and at what price?",
    config=ProblemSetConfig,
    run=trained,
    summarize=curves,
    figure="learning_curves",
    columns=TRAINING_COLUMNS,
    reproduces="figs. 6, 7",
)
