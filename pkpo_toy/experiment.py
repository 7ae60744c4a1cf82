"""A study file brought to results: its cells executed, its summary written, its figure drawn."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pkpo_toy
from pkpo_toy.runs import Cell, Event, Outcome, execute, fingerprint, generator, make_cell
from pkpo_toy.studies.files import StudyFile, build, expand
from pkpo_toy.studies.table import STUDIES

if TYPE_CHECKING:
    import pandas as pd

ROOT = Path(pkpo_toy.__file__).parent


@dataclass(frozen=True)
class Plan:
    """A checked study: every cell it asks for, nothing computed yet."""

    file: StudyFile
    cells: list[Cell]

    def description(self) -> dict[str, Any]:
        """What the manifest says of the study: resolved settings, in the order of the cells."""
        configurations = [cell.spec["config"] for cell in self.cells]
        return {
            "name": self.file.name,
            "study": self.file.study,
            "configuration": _merged(configurations),
        }


def _merged(configurations: list[dict[str, Any]]) -> dict[str, Any]:
    """Each setting once; one that differs between cells as the list of its values."""
    merged = {}
    for key in configurations[0]:
        texts = dict.fromkeys(json.dumps(configuration[key]) for configuration in configurations)
        values = [json.loads(text) for text in texts]
        merged[key] = values[0] if len(values) == 1 else values
    return merged


def plan(file: StudyFile) -> Plan:
    """Check every cell of a study before anything is written. Raises InputError."""
    study = file.definition
    study.check_installed()
    configurations = [config.model_dump(mode="json") for config in expand(file)]
    code = fingerprint(ROOT / room for room in study.source_packages)
    made_by = f"{pkpo_toy.__version__} {study.schema} {code} {_named_files(configurations)}"
    specs = ({"study": file.study, "config": config} for config in configurations)
    return Plan(file, [make_cell(spec, made_by) for spec in specs])


def _named_files(configurations: list[dict[str, Any]]) -> str:
    """Contents of the files that settings name: a table of results, an estimator FILE.py:NAME."""
    texts: set[str] = set()
    for configuration in configurations:
        for value in configuration.values():
            texts.update(filter(_is_text, value if isinstance(value, list) else [value]))
    paths = (Path(text.rpartition(":")[0] if ".py:" in text else text) for text in texts)
    return fingerprint(sorted(path for path in paths if path.suffix and path.is_file()))


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def run_cell(spec: dict[str, Any]) -> pd.DataFrame:
    """The records of one cell; its randomness comes from the seed and the specification alone."""
    study = STUDIES[spec["study"]]
    config = build(study.config, spec["config"], spec["study"])
    return study.run(config, generator(config.seed, spec))


def carry_out(
    plan: Plan, folder: Path, progress: Callable[[Event], None], **options: Any
) -> Outcome:
    """Execute the plan in its results folder. Raises what `execute` raises."""
    return execute(
        plan.cells,
        run_cell,
        folder,
        summarize=plan.file.definition.summarize,
        description=plan.description(),
        progress=progress,
        **options,
    )


def drawn_frame(folder: Path, study: str, keys: Iterable[str]) -> pd.DataFrame:
    """What the study's figure is drawn from: its summary, or the records of its cells."""
    import pandas as pd

    from pkpo_toy.runs import read_cells, read_summary

    if STUDIES[study].draws == "summary":
        return read_summary(folder)
    return pd.concat([frame for _, frame in read_cells(folder, list(keys))], ignore_index=True)


def draw(
    folder: Path, study: str, name: str, keys: Iterable[str], figures: Path, *, again: bool
) -> list[Path]:
    """Draw the figure of stored results as FIGURES/NAME.png and .svg; returns the paths.

    Figures that say they were drawn from the same data are left as they are unless `again`.
    """
    from pkpo_toy.runs.failures import write_output

    frame = drawn_frame(folder, study, keys)
    source = _source(study, frame)
    paths = [figures / f"{name}.{kind}" for kind in ("png", "svg")]
    if again or not all(_says(path, source) for path in paths):
        from pkpo_toy.plotting import render

        for path, picture in zip(paths, render(study, frame, source=source).values(), strict=True):
            write_output(path, picture)
    return paths


def _source(study: str, frame: pd.DataFrame) -> str:
    """What a figure is drawn from: study, data, and the version of what draws."""
    digest = hashlib.sha256(frame.to_csv(index=False).encode()).hexdigest()
    return f"pkpo-toy {pkpo_toy.__version__} {study} {digest} matplotlib {version('matplotlib')}"


def _says(path: Path, source: str) -> bool:
    return path.is_file() and source.encode() in path.read_bytes()


def timed_first_cell(plan: Plan) -> float:
    """Seconds that the first cell takes here; nothing is written."""
    started = time.perf_counter()
    run_cell(plan.cells[0].spec)
    return time.perf_counter() - started
