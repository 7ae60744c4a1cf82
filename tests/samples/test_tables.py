"""Reading a table: whatever bytes come in, rows with their lines or one sentence."""

import io
import math
import os
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pkpo_toy.errors import InputError
from pkpo_toy.samples import rows
from pkpo_toy.samples.tables import Column, read_table, with_column


def parse(value):
    return None if isinstance(value, float) and math.isnan(value) else value


def kind(*names):
    keys = ("problem", "sample")
    anything = frozenset({str, int, float, dict})
    return tuple(Column(name, parse, "anything", name in keys, anything) for name in names)


KINDS = [kind("problem", "n", "c"), kind("problem", "sample", "reward")]


@pytest.fixture
def write(tmp_path):
    def write(content):
        path = tmp_path / "table.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


def columns_of(path):
    """Values by column, and the line of every row as an error names it."""
    table = read_table(path, KINDS)
    values = zip(*table.rows, strict=True)
    columns = {column.name: list(v) for column, v in zip(table.kind, values, strict=True)}
    lines = [int(str(table.fault(row, "")).split()[-2][:-1]) for row in range(len(table.rows))]
    return columns, lines


PLAIN = {"problem": ["a", "b"], "n": ["3", "4"], "c": ["1", "2"]}


@pytest.mark.parametrize(
    ("content", "lines"),
    [
        ("problem,n,c\na,3,1\nb,4,2\n", [2, 3]),
        ("problem,n,c\na,3,1\nb,4,2", [2, 3]),
        ("problem,n,c\r\na,3,1\r\nb,4,2\r\n", [2, 3]),
        ("\ufeffproblem,n,c\na,3,1\nb,4,2\n", [2, 3]),
        ("\ufeff\n\n  \nproblem,n,c\n\na,3,1\n\n\t\nb,4,2\n\n", [6, 9]),
        ("c,note,problem, n \n1,x,a,3\n2,y,b,4\n", [2, 3]),
        ('"problem","n","c"\n"a",3,1\nb,"4",2\n', [2, 3]),
        ('note,problem,n,c\n"runs\n\nover, lines",a,3,1\n"a ""quote""",b,4,2\n', [2, 5]),
    ],
)
def test_csv_is_read_with_the_line_each_row_starts_on(write, content, lines):
    assert columns_of(write(content)) == (PLAIN, lines)


@pytest.mark.parametrize(
    ("content", "lines"),
    [
        ('{"problem":"a","n":3,"c":1}\n{"problem":"b","n":4,"c":2}\n', [1, 2]),
        (
            '\ufeff\n{"c":1,"problem":"a","n":3}\r\n \r\n{"c":2,"problem":"b","n":4,"z":[{}]}',
            [2, 4],
        ),
    ],
)
def test_json_lines_are_read_with_their_line(write, content, lines):
    values = {"problem": ["a", "b"], "n": [3, 4], "c": [1, 2]}
    assert columns_of(write(content)) == (values, lines)


def test_a_quoted_comma_stays_in_its_field(write):
    columns, _ = columns_of(write('problem,n,c\n"a, or b",3,1\n'))
    assert columns["problem"] == ["a, or b"]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("", "is empty: a table needs problem,n,c or problem,sample,reward"),
        ("\n \n\n", "is empty"),
        ("\ufeff", "is empty"),
        ("problem,n\na,3\n", r"line 1: no column 'c'; needed: .* present: 'problem', 'n'"),
        ("\nproblem,N,c\na,3,1\n", r"line 2: no column 'n' \(nearest is 'N'\)"),
        (
            "Problem,sample,rewards\n",
            r"'problem' \(nearest is 'Problem'\), 'reward' \(.* 'rewards'\)",
        ),
        ("problem;n;c\na;3;1\n", "line 1: no column 'problem'.*present: 'problem;n;c'"),
        ("problem,n,c,n\n", "line 1: the column 'n' appears more than once"),
        ("problem,n,c\na,3,1\n\nb,4\n", "line 4: 2 fields where the header has 3"),
        ("problem,n,c\na,3,1\nb,4,2,\n", "line 3: 4 fields where the header has 3"),
        ('problem,n,c\na,3,1\n"b,4,2\n', "line 3: not valid CSV"),
        ('problem,n,c\n"a"b,3,1\n', "line 2: not valid CSV"),
        ("problem,n,c\ra,3,1\r", "line 1: not valid CSV"),
        (b"problem,n,c\na,3,1\n\xff\xfe,1,1\n", "line 3: not UTF-8"),
        ("problem,n,c\n".encode("utf-16"), "line 1: not UTF-8"),
        (b"problem,n,c\na\0,3,1\n", "line 2: a NUL character"),
        ('{"problem":"a","n":3}\n', "line 1: no column 'c'"),
        (
            '{"problem":"a","n":3,"c":1}\n\n{"problem":"b","n":3,"C":1}',
            r"line 3: .*'c' \(nearest.*'C'",
        ),
        ('{"problem":"a","n":3,"c":1}\nnothing\n', "line 2: not a valid JSON object"),
        ('{"problem":"a","n":3,"c":1}\n{"problem":\n', "line 2: not a valid JSON object"),
        ('{"problem":"a","n":3,"c":1}\n[1, 2]\n', r"line 2: each line must .*object, got \[1, 2\]"),
        ('{"problem":"a","n":3,"c":NaN}\n', "line 1: c must be anything, got nan"),
        ('{"problem":"a","n":3,"c":1,"c":2}\n', "line 1: .*a key appears more than once"),
        ('{"a":' * 100_000, "line 1: not a valid JSON object"),
        ("{}\n", "line 1: no column .* present: none"),
    ],
)
def test_what_is_no_table_is_refused_with_its_line(write, content, sentence):
    with pytest.raises(InputError, match=sentence) as caught:
        read_table(write(content), KINDS)
    assert "table.csv" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 500


