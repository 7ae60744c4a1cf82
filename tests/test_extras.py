"""The install command in messages: right for a package from an index, a wheel or a checkout."""

import tomllib
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import pytest

from pkpo_toy import extras
from pkpo_toy.extras import install_command

PROJECT = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text())["project"]
DECLARED = PROJECT["optional-dependencies"]
LINES = [
    *PROJECT["dependencies"],
    *(f'{one}; extra == "{extra}"' for extra, every in DECLARED.items() for one in every),
]


@pytest.mark.parametrize("extra", ["samples", "cluster", "lm"])
def test_it_names_the_packages_of_the_extra(monkeypatch, extra):
    monkeypatch.setattr(extras, "requires", lambda name: LINES)
    assert install_command(extra) == "pip install " + " ".join(
        f"'{one}'" for one in DECLARED[extra]
    )


def test_an_extra_that_holds_another_names_the_packages_of_both(monkeypatch):
    monkeypatch.setattr(extras, "requires", lambda name: LINES)
    command = install_command("trl")
    assert all(f"'{one}'" in command for one in DECLARED["lm"])
    assert "trl>=" in command
    assert "pkpo-toy" not in command


def test_run_from_its_source_it_names_the_checkout(monkeypatch):
    def unknown(name):
        raise PackageNotFoundError(name)

    monkeypatch.setattr(extras, "requires", unknown)
    assert install_command("lm") == "pip install '.[lm]'"
