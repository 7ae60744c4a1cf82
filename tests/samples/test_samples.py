"""Sampling results: what each value may be, and the two shapes of table."""

import gc
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pkpo_toy.errors import InputError
from pkpo_toy.samples.reading import read


@pytest.fixture
def write(tmp_path):
    def write(content):
        path = tmp_path / "results.csv"
        path.write_text(content, encoding="utf-8", newline="")
        return path

    return write


def read_counts(path):
    return read(path).counts()


def read_samples(path):
    return read(path).samples()


def test_counts(write):
    frame = read_counts(write("problem,n,c\nb,10, 3\na,+7,0\n1,1,1\n"))
    assert list(frame.columns) == ["problem", "n", "c"]
    assert frame.to_numpy().tolist() == [["b", 10, 3], ["a", 7, 0], ["1", 1, 1]]
    assert frame.dtypes["n"] == frame.dtypes["c"] == np.int64


def test_samples_keep_the_order_of_the_file_in_each_problem(write):
    frame = read_samples(write("problem,sample,reward\nb,0,.5\na,x,-1e-3\nb,1,1.\na,0,+2\n"))
    assert list(frame.columns) == ["problem", "sample", "reward"]
    assert frame["problem"].tolist() == ["b", "b", "a", "a"]
    assert frame["sample"].tolist() == ["0", "1", "0", "1"]
    assert frame["reward"].tolist() == [0.5, 1.0, -0.001, 2.0]


def test_truth_values_are_rewards(write):
    csv = "problem,sample,reward\na,0,True\na,1,false\n"
    lines = '{"problem":"a","sample":0,"reward":true}\n{"problem":"a","sample":1,"reward":false}\n'
    for content in (csv, lines):
        assert read_samples(write(content))["reward"].tolist() == [1.0, 0.0]


def test_counts_from_binary_samples(write):
    path = write("problem,sample,reward\nb,0,1\na,0,0\nb,1,0\nb,2,1\n")
    assert read_counts(path).to_numpy().tolist() == [["b", 3, 2], ["a", 1, 0]]


def test_counts_from_other_samples_are_refused(write):
    with pytest.raises(InputError, match=r"rewards 0 or 1, got 0\.5 for problem 'b'"):
        read_counts(write("problem,sample,reward\nb,0,1\n\nb,1,0.5\n"))


def test_samples_from_counts_are_refused(write):
    with pytest.raises(InputError, match="only how many samples were right"):
        read_samples(write("problem,n,c\na,3,1\n"))


def test_either_table_by_its_columns(write):
    assert read(write("problem,n,c\na,3,1\n")).rewards is None
    assert read(write("problem,sample,reward\na,3,1\n")).rewards.tolist() == [1]


@pytest.mark.parametrize(
    "field", ["", " ", "1.0", "2.5", "1e2", "-1", "1_0", "٣", "nan", "x", "0x1"]
)
@pytest.mark.parametrize("column", ["n", "c"])
def test_a_count_that_is_no_whole_number_is_refused(write, column, field):
    row = {"n": "9", "c": "1"} | {column: field}
    with pytest.raises(InputError, match=f"line 3: {column} must be an integer .*, got "):
        read_counts(write(f"problem,n,c\nfine,3,1\na,{row['n']},{row['c']}\n"))


@pytest.mark.parametrize("value", [1.0, True, None, [1], "1.5", 10**400])
def test_a_json_count_that_is_no_whole_number_is_refused(write, value):
    with pytest.raises(InputError, match="line 1: c must be an integer >= 0"):
        read_counts(write(json.dumps({"problem": "a", "n": 5, "c": value})))


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        ("a,3,4", "line 3: c must be at most n, got n = 3, c = 4"),
        ("a,0,0", "line 3: n must be an integer from 1 to 1000000000, got '0'"),
        ("a,1000000001,0", "line 3: n must be an integer from 1 to"),
        (f"a,{'9' * 5000},0", "line 3: n must be an integer from 1 to"),
        (",3,1", "line 3: problem must be text that is not blank"),
        ('"  ",3,1', "line 3: problem must be text that is not blank"),
        ("first,3,1", "line 3: the problem of line 2 again"),
    ],
)
def test_counts_out_of_their_domain_are_refused(write, row, sentence):
    with pytest.raises(InputError, match=sentence):
        read_counts(write(f"problem,n,c\nfirst,3,1\n{row}\n"))


