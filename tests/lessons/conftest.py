"""The page's own modules in V8, without a browser."""

import json

import pytest
from py_mini_racer import MiniRacer

from pkpo_toy.lessons.page import ARITHMETIC, script


@pytest.fixture(scope="session")
def evaluate():
    """The value of a JavaScript expression, with the page's arithmetic in scope."""
    engine = MiniRacer()
    engine.eval(script(ARITHMETIC))
    # Typed arrays would become objects.
    plain = "(name, value) => ArrayBuffer.isView(value) ? Array.from(value) : value"
    return lambda code: json.loads(engine.eval(f"JSON.stringify({code}, {plain})"))
