"""The table of faults in docs/reliability.md names tests and exit codes that there are."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "reliability.md").read_text("utf-8")
HEAD = "| fault | what happens | exit code | test |\n|---|---|---|---|\n"
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in PAGE.split(HEAD)[1].split("\n\n")[0].splitlines()
]
CODES = {"0", "1", "2", "74", "75", "130", "143"}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0][:50])
def test_a_row_is_complete_and_its_tests_exist(row):
    fault, happens, codes, tests = row
    assert fault
    assert happens
    assert set(re.findall(r"\d+", codes)) <= CODES
    named = re.findall(r"`([^`]+)`", tests)
    assert named
    for name in named:
        path = ROOT / name if name.startswith("scripts/") else ROOT / "tests" / name
        assert path.is_file(), name


def test_every_exit_code_that_is_promised_has_a_row():
    promised = set(re.findall(r"\d+", PAGE.split("Exit codes:")[1].split("Every failure")[0]))
    assert promised == CODES
    assert {code for row in ROWS for code in re.findall(r"\d+", row[2])} == CODES
