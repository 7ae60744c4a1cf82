"""Fingerprints are of the files a source imports, of their names and contents, and of no more."""

from pathlib import Path

import pytest

from pkpo_toy.sources import fingerprint, imported_sources

SOURCES = {
    "mine.py": "import helper\n\ndef f():\n    from room.inner import g\n    return g\n",
    "helper.py": "import numpy, os\nimport mine  # a circle\n",
    "room/__init__.py": "x = 1\n",
    "room/inner.py": "from .beside import b\nfrom . import also\nfrom .. import up\n",
    "room/beside.py": "b = 1\n",
    "room/also.py": "",
    "up.py": "",
    "room/unused.py": "",
    "unused.py": "import helper\n",
    "notes.txt": "no source",
}
USED = {"mine.py", "helper.py", "room/__init__.py", "room/inner.py", "room/beside.py",
        "room/also.py", "up.py"}  # fmt: skip


def write_sources(folder: Path) -> Path:
    for name, text in SOURCES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def print_of(folder: Path) -> str:
    return fingerprint(imported_sources([folder / "mine.py"], folder), folder)


def test_what_a_file_imports_is_found_wherever_the_import_stands(tmp_path: Path) -> None:
    folder = write_sources(tmp_path)
    found = imported_sources([folder / "mine.py"], folder)
    assert {path.relative_to(folder).as_posix() for path in found} == USED


@pytest.mark.parametrize(
    "text",
    [
        "class A:\n    async def f(self):\n        import a",
        "if x:\n    pass\nelif y:\n    pass\nelse:\n    import a",
        "for x in y:\n    pass\nelse:\n    with z:\n        import a",
        "try:\n    pass\nexcept E:\n    import a",
        "try:\n    pass\nfinally:\n    import a",
        "match x:\n    case 1:\n        import a",
    ],
)
def test_an_import_is_found_in_every_kind_of_block(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.py").touch()
    (tmp_path / "mine.py").write_text(text)
    assert tmp_path / "a.py" in imported_sources([tmp_path / "mine.py"], tmp_path)


def test_files_left_out_are_not_followed(tmp_path: Path) -> None:
    folder = write_sources(tmp_path)
    found = imported_sources([folder / "mine.py"], folder, {folder / "room" / "inner.py"})
    names = {path.relative_to(folder).as_posix() for path in found}
    assert names == {"mine.py", "helper.py", "room/__init__.py"}


def test_a_file_that_is_no_python_imports_nothing(tmp_path: Path) -> None:
    for text in ("def f(:\n", "\0", "(" * 10_000):
        (tmp_path / "odd.py").write_text(text)
        assert imported_sources([tmp_path / "odd.py"], tmp_path) == {tmp_path / "odd.py"}


@pytest.mark.parametrize("name", SOURCES)
def test_an_edit_is_noticed_where_it_can_matter_and_nowhere_else(tmp_path: Path, name: str) -> None:
    folder = write_sources(tmp_path)
    before = print_of(folder)
    with (folder / name).open("a") as file:
        file.write("# edited\n")
    assert (print_of(folder) != before) == (name in USED)


def test_the_place_does_not_matter_and_a_name_does(tmp_path: Path) -> None:
    one, two = write_sources(tmp_path / "1"), write_sources(tmp_path / "2")
    assert print_of(one) == print_of(two)
    (two / "helper.py").rename(two / "other.py")
    (two / "mine.py").write_text(SOURCES["mine.py"])
    assert print_of(one) != print_of(two)
