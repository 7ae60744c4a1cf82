"""A checker of the user's own: what is no reward is refused and not counted as a wrong answer."""

import pytest

from pkpo_toy.errors import InputError
from pkpo_toy.lm.checkers import checker_named
from pkpo_toy.lm.config import LmConfig
from pkpo_toy.lm.tasks import Problem

PROBLEM = Problem("1+1", "2")


def score(tmp_path, body, **options):
    (tmp_path / "own.py").write_text(f"def f(prompt, answer, text):\n    {body}\n")
    return checker_named(f"{tmp_path / 'own.py'}:f", **options)(PROBLEM, "2")


def test_a_number_is_the_reward(tmp_path):
    assert score(tmp_path, "return 0.25") == 0.25
    assert score(tmp_path, "return text == answer") == 1.0


@pytest.mark.parametrize("answer", ["0.5", "-1", "2", "1 - 1e-9"])
def test_a_share_is_not_rounded_where_answers_are_right_or_wrong(tmp_path, answer):
    with pytest.raises(InputError, match='"exact" takes 0 or 1; reward = "fraction" keeps'):
        score(tmp_path, f"return {answer}", exact=True)
    assert score(tmp_path, "return True", exact=True) == 1.0


def test_the_setting_of_the_study_decides(tmp_path):
    (tmp_path / "own.py").write_text("def f(prompt, answer, text):\n    return 0.5\n")
    rows = ('{"prompt": "%d+1=", "answer": "%d"}' % (i, i + 1) for i in range(40))  # noqa: UP031
    (tmp_path / "data.jsonl").write_text("\n".join(rows))
    given = {"data": str(tmp_path / "data.jsonl"), "checker": f"{tmp_path / 'own.py'}:f"}
    shares = LmConfig(**given, reward="fraction").load_problems()
    assert shares.reward(PROBLEM, "2") == 0.5
    with pytest.raises(InputError, match="takes 0 or 1"):
        LmConfig(**given).load_problems().reward(PROBLEM, "2")


@pytest.mark.parametrize("answer", ["float('nan')", "float('inf')", "None", "'1'", "[1]"])
def test_what_is_no_finite_number_is_refused(tmp_path, answer):
    with pytest.raises(InputError, match="must return a finite number"):
        score(tmp_path, f"return {answer}")


def test_what_it_raises_is_told_with_its_line(tmp_path):
    with pytest.raises(InputError, match=r"failed: ZeroDivisionError.*line 2"):
        score(tmp_path, "1 / 0")
