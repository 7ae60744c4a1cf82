"""Keys of rows: what was dropped while samples were numbered on can still be told later."""

import random

import numpy as np
import pytest

from pkpo_toy.samples import keys
from pkpo_toy.samples.evaluation import Collector
from pkpo_toy.samples.keys import Keys


def blocks_of(rows, size):
    for first in range(0, len(rows), size):
        part = rows[first : first + size]
        lines = range(first + 1, first + 1 + len(part))
        yield lines, [list(column) for column in zip(*part, strict=True)]


def first_repeated(rows):
    """By definition: the line of the first row met before, and the line of the one before."""
    met = {}
    for line, row in enumerate(rows, 1):
        if row in met:
            return line, met[row]
        met[row] = line
    return None


def found(rows, size):
    kept = Keys()
    for lines, columns in blocks_of(rows, size):
        kept.add(lines, columns)
    return kept.repeated()


NUMBERED = [(f"p{p}", str(s)) for s in range(6) for p in range(4)]
CASES = {
    "numbered": NUMBERED,
    "numbered from 1": [(p, str(int(s) + 1)) for p, s in NUMBERED],
    "the last again": [*NUMBERED, NUMBERED[-1]],
    "the first again": [*NUMBERED, NUMBERED[0]],
    "a number left out": [*NUMBERED, ("p1", "7"), ("p1", "6")],
    "a number left out, then again": [*NUMBERED, ("p1", "7"), ("p2", "2")],
    "names": [("p", name) for name in "0abcdefg"],
    "names, one again": [("p", name) for name in "0abcdefga"],
    "one key": [(f"p{i}",) for i in range(9)],
    "one key again": [(f"p{i % 8}",) for i in range(9)],
}


@pytest.mark.parametrize("size", [1, 5, 100])
@pytest.mark.parametrize("case", CASES)
def test_the_first_key_that_stands_twice_is_found(case, size):
    assert found(CASES[case], size) == first_repeated(CASES[case])


@pytest.mark.parametrize("size", [1, 5])
@pytest.mark.parametrize("case", CASES)
def test_it_is_found_as_well_when_lines_were_dropped(monkeypatch, case, size):
    monkeypatch.setattr(keys, "FEW", 12)
    expected, result = first_repeated(CASES[case]), found(CASES[case], size)
    assert (result and result[0]) == (expected and expected[0])
    assert result is None or result[1] in (expected[1], 0)


def test_numbered_rows_leave_nothing_behind(monkeypatch):
    monkeypatch.setattr(keys, "FEW", 12)
    kept = Keys()
    for lines, columns in blocks_of(NUMBERED, 5):
        kept.add(lines, columns)
    assert not kept._numbered
    assert not kept._hashes


@pytest.mark.parametrize("problems", [5, 70_000])
@pytest.mark.parametrize("values", [(0, 1), (0, 1, 0.5)])
def test_samples_in_any_order_come_problem_by_problem(problems, values):
    draw = random.Random(problems)
    rows = [(f"p{draw.randrange(problems)}", draw.choice(values)) for _ in range(3000)]
    rows = [(f"p{p}", 1) for p in range(problems)] + rows
    into = Collector()
    for first in range(0, len(rows), 1000):
        into.add_columns(*zip(*rows[first : first + 1000], strict=True))
    for problem, reward in rows[:10]:
        into.add(problem, [reward])
    evaluation = into.evaluation("")
    expected: dict[str, list[float]] = {}
    for problem, reward in rows + rows[:10]:
        expected.setdefault(problem, []).append(reward)
    assert evaluation.problems == list(expected)
    assert evaluation.n.tolist() == [len(r) for r in expected.values()]
    assert evaluation.rewards.tolist() == [r for of_one in expected.values() for r in of_one]
    assert (evaluation.c is None) == (len(values) == 3)
    if evaluation.c is not None:
        assert evaluation.c.tolist() == [sum(r) for r in expected.values()]
    assert evaluation.samples()["reward"].dtype == np.float64


def test_long_columns_are_sorted_in_parts():
    """More samples than one part holds, the problems in turn."""
    total = 2**20 + 12_345
    into = Collector()
    into.add_columns([f"p{i % 3}" for i in range(total)], [float(i % 7 == 0) for i in range(total)])
    evaluation = into.evaluation("")
    expected = [float(i % 7 == 0) for p in range(3) for i in range(p, total, 3)]
    assert evaluation.rewards.tolist() == expected
