"""A checker of the user's own: what is no reward is refused and not counted as a wrong answer."""

import pytest

from pkpo_toy.errors import InputError
from pkpo_toy.lm.checkers import checker_named
from pkpo_toy.lm.tasks import Problem

PROBLEM = Problem("1+1", "2")


def score(tmp_path, body):
    (tmp_path / "own.py").write_text(f"def f(prompt, answer, text):\n    {body}\n")
    return checker_named(f"{tmp_path / 'own.py'}:f")(PROBLEM, "2")


def test_a_number_is_the_reward(tmp_path):
    assert score(tmp_path, "return 0.25") == 0.25
    assert score(tmp_path, "return text == answer") == 1.0


@pytest.mark.parametrize("answer", ["float('nan')", "float('inf')", "None", "'1'", "[1]"])
def test_what_is_no_finite_number_is_refused(tmp_path, answer):
    with pytest.raises(InputError, match="must return a finite number"):
        score(tmp_path, f"return {answer}")


def test_what_it_raises_is_told_with_its_line(tmp_path):
    with pytest.raises(InputError, match=r"failed: ZeroDivisionError.*line 2"):
        score(tmp_path, "1 / 0")
