"""`init`, `schema`, `export` and `clean`: study files to edit, results to take along."""

import json
import re

import pandas as pd
import pytest

from pkpo_toy.extras import install_command
from pkpo_toy.runs.tables import _exact_floats
from pkpo_toy.studies.files import expand, load, parse, with_quick
from pkpo_toy.studies.table import STUDIES
from pkpo_toy.studies.template import template

NAMED = ["--name", "element_weights"]
SMALL = [*NAMED, "--set", "n=[4,6]", "--set", "k=[2,3]"]


@pytest.mark.parametrize("study", ["variance", "learning_curves"])
def test_init_writes_a_commented_copy_that_can_be_run(inside, tmp_path, study):
    done = inside("init", "mine.toml", "--from", study)
    text = (tmp_path / "mine.toml").read_text()
    assert text.count("#") > 3
    assert "pkpo-toy run mine.toml" in done.stdout
    assert "cells" in inside("run", "mine.toml", "--quick", "--dry-run").stdout


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["init", "mine.toml", "--from", "varience"], "Did you mean 'variance'?"),
        (["init", "mine.txt"], "ends in .toml"),
        (["init", "..toml"], "letters, digits"),
        (["export", "variance"], "no results in"),
        (["clean", "variance"], "no results in"),
    ],
)
def test_bad_input_creates_nothing(inside, tmp_path, arguments, says):
    assert says in inside(*arguments, code=2).stderr
    assert list(tmp_path.iterdir()) == []


def test_init_never_overwrites(inside, tmp_path):
    (tmp_path / "mine.toml").write_text("mine")
    assert "is there already" in inside("init", "mine.toml", code=2).stderr
    assert (tmp_path / "mine.toml").read_text() == "mine"


def test_the_schema_is_the_one_the_settings_give(inside):
    schema = json.loads(inside("schema").stdout)
    assert schema["properties"]["study"]["enum"] == list(STUDIES)
    for branch, (name, study) in zip(schema["allOf"], STUDIES.items(), strict=True):
        assert branch["if"]["properties"]["study"]["const"] == name
        keys = set(branch["then"]["properties"]) - {"study", "variants", "quick"}
        assert keys == set(schema["$defs"][name]["properties"]) == set(study.config.model_fields)


@pytest.mark.parametrize("name", STUDIES)
def test_the_file_that_init_writes_names_every_setting_and_changes_none(name):
    text = template(name)
    written, shipped = parse(text, name, name), load(name)
    cells = expand(shipped)
    assert expand(written) == cells
    assert expand(with_quick(written)) == expand(with_quick(shipped))
    for key, field in STUDIES[name].config.model_fields.items():
        assert re.search(rf"^(# )?{key} = ", text, re.MULTILINE), key
        assert not field.description or field.description.split()[0] in text
    # Every commented setting is valid TOML: taking the mark away changes nothing either.
    keys = "|".join(STUDIES[name].config.model_fields)
    opened = re.sub(rf"^# (?=({keys}) = )", "", text, flags=re.MULTILINE)
    assert expand(parse(opened, name, name)) == cells


def test_export_gives_the_summary_and_the_records(inside, tmp_path):
    inside("run", "element_weights", *SMALL, "--jobs", 1)
    stored = tmp_path / "results" / "element_weights" / "summary.csv"
    summary = pd.read_csv(stored, **_exact_floats())
    csv = inside("export", "element_weights").stdout
    assert csv == stored.read_text()
    rows = json.loads(inside("export", "element_weights", "--format", "json", "--records").stdout)
    assert rows == summary.to_dict(orient="records")
    inside("export", "element_weights", "--to", "out.csv")
    assert (tmp_path / "out.csv").read_text() == csv
    assert (
        "Did you mean 'csv'?"
        in inside("export", "element_weights", "--format", "cvs", code=2).stderr
    )


def test_parquet_needs_pyarrow_and_says_so(cli, inside, tmp_path):
    inside("run", "element_weights", *SMALL, "--jobs", 1)
    blocked = tmp_path / "blocked" / "pyarrow"
    blocked.mkdir(parents=True)
    (blocked / "__init__.py").write_text("raise ImportError('blocked')")
    env = {"PYTHONPATH": str(blocked.parent)}
    done = cli("export", "element_weights", "--format", "parquet", env=env, code=2)
    assert install_command("samples") in done.stderr
    pytest.importorskip("pyarrow")
    inside("export", "element_weights", "--format", "parquet", "--to", "out.parquet")
    summary = pd.read_csv(tmp_path / "results" / "element_weights" / "summary.csv")
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "out.parquet"), summary)


def test_clean_removes_only_what_no_configuration_refers_to(inside, tmp_path):
    one = ["run", "element_weights", *NAMED, "--jobs", 1, "--set", "n=4", "--set", "k=2"]
    inside("run", "element_weights", *SMALL, "--jobs", 1)
    inside(*one)
    cells = tmp_path / "results" / "element_weights" / "cells"
    assert len(list(cells.glob("*.csv"))) == 4
    asked = inside("clean", "element_weights", stdin="n\n", code=1)
    assert "Remove 3 files" in asked.stderr
    assert len(list(cells.glob("*.csv"))) == 4
    assert "removed 3 files" in inside("clean", "element_weights", "--yes").stdout
    assert len(list(cells.glob("*.csv"))) == 1
    assert "nothing to remove" in inside("clean", "element_weights").stdout
    assert "0 cells run, 1 reused" in inside(*one).stderr
