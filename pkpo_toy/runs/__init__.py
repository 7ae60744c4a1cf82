"""How studies are executed, stored and resumed. Knows cells and frames, and no study."""

from pkpo_toy.runs.cells import Cell, generator, make_cell
from pkpo_toy.runs.cleaning import clean, unreferenced
from pkpo_toy.runs.compute import Failure
from pkpo_toy.runs.errors import Busy, Corrupt, Interrupted, WorkersFailed
from pkpo_toy.runs.execution import Event, Outcome, execute
from pkpo_toy.runs.failures import read_failures
from pkpo_toy.runs.folders import check_name, results_folder
from pkpo_toy.runs.manifest import MANIFEST, read_manifest, typed_command
from pkpo_toy.runs.ownership import check_ours, is_result
from pkpo_toy.runs.provenance import git_state, versions
from pkpo_toy.runs.signals import ignore_signals
from pkpo_toy.runs.store import CELLS, read_cells
from pkpo_toy.runs.summary import read_summary

__all__ = [
    "CELLS",
    "MANIFEST",
    "Busy",
    "Cell",
    "Corrupt",
    "Event",
    "Failure",
    "Interrupted",
    "Outcome",
    "WorkersFailed",
    "check_name",
    "check_ours",
    "clean",
    "execute",
    "generator",
    "git_state",
    "ignore_signals",
    "is_result",
    "make_cell",
    "read_cells",
    "read_failures",
    "read_manifest",
    "read_summary",
    "results_folder",
    "typed_command",
    "unreferenced",
    "versions",
]
