"""Stored results: read from their folder, shown, drawn."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pkpo_toy.errors import InputError, unknown
from pkpo_toy.files import FIGURES, RESULTS, write_output
from pkpo_toy.package import __version__
from pkpo_toy.runs import (
    CELLS,
    MANIFEST,
    Corrupt,
    read_cells,
    read_failures,
    read_manifest,
    read_summary,
    results_folder,
)
from pkpo_toy.studies.columns import SEED, pooled, with_columns
from pkpo_toy.studies.files import build
from pkpo_toy.studies.table import STUDIES

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

QUICK = "quick"  # the folder of quick looks inside those of results and of figures


@dataclass(frozen=True)
class Result:
    """Stored results of a study; in a notebook shown as its figure and its summary."""

    path: Path
    manifest: dict[str, Any]

    @property
    def name(self) -> str:
        """That of the folder."""
        return self.path.resolve().name

    @property
    def study(self) -> str:
        """The study that was run, a row of STUDIES."""
        return str(self.manifest["study"])

    @property
    def keys(self) -> list[str]:
        """The cells whose results are there."""
        failed = set(self.manifest["failed"])
        return [key for key in self.manifest["cells"] if key not in failed]

    @cached_property
    def summary(self) -> pd.DataFrame:
        """The summary, empty where no cell succeeded. Raises DiskError."""
        return read_summary(self.path)

    @property
    def swept(self) -> list[str]:
        """The settings that differ between cells: columns of the summary and of the records."""
        return list(self.manifest["swept"])

    @property
    def has_cells(self) -> bool:
        """Whether the records of cells are stored, as they are not where results are published."""
        return (self.path / CELLS).is_dir()

    @property
    def drawable(self) -> bool:
        """Whether all is there that the figure is drawn from, or can be had again."""
        study = STUDIES[self.study]
        from_summary = study.draws == "summary" and SEED not in self.swept
        return from_summary or study.exact or self.has_cells

    def cells(self) -> Iterator[tuple[dict[str, Any], pd.DataFrame]]:
        """Settings and records of one cell after another. Raises Corrupt, DiskError.

        Those of an exact study that are not stored are computed again.
        """
        if STUDIES[self.study].exact and not self.has_cells:
            for key in self.keys:
                yield self._settings(key), self._computed(key)
            return
        for key, records in read_cells(self.path, self.keys):
            yield self._settings(key), records

    @cached_property
    def _places(self) -> dict[str, int]:
        return {key: place for place, key in enumerate(self.manifest["cells"])}

    def _settings(self, key: str) -> dict[str, Any]:
        settings, swept = self.manifest["configuration"], self.manifest["swept"]
        return {**settings, **{name: swept[name][self._places[key]] for name in swept}}

    def _computed(self, key: str) -> pd.DataFrame:
        import numpy as np

        study = STUDIES[self.study]
        config = build(study.config, self._settings(key), str(self.path / MANIFEST))
        return study.run(config, np.random.default_rng(0))  # asked for no number

    def records(self) -> pd.DataFrame:
        """The records of all cells, one after another. Raises Corrupt, DiskError."""
        import pandas as pd

        columns = self._columns()
        frames = [with_columns(records, settings, columns) for settings, records in self.cells()]
        return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()

    def _columns(self) -> list[str]:
        return [*self.swept, *STUDIES[self.study].columns]

    def failures(self) -> list[dict[str, Any]]:
        """The cells that failed, each with its specification, exception and traceback."""
        return read_failures(self.path)

    def drawn_frame(self) -> pd.DataFrame:
        """What the study's figure is drawn from: its summary, or the records of its cells.

        Cells that differ in the seed alone are made one.
        """
        study = STUDIES[self.study]
        if SEED in self.swept:
            return pooled(study, list(self.cells()), self._columns())
        return self.summary if study.draws == "summary" else self.records()

    def drawing(self) -> dict[str, Any]:
        """What the study's figure is drawn with: the arguments of `plotting.draw`."""
        study = STUDIES[self.study]
        return {
            "name": study.figure,
            "frame": self.drawn_frame(),
            "title": study.question,
            "settings": self.manifest["configuration"],
            "swept": self.swept,
        }

    def figure(self) -> Figure:
        """The study's figure, to show or to change further."""
        from pkpo_toy.plotting import draw

        return draw(**self.drawing())

    def save_figure(
        self, figures: str | Path = FIGURES, *, again: bool = True, pdf: bool = False
    ) -> list[Path]:
        """Draw FIGURES/NAME.png and .svg, and .pdf if asked; returns the paths. Raises DiskError.

        Figures that say they were drawn from the same data are left as they are unless `again`.
        """
        drawing = self.drawing()
        source = _source(self.study, **drawing)
        kinds = ("png", "svg", "pdf") if pdf else ("png", "svg")
        paths = [Path(figures, f"{self.name}.{kind}") for kind in kinds]
        if again or not all(_says(path, source) for path in paths):
            from pkpo_toy.plotting import render

            pictures = render(**drawing, source=source, kinds=kinds)
            for path, picture in zip(paths, pictures.values(), strict=True):
                write_output(path, picture)
        return paths

    def _repr_html_(self) -> str:
        from pkpo_toy.plotting import render

        if self.summary.empty:
            return f"<p>{self.name}: no cell succeeded; see .failures()</p>"
        picture = base64.b64encode(render(**self.drawing())["png"]).decode()
        image = f'<img alt="{self.name}" width="800" src="data:image/png;base64,{picture}">'
        return image + self.summary.to_html(index=False, max_rows=20, border=0)


