"""Study files: what multiplies into cells, what an override replaces, what is refused."""

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pkpo_toy.errors import InputError
from pkpo_toy.plotting import FIGURES
from pkpo_toy.studies.files import expand, load, packaged, parse, with_quick, with_settings
from pkpo_toy.studies.table import STUDIES, SUITES


def variance(text: str):
    return parse(f'study = "variance"\n{text}', "mine", "mine.toml")


@pytest.mark.parametrize("name", STUDIES)
def test_every_study_ships_a_file_that_expands(name):
    file = load(name)
    assert (file.name, file.study) == (name, name)
    assert expand(file)
    assert expand(with_quick(file))
    assert packaged(name).startswith("# ")


@pytest.mark.parametrize("name", STUDIES)
def test_every_study_names_a_figure(name):
    assert STUDIES[name].figure in FIGURES


@pytest.mark.parametrize("suite", SUITES)
def test_suites_name_studies(suite):
    assert set(SUITES[suite]) <= set(STUDIES)


@pytest.mark.parametrize("name", STUDIES)
def test_settings_survive_json(name):
    for cell in expand(load(name))[:3]:
        again = type(cell).model_validate_json(cell.model_dump_json())
        assert again == cell


def test_a_list_multiplies_where_a_single_value_is_wanted():
    cells = expand(variance("n = [4, 8]\nk = [1, 2, 4]"))
    assert [(c.n, c.k) for c in cells] == [(4, 1), (4, 2), (4, 4), (8, 1), (8, 2), (8, 4)]


def test_a_list_by_nature_is_one_value_and_a_list_of_lists_multiplies():
    one = expand(variance('estimators = ["pkpo", "rloo"]'))
    two = expand(variance('estimators = [["pkpo"], ["rloo"]]'))
    assert [c.estimators for c in one] == [("pkpo", "rloo")]
    assert [c.estimators for c in two] == [("pkpo",), ("rloo",)]


def test_equal_cells_are_one_cell():
    assert len(expand(variance("n = [4, 4, 4]"))) == 1


def test_variants_multiply_on_their_own():
    file = variance("n = 8\n[[variants]]\nk = [1, 2]\n[[variants]]\nk = 4\nn = [16, 32]")
    assert [(c.n, c.k) for c in expand(file)] == [(8, 1), (8, 2), (16, 4), (32, 4)]


def test_an_override_replaces_the_sweep_and_leaves_fixed_variants():
    file = variance("n = 8\n[[variants]]\nk = [1, 2]\n[[variants]]\nk = 4\nn = [16, 32]")
    cells = expand(with_settings(file, ["k=[3]", "theta=0.5"]))
    assert [(c.n, c.k) for c in cells] == [(8, 3), (16, 4), (32, 4)]
    assert {c.theta for c in cells} == {0.5}


def test_quick_values_apply():
    assert {c.estimates for c in expand(with_quick(load("variance")))} == {2000}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("n = 0", "n: input should be greater than 0, got 0"),
        ("n = 8.5", "n"),
        ("n = true", "n"),
        ('n = "8"', "n"),
        ("theta = nan", "theta"),
        ("sd = -1.0", "sd"),
        ("n = []", "n must have at least one value"),
        ("nn = 3", "Did you mean 'n'"),
        ("estimate = 3", "Did you mean 'estimates'"),
        ("[quick]\nestimat = 3", "Did you mean 'estimates'"),
        ("variants = 3", r"\[\[variants\]\]"),
        ("quick = 3", r"\[quick\]"),
        ("n = [", "not valid TOML"),
        ("n = " + "[" * 3000 + "]" * 3000, "nested too deeply|not valid TOML"),
        (f"n = {list(range(1, 5000))}\nk = {list(range(1, 5000))}", "at most 20,000 cells"),
    ],
)
def test_bad_files_are_refused_in_one_sentence(text, says):
    with pytest.raises(InputError, match=says) as caught:
        expand(variance(text))
    assert "\n" not in str(caught.value).removesuffix("\n")


def test_unknown_studies_name_the_nearest():
    with pytest.raises(InputError, match="Did you mean 'variance'"):
        load("varience")
    with pytest.raises(InputError, match="Did you mean 'variance'"):
        parse('study = "varience"', "mine", "mine.toml")
    with pytest.raises(InputError, match="needs a line study"):
        parse("n = 3", "mine", "mine.toml")


def test_unreadable_files_are_refused(tmp_path):
    with pytest.raises(InputError, match="no study file"):
        load(str(tmp_path / "none.toml"))
    with pytest.raises(InputError, match="no study file"):
        load("\0.toml")
    huge = tmp_path / "huge.toml"
    with huge.open("wb") as handle:
        handle.truncate(1 << 30)
    with pytest.raises(InputError, match="at most 1,000,000 bytes"):
        load(str(huge))
    (tmp_path / "latin.toml").write_bytes(b'study = "variance" # \xe9')
    with pytest.raises(InputError, match="not UTF-8"):
        load(str(tmp_path / "latin.toml"))


@settings(deadline=None, max_examples=200)
@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=80))
def test_whatever_a_file_says_it_expands_or_is_refused(text):
    with contextlib.suppress(InputError):
        expand(variance(text))


@settings(deadline=None, max_examples=200)
@given(st.sampled_from(["n", "k", "theta", "estimators", "sd", "seed"]), st.text(max_size=30))
def test_whatever_a_setting_says_it_expands_or_is_refused(key, value):
    with contextlib.suppress(InputError):
        expand(with_settings(load("variance"), [f"{key}={value}"]))


@pytest.mark.parametrize("name", STUDIES)
def test_a_packaged_file_holds_only_what_differs_from_the_defaults(name):
    file, fields = load(name), STUDIES[name].config.model_fields
    repeated = [
        key
        for key, value in file.values.items()
        if fields[key].get_default(call_default_factory=True) == value
    ]
    assert repeated == []


@pytest.mark.parametrize("name", STUDIES)
def test_every_setting_says_what_it_means(name):
    fields = STUDIES[name].config.model_fields
    assert [key for key, field in fields.items() if not field.description] == []


def test_another_problem_starts_without_the_options_of_the_file_s():
    assert "options" in load("bandit").values
    for chosen in (["bandit=two_peaks"], ["bandit=['arms', 'two_peaks']"]):
        cells = expand(with_settings(load("bandit"), chosen))
        assert all(cell.options == {} for cell in cells)
    both = with_settings(load("bandit"), ["bandit=arms", "options={rewards=[0.0,1.0]}"])
    assert all(cell.options == {"rewards": [0.0, 1.0]} for cell in expand(both))
    assert all("theta" in cell.options for cell in expand(with_settings(load("bandit"), ["n=32"])))


def test_a_setting_that_every_variant_fixes_is_a_slice_or_replaces_all():
    def families(*chosen):
        return {cell.family for cell in expand(with_settings(load("atlas"), chosen))}

    assert len(families()) > 5
    assert families("family=gaussian") == {"gaussian"}
    assert families("family=['gaussian','tied']") == {"gaussian", "tied"}
    with pytest.raises(InputError, match="unknown family 'nope'"):
        families("family=nope")
    cells = expand(with_settings(load("less_variance"), ["n=64"]))
    assert {cell.n for cell in cells} == {64}
