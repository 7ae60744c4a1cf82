"""Pasted tables and the URL's fragment: what is read, what is refused and how."""

import json

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pkpo_toy.samples.intervals import student_t, wilson_interval
from pkpo_toy.samples.passk import passk

some = settings(deadline=None, max_examples=60)

rows = st.integers(1, 300).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n)))


@some
@given(st.lists(rows, min_size=1, max_size=30))
def test_a_table_gives_pythons_curve(evaluate, counts):
    text = "problem,n,c\n" + "".join(f"p{i},{n},{c}\n" for i, (n, c) in enumerate(counts))
    found = evaluate(
        f"(() => {{ const {{ rows }} = readCounts({json.dumps(text)});"
        " return atEachK(rows, defaultKs(rows)); })()"
    )
    frame = pd.DataFrame(counts, columns=["n", "c"]).assign(problem=range(len(counts)))
    expected = passk(frame)
    assert [one["k"] for one in found] == expected["k"].tolist()
    for name in ("value", "se", "low", "high"):
        page = [one[name] if one[name] is not None else float("nan") for one in found]
        # A standard error near zero is a difference of nearly equal numbers.
        assert page == pytest.approx(expected[name].tolist(), rel=1e-10, abs=1e-10, nan_ok=True)


@pytest.mark.parametrize("degrees", [1, 2, 3, 4, 7, 40, 199])
def test_students_t(evaluate, degrees):
    assert evaluate(f"studentT({degrees})") == pytest.approx(student_t(degrees), rel=1e-12)


@pytest.mark.parametrize(("value", "se"), [(0.0, 0.0), (1.0, 0.0), (0.3, 0.1), (0.5, 0.0)])
def test_wilsons_interval(evaluate, value, se):
    page = evaluate(f"wilson({value}, {se}, 12)")
    assert (page["low"], page["high"]) == pytest.approx(wilson_interval(value, se, 12), rel=1e-12)


@pytest.mark.parametrize(
    "text",
    [
        "problem\tn\tc\nx\t10\t3\ny\t20\t4",
        "\ufeffproblem,n,c\r\n\r\nx,10,3\r\ny,20,4\r\n",
        "c,note,n,problem\n3,a,10,x\n4,b,20,y\n",
        '"problem","n","c"\n"x",10,3\n"y", 20 ,4\n',
    ],
)
def test_tables_as_people_have_them(evaluate, text):
    found = evaluate(f"readCounts({json.dumps(text)})")
    assert found == {"rows": [{"problem": "x", "n": 10, "c": 3}, {"problem": "y", "n": 20, "c": 4}]}


@some
@given(st.text(max_size=200) | st.lists(st.text('a1,\n"\t-.eN', max_size=20)).map("\n".join))
def test_any_text_gives_rows_or_one_short_sentence(evaluate, text):
    for start in ("", "problem,n,c\n"):
        found = evaluate(f"readCounts({json.dumps(start + text)})")
        if "fault" in found:
            assert found["fault"].endswith(".")
            assert len(found["fault"]) < 300
        else:
            assert all(0 <= row["c"] <= row["n"] for row in found["rows"])


KINDS = """{
  "a-p": realNumber(0.2, 0.01, 0.99, 0.01), "a-n": wholeNumber(16, 2, 64),
  "b-kind": oneOf("any", ["any", "binary"]), "b-some": someOf(["x"], ["x", "y", "z"], 2),
  "b-heights": heights([0, 1], 2),
}"""


def after(evaluate, fragment):
    return evaluate(
        f"(() => {{ const state = new State({KINDS});"
        f" const found = state.read({json.dumps(fragment)}, ['a', 'b']);"
        " return { ...found, values: state.values, fragment: state.fragment(found.part) }; })()"
    )


def test_a_fragment_is_read_and_written(evaluate):
    fragment = "b&a-p=0.5&a-n=8&b-kind=binary&b-some=z%2By&b-heights=z7"
    found = after(evaluate, f"#{fragment}")
    assert found["problems"] == []
    assert found["values"] == {
        "a-p": 0.5, "a-n": 8, "b-kind": "binary", "b-some": ["z", "y"], "b-heights": [1, 0.2],
    }  # fmt: skip
    assert found["fragment"] == fragment
    assert after(evaluate, "")["fragment"] == ""


@pytest.mark.parametrize(
    "piece",
    ["a-p=1", "a-p=", "a-p=0x1", "a-n=2.5", "a-n=1e1", "b-kind=toString", "b-some=x%2Bx",
     "b-some=x%2By%2Bz", "b-heights=zzz", "__proto__=1", "constructor=1", "c", "a-q=3", "a-p=%E0"],
)  # fmt: skip
def test_what_does_not_fit_is_named_and_left_out(evaluate, piece):
    found = after(evaluate, f"#{piece}&a-n=9")
    assert len(found["problems"]) == 1
    assert piece.split("=")[0] in found["problems"][0]
    assert len(found["problems"][0]) < 300
    assert found["fragment"] == "a-n=9"


@some
@given(st.text(max_size=300))
def test_any_fragment_leaves_a_state_whose_own_fragment_is_understood(evaluate, text):
    found = after(evaluate, text)
    assert all(len(problem) < 300 for problem in found["problems"])
    assert after(evaluate, found["fragment"])["problems"] == []
