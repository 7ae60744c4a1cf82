"""--json on every command: one JSON document on stdout and nothing else."""

import inspect
import json
import typing

import pytest

from pkpo_toy.cli.main import COMMANDS
from pkpo_toy.cli.support.options import AsJson
from pkpo_toy.studies.table import STUDIES, SUITES

SAMPLES = "problem,sample,reward\na,0,1\na,1,0\na,2,0.5\n"
# Arguments with results/variance and s.csv at hand, and a key of the JSON.
TRIED = {
    "run": (["variance", "--name=variance", "--set=n=[8,16]", "--set=estimates=200"], "summary"),
    "show": (["variance"], "summary"),
    "plot": (["variance", "--figures", "again"], "written"),
    "report": ([], "written"),
    "demo": (["--steps", "3"], "conclusions"),
    "lesson": ([], "written"),
    "animate": (["demo", "--steps", "1", "--out", "x.gif"], "written"),
    "audit": (["--n", "3", "--estimator", "rloo"], "rows"),
    "passk": (["s.csv"], "rows"),
    "compare": (["s.csv", "s.csv"], "comparisons"),
    "weights": (["s.csv", "--k", "2"], "rows"),
    "list": ([], "formats"),
    "init": (["mine.toml"], "written"),
    "example": (["counts"], "written"),
    "schema": ([], "$defs"),
    "export": (["variance", "--to", "x.csv"], "written"),
    "clean": (["variance", "--yes"], "removed"),
}
# Other ways of the same commands.
MORE = [
    ["run", "variance", "--dry-run"],
    ["run", "variance", "--name=variance", "--set=n=[8,16]", "--set=estimates=200", "--quiet"],
    *(["list", kind] for kind in ("studies", "estimators", "problems", "formats")),
    ["audit", "--metric", "all"],
    ["weights", "s.csv", "--k", "2", "--out", "w.csv"],
    ["export", "variance"],
    ["export", "variance", "--records"],
    ["example", "all"],
    ["passk", "s.csv", "--plot", "--report", "x.html"],
    ["compare", "s.csv", "s.csv", "s.csv", "--plot"],
]


@pytest.fixture
def place(stored, tmp_path):
    (tmp_path / "s.csv").write_text(SAMPLES)
    return tmp_path


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_the_one_option(command):
    hints = typing.get_type_hints(COMMANDS[command], include_extras=True)
    assert hints.get("as_json") == AsJson
    assert inspect.signature(COMMANDS[command]).parameters["as_json"].default is False


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_prints_one_document_and_names_what_it_wrote(inside, place, command):
    arguments, key = TRIED[command]
    said = json.loads(inside(command, *arguments, "--json").stdout)
    assert key in said
    if key == "written":
        assert said[key]
        assert all((place / name).stat().st_size for name in said["written"])


@pytest.mark.parametrize("arguments", MORE, ids=" ".join)
def test_and_so_it_does_in_other_ways(inside, place, arguments):
    assert json.loads(inside(*arguments, "--json").stdout)


def test_a_suite_is_a_list_of_reports(inside, monkeypatch):
    members = ("element_weights", "landscape")
    monkeypatch.setitem(SUITES, "both", members)
    assert set(members) <= STUDIES.keys()
    reports = json.loads(inside("run", "both", "--quick", "--jobs", 1, "--json").stdout)
    assert [report["study"] for report in reports] == list(members)


def test_a_table_and_json_cannot_share_stdout(inside, place):
    done = inside("export", "variance", "--json", "--format", "csv", code=2)
    assert "--format csv" in done.stderr
    assert done.stdout == ""


def test_weights_as_json_are_those_of_the_file(inside, place):
    report = json.loads(inside("weights", "s.csv", "--k", 2, "--json").stdout)
    lines = inside("weights", "s.csv", "--k", 2).stdout.splitlines()[1:]
    assert [row["weight"] for row in report["rows"]] == [float(x.split(",")[-1]) for x in lines]
    assert report["estimator"] == "pkpo_loo_minus_one"
