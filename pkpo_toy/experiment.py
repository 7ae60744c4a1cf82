"""A study file brought to results: its cells executed, its summary written, its figure drawn."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pkpo_toy
from pkpo_toy.runs import Cell, Event, Outcome, execute, fingerprint, generator, make_cell
from pkpo_toy.studies.columns import SEED, differing, pooled, with_columns
from pkpo_toy.studies.files import StudyFile, build, expand
from pkpo_toy.studies.study import Study
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
        configurations = self.configurations()
        return {
            "name": self.file.name,
            "study": self.file.study,
            "configuration": _merged(configurations),
            "swept": {
                name: [one[name] for one in configurations] for name in differing(configurations)
            },
        }

    def configurations(self) -> list[dict[str, Any]]:
        """The settings of each cell."""
        return [cell.spec["config"] for cell in self.cells]

    def columns(self) -> list[str]:
        """The settings that are columns of records and summary."""
        return [*differing(self.configurations()), *self.file.definition.columns]


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


def summary_rows(
    study: Study, columns: list[str], spec: dict[str, Any], records: pd.DataFrame
) -> pd.DataFrame:
    """The summary of one cell with the settings that tell it apart."""
    return with_columns(study.summarize(records), spec["config"], columns)


def carry_out(
    plan: Plan, folder: Path, progress: Callable[[Event], None], **options: Any
) -> Outcome:
    """Execute the plan in its results folder. Raises what `execute` raises."""
    return execute(
        plan.cells,
        run_cell,
        folder,
        summarize=partial(summary_rows, plan.file.definition, plan.columns()),
        description=plan.description(),
        progress=progress,
        **options,
    )


def drawn_frame(folder: Path, manifest: dict[str, Any]) -> pd.DataFrame:
    """What the study's figure is drawn from: its summary, or the records of its cells."""
    from pkpo_toy.runs import read_summary

    study = STUDIES[manifest["study"]]
    swept = manifest.get("swept", {})
    if study.draws == "summary" and SEED not in swept:
        return read_summary(folder)
    columns = [*swept, *study.columns]
    return pooled(study, list(cells_with_settings(folder, manifest)), columns)


def cells_with_settings(
    folder: Path, manifest: dict[str, Any]
) -> Iterator[tuple[dict[str, Any], pd.DataFrame]]:
    """The settings and the records of each stored cell."""
    from pkpo_toy.runs import read_cells

    failed = set(manifest["failed"])
    for place, key in enumerate(manifest["cells"]):
        if key not in failed:
            swept = {name: values[place] for name, values in manifest.get("swept", {}).items()}
            for _, records in read_cells(folder, [key]):
                yield {**manifest["configuration"], **swept}, records


def draw(folder: Path, name: str, figures: Path, *, again: bool) -> list[Path]:
    """Draw the figure of stored results as FIGURES/NAME.png and .svg; returns the paths.

    Figures that say they were drawn from the same data are left as they are unless `again`.
    """
    from pkpo_toy.runs import read_manifest
    from pkpo_toy.runs.failures import write_output

    manifest = read_manifest(folder)
    assert manifest is not None
    frame = drawn_frame(folder, manifest)
    options = figure_options(manifest)
    source = _source(manifest["study"], frame, options)
    paths = [figures / f"{name}.{kind}" for kind in ("png", "svg")]
    if again or not all(_says(path, source) for path in paths):
        from pkpo_toy.plotting import render

        figure = STUDIES[manifest["study"]].figure
        pictures = render(figure, frame, source=source, **options)
        for path, picture in zip(paths, pictures.values(), strict=True):
            write_output(path, picture)
    return paths


def figure_options(manifest: dict[str, Any]) -> dict[str, Any]:
    """Title, settings and what was swept, as the figure wants them."""
    return {
        "title": STUDIES[manifest["study"]].question,
        "settings": manifest["configuration"],
        "swept": list(manifest.get("swept", {})),
    }


def _source(study: str, frame: pd.DataFrame, options: dict[str, Any]) -> str:
    """What a figure is drawn from: study, data, settings, and the version of what draws."""
    data = frame.to_csv(index=False) + json.dumps(options)
    digest = hashlib.sha256(data.encode()).hexdigest()
    return f"pkpo-toy {pkpo_toy.__version__} {study} {digest} matplotlib {version('matplotlib')}"


def _says(path: Path, source: str) -> bool:
    return path.is_file() and source.encode() in path.read_bytes()


def timed_first_cell(plan: Plan) -> float:
    """Seconds that the first cell takes here; nothing is written."""
    started = time.perf_counter()
    run_cell(plan.cells[0].spec)
    return time.perf_counter() - started