@pytest.mark.parametrize(
    "field",
    ["", " ", "nan", "NaN", "inf", "-Infinity", "1e400", '"0,5"', "1_0", "½", "yes", "0x1p3"],
)
def test_a_reward_that_is_no_finite_number_is_refused(write, field):
    with pytest.raises(InputError, match="line 3: reward must be a finite number, got "):
        read_samples(write(f"problem,sample,reward\na,0,1\na,1,{field}\n"))


@pytest.mark.parametrize("text", ["null", '"x"', "[1]", "{}", "1e400", "1" + "0" * 400])
def test_a_json_reward_that_is_no_finite_number_is_refused(write, text):
    with pytest.raises(InputError, match="line 1: reward must be a finite number"):
        read_samples(write(f'{{"problem": "a", "sample": 0, "reward": {text}}}'))


@pytest.mark.parametrize("text", ["null", "true", "1.5", '""', '"\\ud800"', "[]"])
def test_a_json_name_that_is_no_text_is_refused(write, text):
    with pytest.raises(InputError, match="line 1: problem must be text that is not blank"):
        read_samples(write(f'{{"problem": {text}, "sample": 0, "reward": 1}}'))


def test_a_repeated_sample_is_refused(write):
    path = write("problem,sample,reward\na,0,1\nb,0,1\na,1,0\n\nb,0,1\n")
    with pytest.raises(InputError, match="line 6: the problem and sample of line 3 again"):
        read_samples(path)


@pytest.mark.parametrize("packed", ["csv", "jsonl"])
def test_a_sample_repeated_far_away_is_refused_too(write, monkeypatch, packed):
    monkeypatch.setattr("pkpo_toy.samples.rows.ROWS", 2)
    monkeypatch.setattr("pkpo_toy.samples.rows.BLOCK", 64)
    samples = [("a", i % 9, 1) for i in range(10)]
    rows = [f"{p},{i},{r}" for p, i, r in samples]
    content = "\n".join(["problem,sample,reward", *rows])
    if packed == "jsonl":
        names = ("problem", "sample", "reward")
        content = "\n".join(json.dumps(dict(zip(names, row, strict=True))) for row in samples)
    first = 2 if packed == "csv" else 1
    with pytest.raises(
        InputError, match=f"line {first + 9}: the problem and sample of line {first}"
    ):
        read_samples(write(content))


VALUES = st.one_of(
    st.sampled_from(
        ["a", "0", "1", "2", "-1", "nan", "", "0.5", "true", "1e999", '"', "\u00e9", "\n"]
    ),
    st.text(max_size=3),
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=1), inner, max_size=1)
    ),
    max_leaves=3,
)
HEADERS = st.sampled_from(["problem,n,c", "problem,sample,reward"])


@st.composite
def likely_tables(draw):
    header = draw(HEADERS)
    if draw(st.booleans()):
        rows = draw(st.lists(st.lists(VALUES, min_size=3, max_size=3), max_size=4))
        return "\n".join([header, *(",".join(row) for row in rows)])
    rows = draw(st.lists(st.tuples(JSON, JSON, JSON), max_size=4))
    return "\n".join(json.dumps(dict(zip(header.split(","), row, strict=True))) for row in rows)


@settings(deadline=None, max_examples=400)
@given(likely_tables())
def test_whatever_comes_in_is_results_or_an_input_error(tmp_path_factory, content):
    path = tmp_path_factory.getbasetemp() / "fuzz.csv"
    path.write_bytes(content.encode("utf-8", "surrogatepass"))
    try:
        found = read(path)
    except InputError:
        return
    assert len(set(found.problems)) == len(found.problems) == len(found.n)
    if found.rewards is None:
        assert ((found.c >= 0) & (found.c <= found.n) & (found.n >= 1)).all()
    else:
        assert np.isfinite(found.rewards).all()
        assert len(found.rewards) == found.n.sum()


@pytest.mark.parametrize("looking", [True, False])
@pytest.mark.parametrize("row", ["a,2,1", "a,2,3"], ids=["read", "refused"])
def test_garbage_is_looked_for_afterwards_as_before(write, looking, row):
    before = gc.isenabled()
    (gc.enable if looking else gc.disable)()
    try:
        try:
            read(write(f"problem,n,c\n{row}\n"))
        except InputError:
            assert row == "a,2,3"
        assert gc.isenabled() == looking
    finally:
        (gc.enable if before else gc.disable)()
