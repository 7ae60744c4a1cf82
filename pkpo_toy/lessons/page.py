"""The browser lesson: the modules, the style and the text of `web/` put into one HTML file."""

from __future__ import annotations

import json
import re

from pkpo_toy import web
from pkpo_toy.estimators import ESTIMATORS
from pkpo_toy.lessons.stills import stills

# In the order in which each may use what stands before it. The first draw nothing.
ARITHMETIC = (
    "numbers.js",
    "random.js",
    "looks.js",
    "estimators.js",
    "truth.js",
    "noise.js",
    "training.js",
    "events.js",
    "state.js",
    "samples.js",
)
DRAWING = (
    "dom.js",
    "charts.js",
    "controls.js",
    "player.js",
    "answers.js",
    "weights.js",
    "landscape.js",
    "noisy.js",
    "brush.js",
    "learning.js",
    "betting.js",
    "counts.js",
    "main.js",
)

_IMPORT = re.compile(r"^import \{[^}]*\} from \"\./\w+\.js\";\n", re.MULTILINE)
_EXPORT = re.compile(r"^export ", re.MULTILINE)


def lesson_page() -> str:
    """The whole lesson as one HTML text that asks for nothing beyond itself."""
    page = web_file("lesson.html")
    for place, text in (
        ("<!--{{stills}}-->", stills()),
        ("/*{{style}}*/\n", web.compact_style(web_file("lesson.css"))),
        ("/*{{script}}*/\n", script((*ARITHMETIC, *DRAWING))),
    ):
        page = page.replace(place, text)
    return page


def script(modules: tuple[str, ...]) -> str:
    """The modules as one script: in one scope their imports and exports are not needed."""
    text = "".join(_EXPORT.sub("", _IMPORT.sub("", web_file(name))) for name in modules)
    return web.compact_script(text).replace('"{{estimators}}"', estimator_facts())


def estimator_facts() -> str:
    """What the table of estimators says of each row that has a look, as JSON."""
    facts = {
        key: {
            "name": row.look.label.replace("$-$", "−").replace("$", ""),
            "color": row.look.color,
            "dash": row.look.dash,
            "marker": row.look.marker,
            **{fact: 1 for fact in ("binary", "random") if getattr(row, fact)},
        }
        for key, row in ESTIMATORS.items()
        if row.look
    }
    return json.dumps(facts, ensure_ascii=False, separators=(",", ":"))


def web_file(name: str) -> str:
    """A file of `web/` as text."""
    return web.web_file("pkpo_toy.lessons", name)
