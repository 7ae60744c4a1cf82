"""The parts of a page that is one HTML file: scripts and styles kept beside the code."""

import re
from importlib import resources


def web_file(package: str, name: str) -> str:
    """A file of the package's folder `web/` as text."""
    return (resources.files(package) / "web" / name).read_text(encoding="utf-8")


def compact_script(text: str) -> str:
    """A script without whole-line comments and space that separates nothing; lines stay lines.

    Lines with a text, a pattern or a division in them keep what stands behind their indentation.
    """
    lines = (line.strip() for line in text.splitlines())
    kept = (line for line in lines if line and not line.startswith("//"))
    # Not around + and -: a + +b is not a++b.
    narrow = (line if _QUOTING.search(line) else _SPACED.sub(r"\1", line) for line in kept)
    return "\n".join(narrow) + "\n"


_QUOTING = re.compile("[\"'`/]")
_SPACED = re.compile(r" *([=<>*&|?:,;(){}]) *")


def compact_style(text: str) -> str:
    """A style without comments and space that separates nothing."""
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL).strip()
    return re.sub(r"\s*([{}])\s*|([,:;])\s+", r"\1\2", text).replace(";}", "}")