def _source(study: str, frame: pd.DataFrame, **options: Any) -> str:
    """What a figure is drawn from: study, data, settings, and the version of what draws."""
    data = frame.to_csv(index=False) + json.dumps(options)
    digest = hashlib.sha256(data.encode()).hexdigest()
    return f"pkpo-toy {__version__} {study} {digest} matplotlib {version('matplotlib')}"


ENDS = {".png": b"IEND\xaeB`\x82", ".svg": b"</svg>\n"}


def _says(path: Path, source: str) -> bool:
    """Whether the picture says that it was drawn from this, and is there to its end."""
    if not path.is_file():
        return False
    picture = path.read_bytes()
    return source.encode() in picture and picture.endswith(ENDS[path.suffix])


def folder_for(folder: str | Path, *, quick: bool) -> Path:
    """The folder of all results or all figures; quick looks have one of their own inside it."""
    return Path(folder) / QUICK if quick else Path(folder)


def load(run: str | Path, out: str | Path = RESULTS) -> Result:
    """The results in that folder, or under that name in `out`.

        pkpo_toy.load("results/variance").figure()

    Raises InputError where there are none, with the nearest name that has some, and Corrupt where
    the manifest cannot be read.
    """
    named = isinstance(run, str) and "/" not in run
    folder = results_folder(Path(out), str(run)) if named else Path(run)
    manifest = read_manifest(folder)
    if manifest is None:
        there = sorted(path.parent.name for path in Path(out).glob("*/manifest.json"))
        if not there or not named:
            raise InputError(f"no results in {str(folder)!r}; `pkpo-toy run` makes some.")
        raise unknown(f"results in {str(out)!r}:", run, there)
    _check(folder, manifest)
    return Result(folder, manifest)


def _check(folder: Path, manifest: dict[str, Any]) -> None:
    """Raises Corrupt unless the manifest is of a study and names the settings that are columns."""
    study = STUDIES.get(manifest.get("study", ""))
    if study is None:
        raise Corrupt(f"{folder / 'manifest.json'} is of no study known here.")
    lacking = {*manifest.get("swept", ()), *study.columns} - manifest["configuration"].keys()
    if lacking:
        raise Corrupt(
            f"{folder / 'manifest.json'} lacks {', '.join(sorted(lacking))[:100]}; "
            "run the study again."
        )
