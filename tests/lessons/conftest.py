"""The page's own modules in V8, without a browser."""

import json

import pytest
from py_mini_racer import MiniRacer

from pkpo_toy.lessons.page import ARITHMETIC, script

# What a generator function returns in the end.
LAST = """
function last(run) {
  for (;;) {
    const { done, value } = run.next();
    if (done) return value;
  }
}
"""


@pytest.fixture(scope="session")
def evaluate():
    """The value of a JavaScript expression, with the page's arithmetic in scope."""
    engine = MiniRacer()
    engine.eval(script(ARITHMETIC) + LAST)
    # Typed arrays would become objects.
    plain = "(name, value) => ArrayBuffer.isView(value) ? Array.from(value) : value"
    return lambda code: json.loads(engine.eval(f"JSON.stringify({code}, {plain})"))
