"""The page in a browser, from a file: curves named, hidden and shown, tables sorted and saved.

Without a browser these tests are left out by name; with CI=true that is a failure.
"""

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import pkpo_toy
from pkpo_toy.plotting import estimator_look
from pkpo_toy.report import Section, report_page, sections
from pkpo_toy.report import page as make_page
from pkpo_toy.report.table import SHOWN, cell, table
from pkpo_toy.studies.table import STUDIES

ROOT = Path(__file__).parents[2]
EVIL = "</script><script>window.hacked=1</script>\"'><img src=x onerror=window.hacked=1>"


@pytest.fixture(scope="module")
def browser(driver, tmp_path_factory):
    from tests.lessons.browser import Page

    folder = tmp_path_factory.mktemp("report")
    shutil.copytree(ROOT / "results" / "variance", folder / "results" / "variance")
    small = {"steps": 2, "log_every": 1, "replicates": 2}
    pkpo_toy.run("hard_problems", label=EVIL, out=folder / "results", **small)
    file = folder / "report.html"
    file.write_text(report_page(None, folder / "results")[0], "utf-8")
    return Page(driver, file)


@pytest.fixture
def quiet(browser):
    """A page to be opened, whose console must stay empty."""
    browser.complaints()
    yield browser
    assert browser.complaints() == []


@pytest.fixture
def page(quiet):
    """The page as it opens."""
    return quiet.open(height=1200)


@pytest.fixture(scope="module")
def summary():
    return pd.read_csv(ROOT / "results" / "variance" / "summary.csv")


SVG = "#variance svg"


def name_of(estimator):
    return estimator_look(estimator).label.replace("$-$", "−")


def entry(page, name):
    """The name in the legend of the first figure."""
    place = f"{SVG} [role=button]"
    return page.every(place)[page.texts(place).index(name)]


def names_of(page, selector):
    """The names that the page has given to curves, or to their entries in the legend."""
    return page.run(
        "return Array.from(document.querySelectorAll(arguments[0]), (one) => one.dataset.name)",
        selector,
    )


def drawn(page, condition):
    """Names of curves in the panels for which a CSS condition holds."""
    return names_of(page, f"{SVG} [data-series]{condition}")


def hover(page, element, x=0, y=0):
    from selenium.webdriver import ActionChains

    page.run("arguments[0].scrollIntoView({block: 'center', behavior: 'instant'})", element)
    ActionChains(page.driver).move_to_element_with_offset(element, x, y).perform()
    page.settle()


def point_on_curve(page, name):
    """Put the pointer on a line of that name, in the first panel."""
    place = page.run(
        "const svg = document.querySelector(arguments[0]);"
        "svg.scrollIntoView({block: 'center', behavior: 'instant'});"
        "const group = [...svg.querySelectorAll('[data-series]')]"
        "  .find((one) => one.dataset.name === arguments[1] && one.querySelector('path.hit'));"
        "const line = group.querySelector('path.hit');"
        "const at = line.getPointAtLength(line.getTotalLength() * 0.04);"
        "const { x, y } = at.matrixTransform(line.getScreenCTM());"
        "return [x, y];",
        SVG, name,
    )  # fmt: skip
    page.command("Input.dispatchMouseEvent", type="mouseMoved", x=place[0], y=place[1])
    page.settle()
    return place


def test_one_request_and_nothing_of_the_user_is_run(quiet):
    quiet.driver.get_log("performance")
    page = quiet.open()
    sent = [json.loads(entry["message"])["message"] for entry in page.driver.get_log("performance")]
    asked = [
        m["params"]["request"]["url"] for m in sent if m["method"] == "Network.requestWillBeSent"
    ]
    assert [url for url in asked if not url.startswith(("about:", "data:", "chrome:"))] == [
        page.file.as_uri()
    ]
    assert page.run("return window.hacked") is None
    names = names_of(page, "section:not(#variance) svg [role=button]")
    assert len(names) > 0
    for one in names:
        assert EVIL in one


def test_pointing_at_a_curve_names_it_everywhere(page, summary):
    name = name_of("partition_baselined")
    point_on_curve(page, name)
    assert page.text("#name") == name
    on, others = drawn(page, ".on"), drawn(page, ":not(.on)")
    assert set(on) == {name}
    assert name not in others
    assert set(others) > {name_of(one) for one in summary.estimator if name_of(one) != name}
    faint = page.run(
        "return getComputedStyle(document.querySelector(arguments[0])).opacity",
        f"{SVG} [data-series]:not(.on)",
    )
    assert float(faint) < 1
    hover(page, page.find("h1"))
    assert drawn(page, ".on") == []
    assert page.text("#name") == ""


