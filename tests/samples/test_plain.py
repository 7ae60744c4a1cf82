"""Plain blocks read as arrays: what comes of a file, result or sentence, is what its rows give."""

import gzip
import io
import math
import random
import struct
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pkpo_toy.errors import InputError
from pkpo_toy.samples import keys, plain, rows
from pkpo_toy.samples.formats import own
from pkpo_toy.samples.reading import read

BLOCK = 100
"""Bytes read at once here, so that a short file has many blocks."""


@pytest.fixture
def taken(monkeypatch):
    """For each block that was offered, whether it was taken."""
    taken = []
    monkeypatch.setattr(own, "taken", lambda *a: taken.append(plain.taken(*a)) or taken[-1])
    monkeypatch.setattr(rows, "BLOCK", BLOCK)
    return taken


def outcome(path):
    """All that is read, or the sentence."""
    try:
        found = read(path)
    except InputError as error:
        return str(error)
    rewards = found.rewards if found.rewards is None else found.rewards.tobytes()
    counts = [None if counts is None else counts.tolist() for counts in (found.n, found.c)]
    return found.problems, counts, rewards, found.left_out


def by_rows(path):
    """The same from the reader of rows alone."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(own, "taken", lambda *_: False)
        patch.setattr(rows, "BLOCK", BLOCK)
        return outcome(path)


def csv_of(samples, end="\n"):
    return "".join(f"{p},{s},{r}{end}" for p, s, r in [("problem", "sample", "reward"), *samples])


def lines_of(samples, end="\n", pattern='{{"problem": "{}", "sample": {}, "reward": {}}}'):
    return "".join(pattern.format(*sample) + end for sample in samples)


def compact(samples):
    return lines_of(samples, "\n", '{{"reward":{2},"problem":"{0}","sample":"{1}","x":"{{:,}}"}}')


def with_more(samples):
    pattern = '  {{ "time": 0.{1}, "ok" :null, "problem" : "{0}", "é": "a: {1}", "sample" : {1}, '
    return lines_of(samples, " \n", pattern + '"reward":{2} }}')


def numbered_problems(samples):
    pattern = '{{"problem": {}, "sample": {}, "reward": {}}}'
    places = {p: i for i, p in enumerate(dict.fromkeys(p for p, _, _ in samples))}
    return lines_of([(places[p], s, r) for p, s, r in samples], "\n", pattern)


def wide_csv(samples):
    return "a,reward,b , sample,problem\n" + "".join(f"x,{r},,{s},{p}\n" for p, s, r in samples)


SHAPES = {
    "csv": csv_of,
    "csv of Windows": lambda samples: csv_of(samples, "\r\n"),
    "csv with more columns": wide_csv,
    "json": lines_of,
    "json of Windows": lambda samples: lines_of(samples, "\r\n"),
    "compact json": compact,
    "json with more keys": with_more,
    "json, problems numbered": numbered_problems,
}
SORTED = [(f"p{p}", s, (p + s) % 2) for p in range(8) for s in range(12)]
ORDERS = {
    "sorted": SORTED,
    "in turn": [(f"p{p}", s, (p + s) % 2) for s in range(12) for p in range(8)],
    "from 1": [(p, s + 1, r) for p, s, r in SORTED],
    "shuffled problems": [
        (f"task/{p}", s, s % 2)
        for s in range(12)
        for p in random.Random(s).sample([1, 22, 333, 4444, "fünf"], 5)
    ],
    "fractions": [(p, s, s / 7 - r) for p, s, r in SORTED],
    "mixed rewards": [(p, s, (1, 0.5, "1e3", 0, "true", 10**30)[s % 6]) for p, s, _ in SORTED],
    "long names": [(f"{p}{'x' * 90}{s // 6}", s % 6, r) for p, s, r in SORTED],
}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("last", ["\n", ""])
def test_a_plain_file_is_taken_block_by_block(tmp_path, taken, shape, order, last):
    path = tmp_path / "plain"
    content = SHAPES[shape](ORDERS[order])
    path.write_text(content.removesuffix("\n") + last, "utf-8", newline="")
    found = outcome(path)
    assert len(taken) > 4
    assert all(taken)
    assert found == by_rows(path)
    problems = dict.fromkeys(p for p, _, _ in ORDERS[order])
    rewards = [float(r) if r != "true" else 1.0 for p in problems for q, _, r in ORDERS[order]
               if q == p]  # fmt: skip
    assert len(found[0]) == len(problems)
    assert read(path).rewards.tolist() == rewards


def test_packed_files_and_pipes_are_taken_too(tmp_path, taken, monkeypatch):
    content = lines_of(SORTED).encode()
    path = tmp_path / "packed.gz"
    path.write_bytes(gzip.compress(content))
    found = outcome(path)
    assert len(taken) > 4
    assert all(taken)
    taken.clear()

    class Pipe(io.BytesIO):
        def seekable(self):
            return False

    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BufferedReader(Pipe(content))))
    assert outcome("-") == found
    assert len(taken) > 4
    assert all(taken)


CSV_ROWS = [
    b"p9,0", b"p9,0,1,2", b"", b"   ", b",,", b'"p9",0,1', b'"p\n9",0,1', b"p9,0,\xff", b"p\0,0,1",
    b"p9,0,1\rp9,1,1", b"p9,0,1\r", b"p\t9,0,1", b"p9,+0,1", b"p9,00,1", b"p9,1,1", b"p9,,1",
    b"p0,0,1", b"p9, 0,1", b"p9,x,1", b"p9,-1,1", b"p9,0,", b"p9,0,nan", b"p9,0,inf", b"p9,0,1e999",
    b"p9,0,-0", b"p9,0,-0.0", b"p9,0,.5", b"p9,0,+1", b"p9,0,1.", b"p9,0,True", b"p9,0,false",
    b"p9,0,null", b"p9,0,2", b"p9,0,x", b"p9,0,/", b"p9,0,:", b"p9,0,0x1", b"p9,0,1_0", b"p9,0,[1]",
    b"p9,0,{}", b"p9,0, 1", b",0,1", b" ,0,1", b"\xc2\xa0,0,1", b"p9," + b"9" * 19 + b",1",
    b"p9,0," + b"9" * 400, b"p9,0," + b"9" * 5000, b"p" * 300 + b",0,1", b"p9,0,1" + b"0" * 200_000,
    b"\xef\xbb\xbfp9,0,1", b"p9,0,0.1000000000000000055511151231257827", b"p9,0,1e-400", b"p7,<,1",
]  # fmt: skip
JSON_VALUES = [
    (b'"p9"', b"0", value)
    for value in [
        b"", b'"1"', b"01", b"NaN", b"-0", b"-0.0", b"1e999", b"[]", b"{}", b"null", b"tru",
        b"true", b"/", b"1, 2", b'"', b"1}", b"1}, {", b'1, "reward": 1', b"9" * 400, b"9" * 5000,
        b"1, 2", b'1, "x": 1', b"1e-400", b"+1", b".5", b"Infinity", b" 1", b"1 1",
    ]
] + [
    (b'"p9"', value, b"1")
    for value in [b'"0"', b"00", b"-1", b"1.0", b"true", b'""', b"", b"1", b"9" * 19, b"[0]"]
] + [
    (value, b"0", b"1")
    for value in [
        b"9", b"-9", b"9.5", b'"p\\u00e9"', b'"p\\""', b'"\\ud800"', b'"p\t9"', b'""', b'"  "',
        b'"p0"', b'"\xff"', b'"p\0"', b"null", b'"' + b"p" * 300 + b'"', b'"\xc2\xa0"', b"09",
    ]
]  # fmt: skip
JSON_ROWS = [
    *(b'{"problem": %s, "sample": %s, "reward": %s}' % values for values in JSON_VALUES),
    b'{"problem": "p9", "sample": 0}',
    b'{"problem": "p9", "reward": 1, "sample": 0}',
    b'{"problem": "p9", "sample": 0, "reward": 1',
    b'{"problem": "p9", "sample": 0, "rewerd": 1}',
    b'{"problem": "p9", "sampel": 0, "reward": 1}',
    b' {"problem": "p9", "sample": 0, "reward": 1} ',
    b'["problem", "p9", "sample", 0, "reward", 1]',
    *(b"", b" \r", b"nothing", b"{}", b"null", b'""""""""', b'"' * 200),
]


@pytest.mark.parametrize(
    ("content", "row"),
    [(csv_of, row) for row in CSV_ROWS] + [(lines_of, row) for row in JSON_ROWS],
)
def test_a_row_that_is_not_plain_is_judged_as_ever(tmp_path, taken, content, row):
    """As one of the first rows, far down and at the end, between others and in its own block."""
    plain_rows = content(SORTED[:48]).encode().splitlines(keepends=True)
    path = tmp_path / "mixed"
    for place in (1, 30, len(plain_rows)):
        for around in (b"", b"\n" * BLOCK if len(row) < 100 else b""):
            more = around + row + b"\n" + around
            path.write_bytes(b"".join([*plain_rows[:place], more, *plain_rows[place:]]))
            assert outcome(path) == by_rows(path)


@pytest.mark.parametrize(
    ("pattern", "changed"),
    [
        ('{"a": [1], "problem": "p", "sample": 0, "reward": 1}', "[1"),
        ('{"a": {"b": 2}, "problem": "p", "sample": 0, "reward": 1}', "2"),
        ('{"problem": {"problem": "p"}, "sample": 0, "reward": 1}', "p"),
        ('{"a": 3, "problem": "p", "sample": 0, "reward": 1}', "3"),
        ('{"a": "3", "problem": "p", "sample": 0, "reward": 1}', "3"),
        ('{"a": 3, "a": 4, "problem": "p", "sample": 0, "reward": 1}', "3"),
        ('{"reward": 3, "problem": "p", "sample": 0, "reward": 1}', "3"),
        ('{"a": "reward", "problem": "p", "sample": 0, "reward": 1}', "reward"),
        ('{"a": NaN, "problem": "p", "sample": 0, "reward": 1}', "NaN"),
        ('{"problem": "p", "sample": 0, "reward": 1} x', "x"),
    ],
)
def test_other_values_are_judged_as_ever(tmp_path, taken, pattern, changed):
    path = tmp_path / "lines"
    for to in ("", "4", "-", "01", "1 2", "[2", "[2]", "{}", "NaN", "-Infinity", "tru", "null"):
        for at in (28, 29, 30):  # also where it is not the first of its block
            lines = [pattern.replace('"sample": 0', f'"sample": {i}') for i in range(40)]
            lines[at] = lines[at].replace(changed, to, 1)
            path.write_text("\n".join(lines))
            assert outcome(path) == by_rows(path)


@pytest.mark.parametrize("content", [csv_of, lines_of])
def test_line_ends_of_several_kinds_are_told_apart_as_ever(tmp_path, taken, content):
    lines = content(SORTED, "\r\n").splitlines(keepends=True)
    path = tmp_path / "ends"
    for place in (50, len(lines) - 1):
        line = lines[place].rstrip()
        for odd in (
            f"{line}\n", line, f"{line}\r\r\n", f"\r\n{line}\r\n", f"{line}\r",
            f"{line[:-1]}\r{line[-1]}\r\n", f"{line[:-1]}\r{line[-1]}\n",
            f"{line}\n\r\n", f"\r{line}\n", f"{line}\0\n",
        ):  # fmt: skip
            changed = "".join([*lines[:place], odd, *lines[place + 1 :]])
            path.write_bytes(changed.encode())
            assert outcome(path) == by_rows(path)


@pytest.mark.parametrize(
    "lines",
    [
        # A field too few in one row and one too many in the next.
        [b"p,96,1,x", b"p,x,0,1,x,y"],
        [b"p,96,1,x,y,z", b"p,97,1"],
        [b"p,96,1,x,y,z", b"p,97,1,x,"],
    ],
)
def test_fields_are_counted_row_by_row(tmp_path, taken, lines):
    path = tmp_path / "fields"
    rows_before = [b"p,%d,1,x,y" % i for i in range(96)]
    for end in ([], [b"q,%d,1,x,y" % i for i in range(40)]):
        path.write_bytes(b"\n".join([b"problem,sample,reward,x,y", *rows_before, *lines, *end]))
        assert outcome(path) == by_rows(path)
        assert isinstance(outcome(path), str)


@pytest.mark.parametrize(
    "pattern",
    [
        '{{"problem": "{}", "sample": {}, "reward": "{}"}}',
        '{{"problem": {}5, "sample": {}, "reward": {}}}',
        '{{"problem": -1{}, "sample": {}, "reward": {}}}',
        '{{"problem": "{}", "sample": {}, "rewards": {}}}',
        '{{"problem": "{}", "sample": {}, "reward": {}, "reward": 1}}',
        '{{"problem": "{}", "sample": {}, "reward": {{"reward": {}}}}}',
        '{{"problem": "{}\\t", "sample": {}, "reward": {}}}',
    ],
)
def test_a_pattern_that_changes_on_the_way_is_judged_as_ever(tmp_path, taken, pattern):
    path = tmp_path / "pattern"
    more = [(p.replace("p", "2" if '"p' not in pattern else "q"), s, r) for p, s, r in SORTED]
    for place in range(20, 30):  # also where a block ends
        path.write_text(lines_of(SORTED[:place]) + lines_of(more, "\n", pattern))
        assert outcome(path) == by_rows(path)


@pytest.mark.parametrize("few", [10, 50, 1000])
@pytest.mark.parametrize("row", [("p0", 3, 1), ("p7", 11, 1), ("p9", "x", 1), ("p1", 12, 0)])
def test_a_key_far_back_is_told_as_ever(tmp_path, taken, monkeypatch, few, row):
    """Also where lines were dropped meanwhile."""
    monkeypatch.setattr(keys, "FEW", few)
    path = tmp_path / "again"
    for content in (csv_of, lines_of):
        for samples in ([*SORTED, row], [*SORTED, row, *((f"q{i}", 0, 1) for i in range(40))]):
            path.write_text(content(samples))
            assert outcome(path) == by_rows(path)


@st.composite
def damaged(draw):
    """A plain file with a few changes."""
    samples = draw(st.sampled_from(list(ORDERS.values())))
    data = bytearray(draw(st.sampled_from(list(SHAPES.values())))(samples).encode())
    for _ in range(draw(st.integers(0, 3))):
        at, span = draw(st.integers(0, len(data))), draw(st.integers(0, 12))
        to = draw(st.sampled_from([*b'{}[]",:\\\n\r\t\0 0019.-e\xff', None]))
        more = data[at : at + span] if to is None else bytes([to])
        data[at : at + draw(st.integers(0, 2))] = more * draw(st.integers(0, 3))
    return bytes(data)


@settings(deadline=None, max_examples=100)
@given(damaged())
def test_whatever_is_damaged_is_read_as_its_rows(tmp_path_factory, data):
    path = tmp_path_factory.getbasetemp() / "damaged"
    path.write_bytes(data)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rows, "BLOCK", BLOCK)
        found = outcome(path)
    assert found == by_rows(path)


def test_numbers_are_the_same_to_the_last_bit(tmp_path, taken):
    draw = random.Random(0)
    bits = [struct.unpack("d", draw.randbytes(8))[0] for _ in range(1000)]
    halfway = [f"{2**53 + 2 * draw.randrange(2**40) + 1}{end}" for end in ("", ".0", "e9", "e-25")]
    digits = [f"{draw.randrange(10**n)}.{draw.randrange(10**n)}" for n in range(1, 30)]
    numbers = [*map(repr, filter(math.isfinite, bits)), *halfway, *digits, "-0", "-0.0", "-0e3"]
    path = tmp_path / "numbers"
    for content in (csv_of, lines_of):
        path.write_text(content([("p", i, number) for i, number in enumerate(numbers)]))
        assert outcome(path) == by_rows(path)
        assert read(path).rewards.tobytes() == np.add([*map(float, numbers)], 0.0).tobytes()
    assert all(taken)