def test_what_cannot_be_opened_is_refused(tmp_path):
    for path in (tmp_path, tmp_path / "none", "a\0b", "x" * 5000, tmp_path / "none\n\x1b[31m"):
        with pytest.raises(InputError, match="cannot read") as caught:
            read_table(path, KINDS)
        assert str(caught.value).isprintable()


def test_standard_input_is_a_dash(monkeypatch):
    stream = io.TextIOWrapper(io.BytesIO(b"problem,n,c\na,3,1\n\nb,x\n"))
    monkeypatch.setattr(sys, "stdin", stream)
    with pytest.raises(InputError, match="standard input, line 4: 2 fields"):
        read_table("-", KINDS)


def test_a_line_too_long_for_a_row_is_refused(write, monkeypatch):
    monkeypatch.setattr(rows, "LONGEST_LINE", 20)
    monkeypatch.setattr(rows, "BLOCK", 1)
    assert read_table(write("problem,n,c\n" + "a" * 12 + ",3,1\n"), KINDS).rows
    with pytest.raises(InputError, match="line 2: longer than 20 bytes"):
        read_table(write("problem,n,c\n" + "a" * 40 + ",3,1\n"), KINDS)


@pytest.mark.parametrize(
    "start", [b"", b"problem,n,c\na,3,1\n", b'problem,n,c\n"', b"{", b"\n" * 999]
)
@pytest.mark.parametrize("block", [b"\0", b"x", b"\n", b"\xff", b"\r", b'"', b"a,3,1\n"])
def test_a_gigabyte_of_garbage_is_refused_at_once(tmp_path, monkeypatch, start, block):
    if (start, block) != (b"", b"x"):
        monkeypatch.setattr(rows, "LONGEST_LINE", 2**22)
    path = tmp_path / "garbage.csv"
    path.write_bytes(start + block * (2**22 // len(block)))
    os.truncate(path, 10**9)
    taken, read = [], rows.Source.read
    monkeypatch.setattr(rows.Source, "read", lambda *a: taken.append(read(*a)) or taken[-1])
    with pytest.raises(InputError):
        read_table(path, KINDS)
    assert sum(map(len, taken)) < 2 * rows.LONGEST_LINE + 2**22
    path.unlink()


LOOKALIKE = st.text(alphabet='problem,nc"\r\n{}[]:01. \ufeff\0é\ud800'.replace("\ud800", ""))


@settings(deadline=None, max_examples=300)
@given(st.one_of(st.binary(), LOOKALIKE.map(str.encode)), st.sampled_from([b"", b"problem,n,c\n"]))
def test_whatever_comes_in_is_a_table_or_an_input_error(tmp_path_factory, content, header):
    path = tmp_path_factory.getbasetemp() / "fuzz.csv"
    path.write_bytes(header + content)
    try:
        table = read_table(path, KINDS, keep_text=True)
    except InputError:
        return
    assert table.rows
    assert len(table.texts) == len(table.rows)


def test_a_column_is_added_and_nothing_else_changes(write):
    content = 'note,problem,n,c\r\n"a ""b"",\n c",é,3,1\r\n\r\n  x ,"q", 4,2\n,r,05,1 '
    table = read_table(write("\ufeff" + content), KINDS, keep_text=True)
    assert with_column(table, "weight", [0.1, 1e-7, -2.0]).decode() == (
        'note,problem,n,c,weight\r\n"a ""b"",\n c",é,3,1,0.1\r\n'
        '  x ,"q", 4,2,1e-07\n,r,05,1 ,-2.0\n'
    )


def test_a_key_is_added_and_nothing_else_changes(write):
    content = '{"n": 3, "c": 1.50, "problem": "\\u00e9"} \r\n\n{ "problem":"b","n":1,"c":{"x":2} }'
    table = read_table(write(content), KINDS, keep_text=True)
    assert with_column(table, "weight", [0.1, 2.0]).decode() == (
        '{"n": 3, "c": 1.50, "problem": "\\u00e9", "weight": 0.1}\n'
        '{ "problem":"b","n":1,"c":{"x":2} , "weight": 2.0}\n'
    )


@pytest.mark.parametrize(
    "content",
    [
        "problem,n,c,weight\na,3,1,\n",
        '{"problem":"a","n":3,"c":1}\n{"problem":"b","n":3,"c":1,"weight":0}',
    ],
)
def test_a_column_that_is_there_is_not_added_again(write, content):
    table = read_table(write(content), KINDS, keep_text=True)
    with pytest.raises(InputError, match="has a column 'weight' already"):
        with_column(table, "weight", [0.0] * len(table.rows))
