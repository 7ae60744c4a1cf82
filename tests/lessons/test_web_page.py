"""The page in the repository is the one that the command writes."""

from pathlib import Path

from pkpo_toy.lessons.page import lesson_page
from pkpo_toy.web import compact_script, compact_style

ROOT = Path(__file__).parent.parent.parent


def test_the_committed_copy_is_what_the_command_writes():
    committed = (ROOT / "docs" / "lesson.html").read_bytes()
    assert committed == lesson_page().encode(), "run: pkpo-toy lesson --out docs/lesson.html"


def test_a_compact_script_keeps_texts_and_what_space_separates():
    text = '  // a comment\n\n  const a = "http://x , y";\n    if (b in c) { a( + +b ); }\n'
    assert compact_script(text) == 'const a = "http://x , y";\nif(b in c){a(+ +b);}\n'


def test_a_compact_style_keeps_descendants_and_sums():
    text = "/* a\n b */\na :hover ,\nb > c {\n  width: calc(1px + 2px);\n  margin: 0 1px;\n}\n"
    assert compact_style(text) == "a :hover ,b > c{width:calc(1px + 2px);margin:0 1px}"
