"""Tasks: every answer that is given as right is right, by an independent check; nothing else is."""

import ast
import operator
import re
from collections import Counter
from itertools import count

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pkpo_toy.errors import InputError
from pkpo_toy.lm import problems
from pkpo_toy.lm.checkers import CHECKERS, checker_named
from pkpo_toy.lm.problems import from_file, from_task
from pkpo_toy.lm.tasks import TASKS, Problem, task_named, value_of

LEVELS = [(name, level) for name, task in TASKS.items() for level in range(1, task.levels + 1)]
SIGNS = {ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul}


def evaluated(text):
    """Python's own grammar in place of the task's."""

    def value(node):
        if isinstance(node, ast.BinOp):
            return SIGNS[type(node.op)](value(node.left), value(node.right))
        return node.value

    return value(ast.parse(text, mode="eval").body)


def drawn(name, level, count=200):
    rng = np.random.default_rng(level)
    return [TASKS[name].draw(level, rng) for _ in range(count)]


@pytest.mark.parametrize(("name", "level"), LEVELS)
def test_the_answer_given_earns_1_and_a_wrong_one_less(name, level):
    task = task_named(name, level)
    for problem in drawn(name, level):
        assert task.reward(problem, problem.answer) == 1
        assert set(problem.prompt + problem.answer) <= set(task.alphabet)
        for wrong in ("", problem.answer + "0", problem.answer[:-1]):
            assert 0 <= task.reward(problem, wrong) < 1


@pytest.mark.parametrize("level", [1, 2, 3])
def test_products_and_parities(level):
    for problem in drawn("multiply", level):
        a, b = problem.prompt.rstrip("=").split("*")
        assert int(problem.answer) == int(a) * int(b)
    for problem in drawn("parity_chain", level):
        bits = [int(bit) for bit in problem.prompt.rstrip("=")]
        assert problem.answer == "".join(str(sum(bits[: i + 1]) % 2) for i in range(len(bits)))


@pytest.mark.parametrize("level", [1, 2, 3])
def test_countdown_takes_every_way_to_the_target(level):
    reward = TASKS["countdown"].reward
    for problem in drawn("countdown", level, 50):
        given_numbers, target = problem.prompt.rstrip("=").split(">")
        assert evaluated(problem.answer) == int(target)
        used = re.findall("[0-9]+", problem.answer)
        assert Counter(used) == Counter(given_numbers.split(","))
    many = Problem("2,3,4>14=", "2+3*4")
    assert [reward(many, text) for text in ("4*3+2", "2+4*3", "3*4+2")] == [1, 1, 1]
    for wrong in ("14", "2+12", "2+3*4+0", "2+3*4*1", "(2+3)*4", "2**3+4", "2+3*4=", "２+3*4"):
        assert reward(many, wrong) == 0
    assert reward(many, "2*3+4") == 1 / 6  # 10 is 4 away


@settings(deadline=None, max_examples=200)
@given(st.lists(st.integers(0, 99), min_size=1, max_size=6), st.data())
def test_value_of_agrees_with_python(numbers, data):
    text = str(numbers[0])
    for number in numbers[1:]:
        text += data.draw(st.sampled_from("+-*")) + str(number)
    assert value_of(text) == evaluated(text)


def test_value_of_refuses_everything_else():
    for text in ("", "+", "1+", "1++2", "-1", "1 + 2", "a", "1/2", "1+1" * 50, "1\n"):
        assert value_of(text) is None


def test_fraction_right_counts_places():
    reward = TASKS["multiply"].reward
    asked = Problem("12*34=", "408")
    assert [reward(asked, t) for t in ("408", "418", "40", "4080", "1")] == [
        1,
        2 / 3,
        2 / 3,
        3 / 4,
        0,
    ]


def test_unknown_task_or_level():
    with pytest.raises(InputError, match="multiply"):
        task_named("multiplication", 1)
    with pytest.raises(InputError, match="1 to 3, got 4"):
        task_named("multiply", 4)


@pytest.mark.parametrize(("name", "level"), LEVELS)
def test_held_out_means_never_trained_on(name, level):
    known = from_task(name, level, 200, 50, seed=0)
    training, held_out = ({p.prompt for p in part} for part in (known.training, known.held_out))
    assert training
    assert held_out
    assert not training & held_out
    assert len(training) == len(known.training)


def test_which_problems_are_held_out_does_not_depend_on_the_seed():
    one, other = (from_task("multiply", 2, 1000, 1000, seed) for seed in (0, 1))
    assert {p.prompt for p in one.held_out} == {p.prompt for p in other.held_out}


