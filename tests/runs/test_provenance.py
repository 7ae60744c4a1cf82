"""The versions and the commit that made a result."""

import subprocess
from pathlib import Path

from pkpo_toy.runs import git_state, versions


def test_versions_are_of_what_is_installed() -> None:
    found = versions(["numpy", "no-such-package"])
    assert list(found) == ["python", "numpy"]


def test_git_state_says_commit_and_changes_of_what_git_keeps(tmp_path: Path) -> None:
    git = ["git", "-C", str(tmp_path), "-c", "user.name=a", "-c", "user.email=a@b"]
    assert git_state(tmp_path) is None
    subprocess.run([*git, "init", "--quiet"], check=True)
    (tmp_path / "kept.py").write_text("a = 1\n")
    subprocess.run([*git, "add", "."], check=True)
    subprocess.run([*git, "commit", "--quiet", "-m", "one"], check=True)
    clean = git_state(tmp_path)
    assert clean is not None
    assert clean["dirty"] is False
    assert len(clean["commit"]) == 40
    (tmp_path / "kept.py").write_text("a = 2\n")
    assert git_state(tmp_path) == {**clean, "dirty": True}
    (tmp_path / "installed").mkdir()
    assert git_state(tmp_path / "installed") is None
