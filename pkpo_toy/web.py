"""The parts of a page that is one HTML file: scripts and styles kept beside the code."""

from importlib import resources


def web_file(package: str, name: str) -> str:
    """A file of the package's folder `web/` as text."""
    return (resources.files(package) / "web" / name).read_text(encoding="utf-8")


def compact(text: str) -> str:
    """A script or a style without indentation and whole-line comments; its lines stay lines."""
    lines = (line.strip() for line in text.splitlines())
    return "\n".join(line for line in lines if line and not line.startswith("//")) + "\n"
