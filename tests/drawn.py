"""The same figure of the same data is drawn once, whichever process of the tests needs it.

Drawing is a third of a small run's time. That a figure has the same bytes again, in any process, is
tested in plotting/test_render.py, which does not use this.
"""

import os
import pickle
from functools import wraps
from hashlib import sha256
from pathlib import Path

FOLDER = "PKPO_TOY_TESTS_DRAWN"
"""The variable that names the folder in which this session of tests keeps what was drawn."""


def draw_once(patch=setattr):
    """Make `render` remember; `patch` is what sets an attribute."""
    import pkpo_toy.plotting

    patch(pkpo_toy.plotting, "render", once(pkpo_toy.plotting.render))


def once(function, key=lambda *arguments, **options: (arguments, options)):
    """The function, computed once for each value of its key; a copy of the result comes back."""

    @wraps(function)
    def remembering(*arguments, **options):
        asked = pickle.dumps((function.__qualname__, key(*arguments, **options)))
        kept = Path(os.environ[FOLDER], sha256(asked).hexdigest())
        if not kept.exists():
            part = kept.with_name(f"{kept.name}.{os.getpid()}")
            part.write_bytes(pickle.dumps(function(*arguments, **options)))
            part.replace(kept)
        return pickle.loads(kept.read_bytes())

    return remembering
