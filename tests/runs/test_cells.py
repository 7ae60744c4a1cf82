"""Keys and generators depend on what they should depend on and on nothing else."""

import math
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pkpo_toy.errors import InputError
from pkpo_toy.runs import generator, make_cell

SPEC = {"k": 4, "n": [4, 8], "estimator": "pkpo", "sd": 0.1, "nested": {"b": None, "a": True}}

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@settings(deadline=None)
@given(st.dictionaries(st.text(), json_values, max_size=5), st.integers(0, 2**32))
def test_order_of_entries_does_not_matter(spec: dict[str, Any], seed: int) -> None:
    turned = dict(reversed(spec.items()))
    assert make_cell(spec, "code").key == make_cell(turned, "code").key
    assert generator(seed, spec).integers(2**62) == generator(seed, turned).integers(2**62)


def test_key_is_twenty_hex_digits_known_for_good() -> None:
    # A change of this value makes every stored result out of date: do it through LAYOUT.
    assert make_cell(SPEC, "code").key == "2aa2d7e802b0c711fb6c"
    assert generator(7, SPEC).integers(10**9) == 982165412


@pytest.mark.parametrize(
    "changed",
    [{"k": 5}, {"n": [8, 4]}, {"sd": math.nextafter(0.1, 1)}, {"nested": {}}, {"more": 0}],
)
def test_any_change_of_the_specification_changes_key_and_numbers(changed: dict[str, Any]) -> None:
    other = {**SPEC, **changed}
    assert make_cell(other, "code").key != make_cell(SPEC, "code").key
    assert generator(7, other).integers(2**62) != generator(7, SPEC).integers(2**62)


def test_seed_changes_the_numbers_and_code_changes_the_key() -> None:
    assert generator(8, SPEC).integers(2**62) != generator(7, SPEC).integers(2**62)
    assert make_cell(SPEC, "other code").key != make_cell(SPEC, "code").key


@pytest.mark.parametrize("bad", [math.nan, math.inf, np.float32(1), {1, 2}, b"x", object()])
def test_what_json_cannot_hold_is_refused(bad: object) -> None:
    with pytest.raises(InputError, match="JSON-able"):
        make_cell({"value": bad}, "code")


def test_hash_seed_does_not_matter() -> None:
    program = "from pkpo_toy.runs import *; s = dict(a=1, b='x', c={'q': 2, 'p': 3}); "
    program += "print(make_cell(s, 'c').key, generator(1, s).random())"
    outputs = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": str(Path(__file__).parents[2])},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("0", "1", "4242")
    }
    assert len(outputs) == 1
