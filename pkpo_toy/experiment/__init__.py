"""A study brought to results: planned, computed cell by cell, stored, read again and drawn.

`run`, `load` and `audit` are for Python and notebooks; the command line calls the same functions.
"""

from pkpo_toy.experiment.calls import audit, audit_config, audit_of, run
from pkpo_toy.experiment.planning import Plan, carry_out, plan, plans, timed_first_cell
from pkpo_toy.experiment.result import Result, folder_for, load

__all__ = [
    "Plan",
    "Result",
    "audit",
    "audit_config",
    "audit_of",
    "carry_out",
    "folder_for",
    "load",
    "plan",
    "plans",
    "run",
    "timed_first_cell",
]
