"""Messages are one line of at most 300 characters that say what is wrong."""

import pytest

from pkpo_toy.errors import InputError, one_sentence, unknown
from pkpo_toy.estimators import ESTIMATORS


@pytest.mark.parametrize("text", ["x" * 10**6, "a\nb" * 200, "\x1b[2J" * 90, "\0", "\u202e" * 99])
def test_a_message_is_short_and_printable(text):
    for message in (str(InputError(text)), one_sentence(text), str(unknown("x", text, ["a"]))):
        assert len(message) <= 300
        assert message.isprintable()


def test_beginning_and_end_of_a_long_message_are_kept():
    assert str(InputError(f"n must be small, got {'9' * 5000}, in a.toml")).startswith("n must be")
    assert str(InputError(f"n must be small, got {'9' * 5000}, in a.toml")).endswith("in a.toml")


def test_of_many_names_the_nearest_is_told_and_as_many_as_fit():
    message = str(unknown("estimator", "pkp", ESTIMATORS))
    assert "Did you mean 'pkpo'?" in message
    assert message.endswith(", ...")
    assert len(message) <= 300
    assert str(unknown("kind", "x", ())) == "unknown kind 'x'. There are none to choose from."
    assert str(unknown("kind", "x", "ab")) == "unknown kind 'x'. Choose from: a, b."
