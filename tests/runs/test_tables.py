"""CSV bytes: what is read back is what was written, to the last bit."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pkpo_toy.runs.tables import csv_bytes, read_csv


@settings(deadline=None)
@given(st.lists(st.floats(allow_nan=False, width=64), min_size=1, max_size=20))
def test_floats_read_back_bit_for_bit(values: list[float]) -> None:
    column = np.array(values)
    back = read_csv(csv_bytes(pd.DataFrame({"x": column})))["x"].to_numpy(dtype=float)
    assert back.tobytes() == column.tobytes()


def test_a_hundred_thousand_random_bit_patterns_read_back() -> None:
    bits = np.random.default_rng(0).integers(0, 2**64, 100_000, dtype=np.uint64)
    column = bits.view(np.float64)
    column = column[np.isfinite(column)]
    back = read_csv(csv_bytes(pd.DataFrame({"x": column})))["x"].to_numpy()
    assert back.tobytes() == column.tobytes()


def test_missing_values_and_words_that_look_missing() -> None:
    frame = pd.DataFrame({"x": [1.5, math.nan, math.inf], "s": ["NA", "null", 'a, "b"\n#c']})
    back = read_csv(csv_bytes(frame))
    assert back["s"].tolist() == frame["s"].tolist()
    np.testing.assert_array_equal(back["x"], frame["x"])


def test_bytes_are_plain() -> None:
    frame = pd.DataFrame({"n": [1, 2], "x": [0.1, 1e300], "ok": [True, False], "s": ["ä", ""]})
    assert csv_bytes(frame) == "n,x,ok,s\n1,0.1,True,ä\n2,1e+300,False,\n".encode()
    assert csv_bytes(frame, header=False).startswith(b"1,0.1")


@pytest.mark.parametrize("frame", [pd.DataFrame({"a": []}), pd.DataFrame({"a": [1]}, index=["q"])])
def test_empty_frames_and_any_index(frame: pd.DataFrame) -> None:
    assert read_csv(csv_bytes(frame))["a"].tolist() == frame["a"].tolist()
