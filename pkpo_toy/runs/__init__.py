"""How studies are executed, stored and resumed. Knows cells and frames, and no study."""

from pkpo_toy.runs.cells import Cell, fingerprint, generator, make_cell
from pkpo_toy.runs.compute import Failure
from pkpo_toy.runs.errors import Busy, Corrupt, DiskError, Interrupted, WorkersFailed
from pkpo_toy.runs.execution import Event, Outcome, execute
from pkpo_toy.runs.folders import check_name, results_folder
from pkpo_toy.runs.manifest import read_manifest
from pkpo_toy.runs.signals import ignore_signals
from pkpo_toy.runs.store import clean, read_cells, unreferenced
from pkpo_toy.runs.summary import read_summary

__all__ = [
    "Busy",
    "Cell",
    "Corrupt",
    "DiskError",
    "Event",
    "Failure",
    "Interrupted",
    "Outcome",
    "WorkersFailed",
    "check_name",
    "clean",
    "execute",
    "fingerprint",
    "generator",
    "ignore_signals",
    "make_cell",
    "read_cells",
    "read_manifest",
    "read_summary",
    "results_folder",
    "unreferenced",
]