@pytest.mark.parametrize(
    ("rule", "answer", "right", "wrong"),
    [
        ("exact", "42", ["42", " 42\n"], ["42.0", "4 2", ""]),
        ("numeric", "1,234.5", ["so 1234.5", "= 1.2345e3", "7, then 1,234.50"], ["1234", "none"]),
        ("numeric", "-3", ["x = -3"], ["3"]),
        ("regex", r"^\s*(yes|ja)\b", ["yes", " ja, sicher"], ["no", "oh yes"]),
    ],
)
def test_checkers(rule, answer, right, wrong):
    check = CHECKERS[rule]
    assert [check(Problem("?", answer), text) for text in right] == [1.0] * len(right)
    assert [check(Problem("?", answer), text) for text in wrong] == [0.0] * len(wrong)


def test_the_users_own_checker(tmp_path):
    path = tmp_path / "mine.py"
    path.write_text("def near(prompt, answer, text):\n    return prompt + answer == text\n")
    assert checker_named(f"{path}:near")(Problem("a", "b"), "ab") == 1.0
    with pytest.raises(InputError, match="no function 'far'"):
        checker_named(f"{path}:far")
    with pytest.raises(InputError, match="there is no file"):
        checker_named(f"{tmp_path / 'yours.py'}:near")
    with pytest.raises(InputError, match="exact, numeric, regex"):
        checker_named("fuzzy")
    path.write_text("1/0")
    with pytest.raises(InputError, match="ZeroDivisionError"):
        checker_named(f"{path}:near")


def test_problems_from_a_file(tmp_path):
    path = tmp_path / "data.jsonl"
    lines = [f'{{"prompt": "{i}+1=", "answer": {i + 1}, "level": 3}}' for i in range(60)]
    path.write_text("\n".join(lines))
    known = from_file(str(path), "numeric", 40, 5)
    assert len(known.held_out) == 5
    assert known.training[0] == Problem(known.training[0].prompt, known.training[0].answer)
    assert known.reward(known.training[0], f"it is {known.training[0].answer}") == 1
    assert known.alphabet == "+0123456789="
    assert known.longest == 2


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ('{"prompt": "a"}', "line 2.*'answer'"),
        ('{"prompt": 3, "answer": "a"}', "line 2.*prompt"),
        ('{"prompt": "b", "answer": null}', "line 2.*answer"),
        ('{"prompt": "b", "answer": "("}', "line 2.*regular expression"),
        ('{"prompt": "a", "answer": "1"}', "line 2.*prompt of line 1 again"),
        ("nonsense", "line 2"),
    ],
)
def test_a_bad_line_is_named(tmp_path, line, told):
    path = tmp_path / "data.jsonl"
    path.write_text('{"prompt": "a", "answer": "b"}\n' + line + "\n")
    with pytest.raises(InputError, match=told):
        from_file(str(path), "regex", 4, 1)


def test_a_file_too_short_to_hold_any_out(tmp_path):
    path = tmp_path / "data.jsonl"
    path.write_text('{"prompt": "a", "answer": "b"}\n')
    with pytest.raises(InputError, match="held out"):
        from_file(str(path), "exact", 4, 1)


def test_more_problems_than_there_are_ends_with_all_of_them():
    problems = from_task("multiply", 1, 10**6, 10**6, seed=0)
    prompts = {problem.prompt for problem in problems.training + problems.held_out}
    assert len(prompts) == len(problems.training + problems.held_out) == 8 * 8
    more = from_task("multiply", 1, 10**6, 10**6, seed=1)
    assert {problem.prompt for problem in more.training + more.held_out} == prompts


@pytest.mark.parametrize(
    ("name", "level", "many"),
    [("multiply", 1, 8 * 8), ("multiply", 2, 90 * 8), ("parity_chain", 1, 16)],
)
def test_a_level_has_as_many_problems_as_it_says(name, level, many):
    """In so many draws each is missed with a probability of exp(-25)."""
    assert len({problem.prompt for problem in drawn(name, level, 25 * many)}) == many
    assert TASKS[name].count(level) == many


def test_drawing_ends_where_hardly_any_problem_is_new(monkeypatch):
    monkeypatch.setattr(problems, "REPEATS", 5)
    drawn = count()
    always_the_same_two = (Problem(str(next(drawn) % 2), "answer") for _ in range(1000))
    assert [one.prompt for one in problems._different(always_the_same_two)] == ["0", "1"]
    assert next(drawn) == 2 + 5 + 1
