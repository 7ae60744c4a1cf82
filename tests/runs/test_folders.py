"""Names of results folders never lead out of the results root."""

from pathlib import Path

import pytest

from pkpo_toy.errors import InputError
from pkpo_toy.runs import check_name, results_folder

BAD = [
    "", ".", "..", "../x", "/etc/x", "a/b", "a\\b", ".hidden", "-rf", "a b", "a\0b", "a\nb", "a\n",
    "a\x1b[0m", "a" * 101, "naïve", "~", "C:", "a:b", "*",
]  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_bad_names_are_refused_and_nothing_is_created(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match="must be 1 to 100 letters"):
        check_name("study", name)
    with pytest.raises(InputError):
        results_folder(tmp_path / "results", name)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["variance", "my-run_2.1", "x", "a" * 100, "8"])
def test_good_names(tmp_path: Path, name: str) -> None:
    assert results_folder(tmp_path, check_name("study", name)) == tmp_path / name


def test_a_link_out_of_the_root_is_refused(tmp_path: Path) -> None:
    root = tmp_path / "results"
    root.mkdir()
    (tmp_path / "elsewhere").mkdir()
    (root / "out").symlink_to(tmp_path / "elsewhere")
    (root / "dangling").symlink_to("/nowhere/x")
    for name in ("out", "dangling"):
        with pytest.raises(InputError, match="must lie in"):
            results_folder(root, name)
    (tmp_path / "linked").symlink_to(root)
    assert results_folder(tmp_path / "linked", "study") == tmp_path / "linked" / "study"


def test_the_message_of_a_long_name_is_short() -> None:
    with pytest.raises(InputError) as caught:
        check_name("study", "x" * 10**6)
    assert len(str(caught.value)) < 400
