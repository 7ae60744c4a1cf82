"""Names of results: other settings never overwrite what the packaged study gave."""

from dataclasses import replace
from pathlib import Path

import pytest

from pkpo_toy.errors import InputError
from pkpo_toy.experiment import carry_out, plan, plans
from pkpo_toy.experiment.naming import result_name
from pkpo_toy.studies.files import load, parse

CASES = {
    "variance": {},
    "variance-k_2": {"k": 2},
    "variance-n_16_64_256-theta_0.5_1.0": {"theta": [0.5, 1.0], "n": [16, 64, 256]},
    "variance-seed_3": {"seed": 3, "k": 4},
    "variance-theta_-1.5": {"theta": -1.5},
    "variance-sd_1e-05": {"sd": 1e-05},
}


@pytest.mark.parametrize("name", CASES)
def test_a_name_says_what_differs(name):
    assert result_name(load("variance"), CASES[name]) == name


def test_what_makes_no_plain_name_is_told_apart_by_its_checksum():
    file = load("variance")
    pairs = [["pkpo", "loo"], ["pkpo_loo"], ["mine.py:f"], ["mine.py-f"], list(map(str, range(99)))]
    names = {result_name(file, {"estimators": pair, "k": 2}) for pair in pairs}
    assert len(names) == len(pairs)
    assert all(name.startswith("variance-") and len(name) <= 100 for name in names)


def test_a_value_that_the_file_or_the_default_gives_adds_nothing():
    file = parse('study = "variance"\nk = 3', "mine", "mine.toml")
    assert result_name(file, {"k": 3, "n": 16, "theta": 1.0}) == "mine"


@pytest.mark.parametrize(
    ("file", "name"),
    [("mine", "mine"), ("variance", "variance.toml"), ("paper", "paper.toml"),
     ("quick", "quick.toml"), ("lm_training", "lm_training.toml")],
)  # fmt: skip
def test_a_users_file_never_shares_the_name_of_what_is_packaged(tmp_path, file, name):
    path = tmp_path / f"{file}.toml"
    path.write_text('study = "element_weights"')
    assert load(str(path)).name == name


def test_a_packaged_file_may_be_settings_of_another_study():
    file = load("lm_training")
    assert (file.name, file.study) == ("lm_training", "lm")


def test_a_folder_of_another_study_is_not_taken(tmp_path):
    (weights,) = plans("element_weights", {"n": 4, "k": 2}, name="mine")
    carry_out(weights, tmp_path)
    other = plan(replace(load("landscape"), name="mine", values={"points": 11, "k": 2}))
    with pytest.raises(InputError, match="holds results of study 'element_weights'"):
        carry_out(other, tmp_path)
    assert carry_out(weights, tmp_path).reused == 1
    carry_out(other, tmp_path, fresh=True)
    assert carry_out(other, tmp_path).reused == 1


def test_an_edit_of_a_module_that_a_users_file_imports_gives_another_key(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("own.py").write_text(
        "from helper import scale\n\ndef f(rewards, k):\n    return rewards * scale\n"
    )
    Path("helper.py").write_text("scale = 1.0\n")
    Path("unused.py").write_text("scale = 1.0\n")
    settings = {"estimators": ["own.py:f"], "n": 4, "estimates": 50}

    def mean():
        (made,) = plans("variance", settings)
        outcome = carry_out(made, tmp_path / "results")
        return outcome.ran, made.cells[0].key

    first = mean()
    Path("unused.py").write_text("scale = 2.0\n")
    assert mean() == (0, first[1])
    before = (tmp_path / "results").rglob("summary.csv").__next__().read_text()
    Path("helper.py").write_text("scale = 22.0\n")
    ran, key = mean()
    assert ran == 1
    assert key != first[1]
    assert (tmp_path / "results").rglob("summary.csv").__next__().read_text() != before
