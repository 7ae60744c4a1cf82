"""Names that the shell completes, read off the source of the tables.

Importing the tables takes a second of pandas that a TAB does not have. Estimators have a table that
is no literal; theirs needs numpy alone.
"""

from __future__ import annotations

import ast
import os
import shlex
from collections.abc import Iterable
from pathlib import Path

import typer

from pkpo_toy.files import RESULTS
from pkpo_toy.package import FOLDER


def keys_of(file: str, table: str) -> list[str]:
    """The keys of a dict that a file of the package spells out, in its order."""
    for node in ast.parse((FOLDER / file).read_bytes()).body:
        names = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        value = getattr(node, "value", None)
        if isinstance(value, ast.Dict) and table in [getattr(name, "id", "") for name in names]:
            return [str(key.value) for key in value.keys if isinstance(key, ast.Constant)]
    raise LookupError(f"{file} has no dict {table}")


def studies(incomplete: str) -> list[str]:
    """Studies and the settings of some that ship with the package."""
    files = sorted(path.stem for path in (FOLDER / "studies").glob("*.toml"))
    return _begun([*keys_of("studies/table.py", "STUDIES"), *files], incomplete)


def runnable(incomplete: str) -> list[str]:
    """Studies and suites."""
    return [*studies(incomplete), *_begun(keys_of("studies/table.py", "SUITES"), incomplete)]


def stored(context: typer.Context, incomplete: str) -> list[str]:
    """The results that are there; all studies where there are none yet."""
    folder = context.params.get("out") or context.params.get("results") or RESULTS
    there = sorted(path.parent.name for path in Path(folder).glob("*/manifest.json"))
    return _begun(there, incomplete) if there else studies(incomplete)


def animated(context: typer.Context, incomplete: str) -> list[str]:
    """The demo and what was stored."""
    return [*_begun(["demo"], incomplete), *stored(context, incomplete)]


def estimators(incomplete: str) -> list[str]:
    """Rows of ESTIMATORS."""
    from pkpo_toy.estimators import ESTIMATORS

    return _begun(ESTIMATORS, incomplete)


def formats(incomplete: str) -> list[str]:
    """Formats of sampling results."""
    return _begun(keys_of("samples/formats/table.py", "FORMATS"), incomplete)


def examples(incomplete: str) -> list[str]:
    """What `example` writes."""
    own = keys_of("cli/example.py", "OWN")
    names = [name for name in keys_of("samples/formats/table.py", "FORMATS") if name != "table"]
    return _begun([*own, *names, "all"], incomplete)


def lessons(incomplete: str) -> list[str]:
    """Lessons of the demo."""
    return _begun(keys_of("lessons/lessons.py", "LESSONS"), incomplete)


def metrics(incomplete: str) -> list[str]:
    """What can be estimated of k samples."""
    return _begun(keys_of("samples/metrics.py", "METRICS"), incomplete)


def metrics_in_use(incomplete: str) -> list[str]:
    """Ways to compute pass@k that `audit --metric` knows."""
    return _begun([*keys_of("samples/bias.py", "METRICS_IN_USE"), "all"], incomplete)


KEY = "_PKPO_TOY_KEY"  # the setting whose value bash completes
VALUES = {  # settings that name a row of a table
    "bandit": ("simulator/problems.py", "PROBLEMS"),
    "problem": ("simulator/problems.py", "PROBLEMS"),
    "optimiser": ("simulator/optimisers.py", "OPTIMISERS"),
    "task": ("lm/tasks.py", "TASKS"),
}


def mend_words() -> None:
    """Put KEY=VALUE together again, which bash hands over as three words, for typer to read.

    Of the word that is completed bash wants VALUE alone: KEY is kept for `settings`.
    """
    words: list[str] = []
    last = place = int(os.environ.get("COMP_CWORD") or 0)
    for at, word in enumerate(_split(os.environ.get("COMP_WORDS", ""))):
        if words[-2:-1] == ["--set"] and (word == "=" or words[-1].endswith("=")):
            words[-1] += word
            place -= at <= last
        else:
            words.append(word)
    if words[place - 1 : place] == ["--set"] and "=" in "".join(words[place : place + 1]):
        os.environ[KEY], _, words[place] = words[place].partition("=")
    os.environ |= {"COMP_WORDS": shlex.join(words), "COMP_CWORD": str(place)}


def _split(text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError:  # a quotation mark is still open
        return text.split()


def settings(incomplete: str) -> list[str]:
    """KEY=VALUE where the value is a row of a table: problems, estimators, optimisers."""
    given = os.environ.get(KEY, "")
    key = given or incomplete.partition("=")[0]
    rows = {f"{name}=": keys_of(*where) for name, where in VALUES.items()}
    if key and "estimator".startswith(key):
        rows["estimator="] = estimators("")
    if given:
        return _begun(rows.get(f"{given}=", []), incomplete)
    words = [start + name for start, names in rows.items() for name in names]
    return _begun(words, incomplete)


def _begun(names: Iterable[str], incomplete: str) -> list[str]:
    return [name for name in dict.fromkeys(names) if name.startswith(incomplete)]
