"""Estimators and k are told apart by colour, by colour-blind readers, and in print in grey."""

from itertools import combinations

import numpy as np
import pytest
from matplotlib.colors import to_rgb

from pkpo_toy.estimators import ESTIMATORS
from pkpo_toy.plotting.style import (
    ESTIMATOR_LOOKS,
    estimator_look,
    k_look,
    ordered,
    training_look,
)
from pkpo_toy.plotting.words import in_symbols

MAIN = (
    "pkpo",
    "pkpo_loo",
    "pkpo_loo_minus_one",
    "partition",
    "partition_baselined",
    "partition_loo_minus_one",
    "centered_loo",
)
# Machado, Oliveira and Fernandes (2009), full deuteranopia and protanopia, on linear RGB.
BLIND = {
    "none": np.eye(3),
    "deuteranopia": np.array(
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ]
    ),
    "protanopia": np.array(
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ]
    ),
}
TO_XYZ = np.array(
    [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
) / np.array([[0.9505], [1.0], [1.089]])


def linear(colour: str) -> np.ndarray:
    rgb = np.array(to_rgb(colour))
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)


def lab(colour: str, sight: str) -> np.ndarray:
    """CIE L*a*b* of a colour as seen with this sight."""
    xyz = TO_XYZ @ np.clip(BLIND[sight] @ linear(colour), 0, 1)
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def test_every_estimator_has_a_look():
    assert set(ESTIMATORS) == set(ESTIMATOR_LOOKS)


def test_no_two_estimators_share_colour_label_or_dash_with_marker():
    looks = ESTIMATOR_LOOKS.values()
    assert len({look.colour.lower() for look in looks}) == len(looks)
    assert len({look.label for look in looks}) == len(looks)
    assert len({(look.dash, look.marker) for look in looks}) == len(looks)


@pytest.mark.parametrize("sight", BLIND)
def test_the_main_estimators_are_far_apart_for_every_sight(sight):
    colours = [lab(ESTIMATOR_LOOKS[name].colour, sight) for name in MAIN]
    assert min(np.linalg.norm(a - b) for a, b in combinations(colours, 2)) > 15


def test_the_main_estimators_differ_in_dash_or_lightness_and_all_in_marker():
    looks = [ESTIMATOR_LOOKS[name] for name in MAIN]
    assert len({look.marker for look in looks}) == len(looks)
    for a, b in combinations(looks, 2):
        apart = abs(lab(a.colour, "none")[0] - lab(b.colour, "none")[0])
        assert a.dash != b.dash or apart > 8


def test_a_greater_k_is_darker():
    lightness = [lab(k_look(k).colour, "none")[0] for k in (1, 2, 3, 4, 6, 8, 12, 16, 32, 64, 1024)]
    assert np.all(np.diff(lightness) < -1)


@pytest.mark.parametrize("sight", BLIND)
def test_the_usual_k_are_far_apart_for_every_sight(sight):
    colours = [lab(k_look(k).colour, sight) for k in (1, 2, 4, 8, 16)]
    assert min(np.linalg.norm(a - b) for a, b in combinations(colours, 2)) > 12


def test_the_usual_k_differ_in_dash_and_marker():
    looks = [k_look(k) for k in (1, 2, 4, 8, 16, 32, 64)]
    assert len({look.dash for look in looks}) == len({look.marker for look in looks}) == 7


def test_a_name_of_the_users_gets_a_look_that_no_estimator_has():
    look = estimator_look("some/folder/mine.py:cost_in_$")
    assert look == estimator_look("some/folder/mine.py:cost_in_$")
    assert look.label == r"mine.py:cost_in_\$"
    taken = {(known.dash, known.marker) for known in ESTIMATOR_LOOKS.values()}
    assert (look.dash, look.marker) not in taken
    assert estimator_look("mine.py:other") != look


def test_names_are_ordered_as_in_the_table_with_the_users_own_last():
    assert ordered(["mine", "pkpo", "rloo", "pkpo"]) == ["rloo", "pkpo", "mine"]


@pytest.mark.parametrize(
    ("label", "text"),
    [
        ("k = 4", "$k$ = 4"),
        ("k = n = 16", "$k$ = $n$ = 16"),
        ("k = 1, entropy 0.05", "$k$ = 1, entropy 0.05"),
        ("k = 8, then 1", "$k$ = 8, then 1"),
        ("worth $5", r"worth \$5"),
    ],
)
def test_labels_are_written_in_the_fields_notation(label, text):
    assert in_symbols(label) == text


@pytest.mark.parametrize("k", [4, "4", " 4 "])
def test_a_constant_k_looks_like_that_k(k):
    assert training_look(k, 16, 0.0) == k_look(4)


def test_a_run_that_is_more_than_a_constant_k_is_set_apart():
    assert training_look("n", 16, 0.0).colour == k_look(16).colour
    assert training_look("n", 16, 0.0).dash != k_look(16).dash
    constant = {k_look(k).colour for k in (1, 8)}
    assert training_look("8@0, 1@100", 16, 0.0).colour not in constant
    assert training_look(1, 16, 0.05).colour not in constant
