"""The browser lesson: the modules, the style and the text of `web/` put into one HTML file."""

from __future__ import annotations

import re
from importlib import resources

# In the order in which each may use what stands before it. The first draw nothing.
ARITHMETIC = (
    "numbers.js",
    "random.js",
    "estimators.js",
    "truth.js",
    "training.js",
    "events.js",
)
PAGE: tuple[str, ...] = ()

_IMPORT = re.compile(r"^import \{[^}]*\} from \"\./[\w.]+\";\n", re.MULTILINE)
_EXPORT = re.compile(r"^export ", re.MULTILINE)


def script(modules: tuple[str, ...]) -> str:
    """The modules as one script: in one scope their imports and exports are not needed."""
    return "\n".join(_EXPORT.sub("", _IMPORT.sub("", web_file(name))) for name in modules)


def web_file(name: str) -> str:
    """A file of `web/` as text."""
    return (resources.files("pkpo_toy.lessons") / "web" / name).read_text(encoding="utf-8")
