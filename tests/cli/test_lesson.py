"""`pkpo-toy lesson`: one HTML file, and an error in one sentence."""

import pytest

from pkpo_toy.lessons.page import lesson_page


def test_the_command_writes_the_page(cli, tmp_path):
    done = cli("lesson", "--out", "a b.html")
    assert done.stdout == "a b.html\n"
    assert (tmp_path / "a b.html").read_bytes() == lesson_page().encode()
    assert [path.name for path in tmp_path.iterdir()] == ["a b.html"]


@pytest.mark.parametrize("out", ["lesson.pdf", "lesson", ".html.txt", "nowhere/lesson.html"])
def test_a_wrong_name_is_one_sentence_and_nothing_is_written(inside, tmp_path, out):
    done = inside("lesson", "--out", out, code=2)
    assert done.stderr.startswith("error: ")
    assert out in done.stderr
    assert done.stderr.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_open_asks_for_the_file_that_was_written(cli, tmp_path):
    (tmp_path / "browser").write_text('#!/bin/sh\necho "$1" > opened\n')
    (tmp_path / "browser").chmod(0o755)
    cli("lesson", "--open", env={"BROWSER": f"{tmp_path}/browser %s"})
    assert (tmp_path / "opened").read_text().strip() == (tmp_path / "lesson.html").as_uri()


def test_without_a_browser_the_page_is_written_all_the_same(cli, tmp_path):
    done = cli("lesson", "--open", env={"BROWSER": "/bin/false %s"})
    assert done.stdout == "lesson.html\n"
    assert "open lesson.html yourself" in done.stderr
    assert (tmp_path / "lesson.html").exists()
