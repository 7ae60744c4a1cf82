"""Schedules of k against values worked out by hand, and every way of writing one wrongly."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pkpo_toy.errors import InputError
from pkpo_toy.simulator.schedules import GRAMMAR, k_schedule


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        (3, [3] * 5),
        ("3", [3] * 5),
        (" n ", [16] * 5),
        ("8@0, 1@3", [8, 8, 8, 1, 1]),
        ("8@0,4@1,1@4", [8, 4, 4, 4, 1]),
        ("n@0, 1@2", [16, 16, 1, 1, 1]),
        ("linear 5->1", [5, 4, 3, 2, 1]),
        ("linear 1 -> 9", [1, 3, 5, 7, 9]),
        ("geometric 16->1", [16, 8, 4, 2, 1]),
        ("geometric n->1", [16, 8, 4, 2, 1]),
    ],
)
def test_values_by_hand(schedule: int | str, expected: list[int]) -> None:
    assert k_schedule(schedule, n=16, steps=5).tolist() == expected


@given(st.integers(1, 50), st.integers(1, 50), st.integers(1, 200))
@settings(deadline=None, max_examples=50)
def test_ramps_begin_and_end_where_they_say_and_never_turn(a: int, b: int, steps: int) -> None:
    for shape in ("linear", "geometric"):
        ks = k_schedule(f"{shape} {a}->{b}", n=16, steps=steps)
        assert ks[0] == a
        assert steps == 1 or ks[-1] == b
        assert (np.diff(ks) * np.sign(b - a) >= 0).all()


@pytest.mark.parametrize(
    "schedule",
    [
        "",
        "0",
        0,
        -1,
        "-1",
        "2.0",
        2.0,
        True,
        None,
        "eight",
        "8@",
        "8@1",
        "8@0, 1",
        "8@0, 1@0",
        "8@0, 4@3, 1@2",
        "8@0, 0@2",
        "8@0,, 1@2",
        "linear 8",
        "linear 0->8",
        "cubic 8->1",
        "linear 8->1->4",
        "8@0 1@2",
    ],
)
def test_what_does_not_parse_is_told_the_grammar(schedule: object) -> None:
    with pytest.raises(InputError) as error:
        k_schedule(schedule, n=16, steps=5)  # type: ignore[arg-type]
    assert GRAMMAR in str(error.value)
    assert repr(schedule) in str(error.value)


def test_a_change_after_the_last_step_is_refused() -> None:
    with pytest.raises(InputError, match="step 5, but the steps are 0 to 4"):
        k_schedule("8@0, 1@5", n=16, steps=5)
