"""The page of stored results: of a study, a suite, a folder of one, a folder of many."""

from __future__ import annotations

from pathlib import Path

from pkpo_toy.errors import InputError
from pkpo_toy.experiment import Result, load
from pkpo_toy.report.compare import compared
from pkpo_toy.report.page import MADE_BY, page
from pkpo_toy.report.sections import Section, section
from pkpo_toy.runs import Corrupt
from pkpo_toy.studies.table import STUDIES, SUITES

NEEDED = {"study", "configuration", "swept", "cells", "failed", "summary", "versions", "times"}
"""What the manifest of a result must hold to be read."""


def report_page(where: str | None, out: Path, other: str | None = None) -> tuple[str, list[str]]:
    """The page of these results as HTML text, and in sentences what is left out.

    where: see `stored`; other: results to set beside them, in the same way. The same results give
    the same page. Raises InputError where there are none, Corrupt, DiskError.
    """
    found, missing = stored(where, out)
    title = f"pkpo-toy: {where or out}"
    if other is None:
        return _page(title, [section(one) for one in found]), missing
    others, missing_there = stored(other, out)
    pairs, alone = _paired(found, others)
    sections = [compared(*pair) for pair in pairs]
    return _page(f"{title} and {other}", sections), [*missing, *missing_there, *alone]


def _page(title: str, sections: list[Section]) -> str:
    count = f"{len(sections)} stud{'ies' if len(sections) > 1 else 'y'}"
    return page(title, sections, f"Stored results of {count}.", MADE_BY)


def _paired(
    found: list[Result], others: list[Result]
) -> tuple[list[tuple[Result, Result]], list[str]]:
    """Results of one name, and what stands alone; two single results are a pair.

    Raises InputError where nothing can be compared.
    """
    if len(found) == len(others) == 1:
        pairs = [(found[0], others[0])]
    else:
        named = {one.name: one for one in others}
        pairs = [(one, named[one.name]) for one in found if one.name in named]
    pairs = [pair for pair in pairs if pair[0].study == pair[1].study]
    if not pairs:
        names = [", ".join(one.name for one in side) for side in (found, others)]
        raise InputError(f"--compare needs results of the same study, got {names[0]}; {names[1]}.")
    met = [one for pair in pairs for one in pair]
    alone = {str(one.path) for one in (*found, *others) if one not in met}
    return pairs, [f"{path} has nothing beside it" for path in sorted(alone)]


def stored(where: str | None, out: Path) -> tuple[list[Result], list[str]]:
    """The results, in the order of the table of studies, and in sentences what is left out.

    where: a study or suite that was run, a results folder, or a folder of such; all in `out` if
    None. Raises InputError where there are none, and Corrupt.
    """
    folders, left_out = _folders(where, out)
    found = []
    for folder in folders:
        try:
            found.append(_loaded(folder))
        except (Corrupt, InputError) as error:
            if len(folders) == 1:
                raise
            left_out.append(str(error))
    if not found:
        meant = str(out if where is None else where)
        none = f"no results of {meant!r} in {str(out)!r}; `pkpo-toy run` makes some."
        raise InputError(left_out[0] if folders else none)
    order = list(STUDIES)
    return sorted(found, key=lambda one: (order.index(one.study), one.name)), sorted(left_out)


def _loaded(folder: Path) -> Result:
    """The result in the folder, if this version can read it. Raises InputError, Corrupt."""
    result = load(folder)
    if result.manifest.keys() >= NEEDED and result.study in STUDIES:
        return result
    raise InputError(f"{folder} is not of this version of pkpo-toy; run the study again.")


def _folders(where: str | None, out: Path) -> tuple[list[Path], list[str]]:
    """The results folders that are meant, and in sentences what a suite lacks."""
    if where in SUITES:
        there = [name for name in SUITES[where] if _holds(out / name)]
        absent = [f"{name} was not run" for name in SUITES[where] if name not in there]
        return [out / name for name in there], absent
    if where is not None:
        for folder in (out / where, Path(where)):
            if _holds(folder):
                return [folder], []
        if not Path(where).is_dir():
            return [load(where, out).path], []  # says what is there
    place = out if where is None else Path(where)
    return [path.parent for path in place.glob("*/manifest.json")], []


def _holds(folder: Path) -> bool:
    return (folder / "manifest.json").is_file()
