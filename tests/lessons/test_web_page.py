"""The page in the repository is the one that the command writes."""

from pathlib import Path

from pkpo_toy.lessons.page import lesson_page
from pkpo_toy.web import compact

ROOT = Path(__file__).parent.parent.parent


def test_the_committed_copy_is_what_the_command_writes():
    committed = (ROOT / "docs" / "lesson.html").read_bytes()
    assert committed == lesson_page().encode(), "run: pkpo-toy lesson --out docs/lesson.html"


def test_compact_keeps_what_is_not_a_comment():
    text = '  // a comment\n\n  const a = "http://x";\n    a();\n'
    assert compact(text) == 'const a = "http://x";\na();\n'
