"""What a user calls an estimator: a key, a key with values of its options, a file, a function."""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from pkpo_toy.checks import check_positive
from pkpo_toy.errors import InputError, unknown
from pkpo_toy.estimators.estimator import K_BELOW_N, Estimator
from pkpo_toy.estimators.own import own_estimator
from pkpo_toy.estimators.table import ESTIMATORS
from pkpo_toy.loading import load_function, names_a_file


def resolve(
    what: str | Callable[..., Any] | Estimator, rows: Mapping[str, Estimator] = ESTIMATORS
) -> Estimator:
    """The estimator that a key of `rows`, KEY(OPTION=VALUE), FILE.py:FUNCTION or a function is.

    "order_statistic(top=2, centered=1)" and "rs_grpo(beta=0.5)" are rows with options settled.
    A function takes rewards (..., n) in float64, each leading index a group of its own, and k; it
    returns weights (..., n).

    Raises InputError for an unknown key (with the nearest one) or option, and for a file or a
    function in it that is not there.
    """
    if isinstance(what, Estimator):
        return what
    if isinstance(what, str):
        if what in rows:
            return rows[what]
        if "(" in what and not names_a_file(what):
            return _with_options(what)
        if names_a_file(what):
            return own_estimator(what, load_function("estimator", what))
        if what.endswith(".py"):
            raise InputError(f"estimator {what!r} must name its function too: {what}:FUNCTION.")
        raise unknown("estimator", what, rows)
    if not callable(what):
        raise InputError(
            "estimator must be a key, FILE.py:FUNCTION or a function (rewards, k) -> weights, "
            f"got {what!r}."
        )
    return own_estimator(getattr(what, "__name__", type(what).__name__), what)


def _with_options(what: str) -> Estimator:
    found = re.fullmatch(r"(\w+)\((\w+=[^()=,]+(?:,\s*\w+=[^()=,]+)*)\)", what)
    if found is None:
        raise InputError(f"estimator must be written KEY(OPTION=VALUE), got {what!r}.")
    key, texts = found.groups()
    if key not in ESTIMATORS:
        raise unknown("estimator", key, ESTIMATORS)
    given: dict[str, float] = {}
    for text in texts.split(","):
        option, _, value = text.strip().partition("=")
        ESTIMATORS[key].check_option(option)
        given[option] = _number(option, value)
    row = replace(ESTIMATORS[key], key=what, given=tuple(given.items()), look=None)
    return replace(row, domain=K_BELOW_N) if given.get("centered") else row


def _number(option: str, text: str) -> float:
    try:
        value = int(text) if text.strip().isdecimal() else float(text)
    except ValueError:
        raise InputError(f"{option} must be a number, got {text!r}.") from None
    return check_positive("beta", value) if option == "beta" else value
