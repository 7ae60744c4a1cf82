"""From a study file to cells, and from cells to stored results."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pkpo_toy.errors import InputError
from pkpo_toy.experiment.naming import result_name
from pkpo_toy.experiment.result import QUICK
from pkpo_toy.loading import names_a_file
from pkpo_toy.package import FOLDER, __version__
from pkpo_toy.runs import (
    Cell,
    Corrupt,
    Event,
    Outcome,
    check_name,
    execute,
    generator,
    git_state,
    make_cell,
    read_manifest,
    results_folder,
    versions,
)
from pkpo_toy.sources import fingerprint, imported_sources
from pkpo_toy.studies.columns import differing, with_columns
from pkpo_toy.studies.files import StudyFile, build, expand, load, with_quick, with_values
from pkpo_toy.studies.study import Study
from pkpo_toy.studies.table import STUDIES, SUITES

if TYPE_CHECKING:
    import pandas as pd

# What studies import and no number depends on: the public names, the wording of errors, how a file
# is written, how packages are installed.
WITHOUT_NUMBERS = {FOLDER / name for name in ("__init__.py", "errors.py", "files.py", "extras.py")}
PACKAGES = ("pkpo-toy", "numpy", "pandas", "matplotlib", "torch", "transformers", "distributed")


@dataclass(frozen=True)
class Plan:
    """A checked study: every cell it asks for, nothing computed yet."""

    file: StudyFile
    cells: list[Cell]

    @property
    def name(self) -> str:
        """Of the results, and of their folder."""
        return self.file.name

    @property
    def configurations(self) -> list[dict[str, Any]]:
        """The settings of each cell."""
        return [cell.spec["config"] for cell in self.cells]

    @property
    def columns(self) -> list[str]:
        """The settings that are columns of the records and of the summary."""
        return [*differing(self.configurations), *self.file.definition.columns]

    def description(self) -> dict[str, Any]:
        """What the manifest says of the study: settings in the order of the cells, and the code."""
        return {
            "name": self.name,
            "study": self.file.study,
            "configuration": _merged(self.configurations),
            "swept": {
                name: [one[name] for one in self.configurations]
                for name in differing(self.configurations)
            },
            "versions": versions(PACKAGES),
            "git": git_state(FOLDER),
        }

    def distinct_settings(self) -> list[dict[str, Any]]:
        """Of each cell the settings that differ between cells."""
        keys = differing(self.configurations)
        return [{key: one[key] for key in keys} for one in self.configurations]


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
    if check_name("the name of the results", file.name) == QUICK:
        raise InputError(f"the name of the results must not be {QUICK!r}: quick looks go there.")
    study = file.definition
    study.check_installed()
    configurations = [config.model_dump(mode="json") for config in expand(file)]
    code = fingerprint(sources(study), FOLDER.parent)
    made_by = f"{__version__} {study.version} {code} {_named_files(configurations)}"
    specs = ({"study": file.study, "config": config} for config in configurations)
    return Plan(file, [make_cell(spec, made_by) for spec in specs])


def sources(study: Study) -> set[Path]:
    """The files of this package that the study's numbers depend on: what it imports.

    Read off the imports, so that the list can be neither forgotten nor too long: a cell is
    computed again when one of these files changes, and not when a caption or a figure does.
    """
    parts = (study.config, study.run, study.summarize, with_columns)
    modules = {part.__module__ for part in parts}
    starts = [Path(str(sys.modules[module].__file__)) for module in modules]
    return imported_sources(starts, FOLDER.parent, WITHOUT_NUMBERS)


def _named_files(configurations: list[dict[str, Any]]) -> str:
    """Contents of the files that settings name: a table of results, or FILE.py:NAME and the modules
    that this file imports from its own folder."""
    texts: set[str] = set()
    for configuration in configurations:
        for value in configuration.values():
            several = value if isinstance(value, list) else [value]
            texts.update(one for one in several if isinstance(one, str))
    paths = (Path(text.rpartition(":")[0] if names_a_file(text) else text) for text in texts)
    files = sorted(path for path in paths if path.suffix and path.is_file())
    sources = (
        imported_sources([path], path.parent) if path.suffix == ".py" else {path} for path in files
    )
    return " ".join(
        fingerprint(found, path.parent) for path, found in zip(files, sources, strict=True)
    )


def run_cell(spec: dict[str, Any]) -> pd.DataFrame:
    """The records of one cell; its randomness comes from the seed and the specification alone.

    Raises InputError where numbers leave the range of float64: what would come out is no result.
    """
    study = STUDIES[spec["study"]]
    config = build(study.config, spec["config"], spec["study"])
    try:
        with np.errstate(over="raise", invalid="raise", divide="raise"):
            return study.run(config, generator(config.seed, spec))
    except FloatingPointError as error:
        raise InputError(f"the settings lead out of the range of float64 ({error}).") from error


def summary_rows(
    study: Study, columns: list[str], spec: dict[str, Any], records: pd.DataFrame
) -> pd.DataFrame:
    """The summary of one cell with the settings that tell it apart."""
    return with_columns(study.summarize(records), spec["config"], columns)


def facts() -> dict[str, str]:
    """What must be the same wherever cells are computed, for the same bytes."""
    code = fingerprint(FOLDER.rglob("*.py"), FOLDER.parent)
    return {"pkpo-toy": code, **versions(["numpy", "pandas"])}


def carry_out(
    plan: Plan,
    out: Path,
    *,
    progress: Callable[[Event], None] | None = None,
    **options: Any,
) -> Outcome:
    """Execute the plan in OUT/NAME; `options` are those of `execute`.

    Raises what `execute` raises, and InputError where the folder holds results of another study.
    """
    folder = results_folder(out, plan.name)
    if not options.get("fresh"):
        _check_study(folder, plan)
    return execute(
        plan.cells,
        run_cell,
        folder,
        summarize=partial(summary_rows, plan.file.definition, plan.columns),
        description=plan.description(),
        facts=facts,
        progress=progress,
        **options,
    )


def _check_study(folder: Path, plan: Plan) -> None:
    with suppress(Corrupt):  # it is written again
        there = (read_manifest(folder) or {}).get("study", plan.file.study)
        if there != plan.file.study:
            raise InputError(
                f"{str(folder)!r} holds results of study {there!r}; "
                "choose another name, or start over with fresh."
            )


def timed_first_cell(plan: Plan) -> float:
    """Seconds that the first cell takes here; nothing is written."""
    started = time.perf_counter()
    run_cell(plan.cells[0].spec)
    return time.perf_counter() - started


def plans(
    study: str, values: dict[str, Any] | None = None, *, quick: bool = False, name: str = ""
) -> list[Plan]:
    """The plans of a study, a FILE.toml or a suite with these values in force.

    All are checked before the first one is run. Results go under `name`, else under the name of the
    study and what the values change of it. Raises InputError.
    """
    values = values or {}
    made = []
    for each in SUITES.get(study, [study]):
        file = with_quick(load(each)) if quick else load(each)
        named = name or result_name(file, values)
        made.append(plan(replace(with_values(file, values), name=named)))
    return made
