"""The modules hold together once they share one scope, and the file is self-contained and small."""

import re
from collections import Counter

import pytest

from pkpo_toy.lessons.page import ARITHMETIC, DRAWING, lesson_page, script, web_file

MODULES = (*ARITHMETIC, *DRAWING)
DECLARED = re.compile(r"^(export )?(?:const|let|function\*?|class) ([\w$]+)", re.MULTILINE)
SEVERAL = re.compile(r"^(export )?(?:const|let) (.+);$", re.MULTILINE)
IMPORTED = re.compile(r"^import \{([^}]*)\} from \"\./([\w]+\.js)\";", re.MULTILINE)


def declared(name):
    """The names at the top level of a module, and whether they are exported."""
    text = web_file(name)
    found = {match[2]: bool(match[1]) for match in DECLARED.finditer(text)}
    for match in SEVERAL.finditer(text):
        if not re.search(r"[({\[]", match[2]):
            found |= {part.split("=")[0].strip(): bool(match[1]) for part in match[2].split(",")}
    return found


def test_no_name_is_declared_twice():
    counts = Counter(name for module in MODULES for name in declared(module))
    assert [name for name, count in counts.items() if count > 1] == []


@pytest.mark.parametrize("module", MODULES)
def test_imports_name_what_an_earlier_module_exports_and_all_are_used(module):
    text = web_file(module)
    for names, source in IMPORTED.findall(text):
        assert MODULES.index(source) < MODULES.index(module)
        exported = {name for name, public in declared(source).items() if public}
        wanted = [name.strip() for name in names.split(",") if name.strip()]
        assert set(wanted) <= exported
        for name in wanted:
            assert len(re.findall(rf"\b{re.escape(name)}\b", text)) > 1, f"{name} is not used"


@pytest.mark.parametrize("module", MODULES)
def test_no_text_runs_over_lines_since_indentation_is_taken_away(module):
    for line in web_file(module).splitlines():
        assert line.count("`") % 2 == 0, line


def test_the_script_has_no_imports_left():
    text = script(MODULES)
    assert not re.search(r"^\s*(import|export)\b", text, re.MULTILINE)


def test_the_page_is_small_and_asks_for_nothing():
    page = lesson_page()
    assert len(page.encode()) < 150_000
    assert "{{" not in page.split("<script>")[0]
    loads = re.findall(r"""(?:src|href)="([^"#]*)\"""", page.split("<script>")[0])
    assert all(target.startswith(("https://arxiv.org/", "data:,")) for target in loads)
    for word in (
        "fetch(",
        "XMLHttpRequest",
        "WebSocket",
        "innerHTML",
        "insertAdjacentHTML",
        "eval(",
    ):
        assert word not in page, word