def test_a_click_hides_a_curve_and_its_name_brings_it_back(page):
    name = name_of("partition_baselined")
    x, y = point_on_curve(page, name)
    for kind in ("mousePressed", "mouseReleased"):
        page.command("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)
    page.settle()
    assert set(drawn(page, ".off")) == {name}
    assert name not in drawn(page, ":not(.off)")
    assert entry(page, name).get_attribute("aria-pressed") == "false"
    hover(page, entry(page, name))
    entry(page, name).click()
    assert drawn(page, ".off") == []


def test_curves_by_keyboard(page):
    from selenium.webdriver.common.keys import Keys

    name = name_of("pkpo")
    entry(page, name).send_keys(Keys.ENTER)
    assert set(drawn(page, ".off")) == {name}
    assert set(drawn(page, ".on")) == {name}
    button = page.find("#variance button.all")
    button.send_keys(Keys.SPACE)
    assert drawn(page, ".off") == []
    assert not button.is_displayed()


def test_curves_by_touch(page):
    name = name_of("pkpo")
    page.touch(entry(page, name))
    assert set(drawn(page, ".on")) == {name}
    assert drawn(page, ".off") == []
    page.touch(entry(page, name))
    assert set(drawn(page, ".off")) == {name}


def rows(page):
    return page.run(
        "return [...document.querySelectorAll('#variance .table tbody tr')]"
        ".map((row) => [...row.cells].map((cell) => cell.textContent))"
    )


def texts(frame):
    return [list(map(cell, row)) for row in frame.itertuples(index=False, name=None)]


def test_a_click_on_its_head_sorts_a_column(page, summary):
    assert rows(page) == texts(summary.head(40))
    page.press("Show all 57 rows", "variance")
    assert rows(page) == texts(summary)
    for ascending in (True, False):
        page.press("variance", "variance")
        expected = summary.sort_values("variance", ascending=ascending, kind="stable")
        assert rows(page) == texts(expected)
    page.press("estimator", "variance")
    assert [row[0] for row in rows(page)] == sorted(summary["estimator"])


def test_numbers_are_written_as_python_writes_them(page, tmp_path):
    rng = np.random.default_rng(0)
    values = rng.normal(size=200) * 10.0 ** rng.integers(-9, 10, size=200)
    values = np.append(values, [0.0, -3.0, 999_999.0, 1e6, 1234.6, 9999.7, 0.00099996, np.nan])
    frame = pd.DataFrame({"number": values, "text": ['a "b", c\nd'] * len(values)})
    file = tmp_path / "numbers.html"
    content = [table(frame.tail(SHOWN), "numbers", "Numbers")]
    for start in range(0, len(frame), SHOWN):
        content.append(table(frame[start : start + SHOWN], f"part_{start}", "Numbers"))
    file.write_text(make_page("Numbers", [Section("variance", "Numbers", content)], "", ""))
    page.driver.get(file.as_uri())
    page.run("for (const one of document.querySelectorAll('th:first-child button')) one.click()")
    found = sorted(map(tuple, rows(page)))
    expected = pd.concat([frame.tail(SHOWN), frame])
    assert found == sorted(map(tuple, texts(expected)))


def test_the_csv_is_the_summary(page, tmp_path):
    page.command("Browser.setDownloadBehavior", behavior="allow", downloadPath=str(tmp_path))
    page.run("document.querySelector('#variance .csv').click()")
    file = tmp_path / "variance.csv"
    page.until(lambda: file.exists() and file.stat().st_size)
    assert file.read_bytes() == (ROOT / "results" / "variance" / "summary.csv").read_bytes()


@pytest.mark.parametrize(("width", "dark"), [(360, True), (1024, False)])
def test_nothing_is_wider_than_the_window_and_axe_finds_no_broken_rule(quiet, width, dark):
    page = quiet.open(width=width, dark=dark)
    assert page.run("return document.documentElement.scrollWidth") == width
    page.run("for (const one of document.querySelectorAll('details')) one.open = true")
    # The rows of a table are alike.
    assert page.broken_rules(exclude=".table tbody tr:nth-child(n + 4)") == []


def published(tmp_path, name, **changes):
    """A copy of results without cells, as they are published; with such entries of the manifest."""
    folder = tmp_path / name
    shutil.copytree(ROOT / "results" / name, folder, ignore=shutil.ignore_patterns("cells"))
    path = folder / "manifest.json"
    manifest = json.loads(path.read_text("utf-8"))
    path.write_text(json.dumps(manifest | changes), "utf-8")
    return folder


def test_a_heading_is_the_name_as_one_writes_it(tmp_path, monkeypatch):
    monkeypatch.setattr(sections, "figure_of", lambda *_: None)
    for name, heading in (("lm_training", "LM training"), ("hard_problems", "Hard problems")):
        text = report_page(str(published(tmp_path, name)), tmp_path)[0]
        assert f">{heading}</h2>" in text


def test_an_exact_figure_is_drawn_without_stored_cells(tmp_path):
    folder = published(tmp_path, "landscape")
    before = {path: path.read_bytes() for path in tmp_path.rglob("*.*")}
    text = report_page(str(folder), tmp_path)[0]
    assert "<svg" in text
    assert "are not stored here" not in text
    assert {path: path.read_bytes() for path in tmp_path.rglob("*.*")} == before
    computed = pkpo_toy.load(folder).records()
    again = STUDIES["landscape"].summarize(computed)
    pd.testing.assert_frame_equal(again.reset_index(drop=True), pkpo_toy.load(folder).summary)


@pytest.mark.parametrize("name", [name for name, study in STUDIES.items() if study.exact])
def test_an_exact_study_asks_for_no_random_number(name):
    STUDIES[name].run(STUDIES[name].config(), None)


def test_a_sampled_figure_without_stored_cells_is_said_to_be_missing(tmp_path):
    old = {"swept": {"seed": [0, 1]}, "command": ["__main__.py", "run", "paper"]}
    manifest = json.loads((ROOT / "results/annealing/manifest.json").read_text("utf-8"))
    folder = published(tmp_path, "annealing", **old, cells=manifest["cells"][:2])
    text = report_page(str(folder), tmp_path)[0]
    assert "these are not stored here. To make them: <code>pkpo-toy run paper</code>" in text


def test_without_javascript_the_page_can_be_read(quiet):
    quiet.command("Emulation.setScriptExecutionDisabled", value=True)
    page = quiet.open()
    quiet.command("Emulation.setScriptExecutionDisabled", value=False)
    assert len(page.every("#variance tbody tr")) >= 40
    assert page.find("#variance svg").is_displayed()
    assert page.every("#variance th button") == []
