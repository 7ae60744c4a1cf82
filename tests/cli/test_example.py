"""`pkpo-toy example`: files that the other commands read, never over a user's own."""

import pytest

from pkpo_toy.samples.formats.table import FORMATS

CHOICE = {"inspect": "match", "inspect_eval": "match", "trl": "accuracy_reward"}


def test_every_example_is_written_and_read(cli, tmp_path):
    written = cli("example", "all").stdout.split()
    assert len(written) == len(FORMATS) + 3
    assert sorted(written) == sorted(path.name for path in tmp_path.iterdir())
    rows = cli("passk", "example_counts.csv", "--k", 1, "--json").stdout
    assert '"problems": 40' in rows


@pytest.mark.parametrize("name", ["evalplus", "trl", "nemo"])
def test_the_example_of_a_tool_is_read_and_what_it_is_is_said(inside, name):
    (written,) = inside("example", name, "--to", "folder").stdout.split()
    score = ["--score", CHOICE[name]] if name in CHOICE else []
    done = inside("passk", written, "--k", 1, *score)
    assert done.stderr.startswith(f"{FORMATS[name].title}, ")


def test_a_file_of_the_users_is_never_overwritten(inside, tmp_path):
    (tmp_path / "example_counts.csv").write_text("mine")
    assert "is there already" in inside("example", "counts", code=2).stderr
    assert "Did you mean 'counts'" in inside("example", "count", code=2).stderr
    assert (tmp_path / "example_counts.csv").read_text() == "mine"
