"""Does training for k get pass@k, and at what price? Problem sets, several k, entropy bonuses."""

from __future__ import annotations

from pkpo_toy.studies.base import Study
from pkpo_toy.studies.training_config import ProblemSetConfig, curves, trained

STUDY = Study(
    question="Does training for k get pass@k, and at what price?",
    config=ProblemSetConfig,
    run=trained,
    summarize=curves,
    reproduces="figs. 6, 7",
)
