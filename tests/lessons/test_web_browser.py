"""The page in a browser, from a file: each part used by keyboard, mouse, touch; marks read back.

Without a browser these tests are left out by name; with CI=true that is a failure.
"""

import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pkpo_toy.estimators import pass_at_k, weights
from pkpo_toy.lessons.conclusions import conclusions
from pkpo_toy.lessons.curves import policy_curves
from pkpo_toy.lessons.events import find_events
from pkpo_toy.lessons.lessons import record_lesson
from pkpo_toy.lessons.page import lesson_page
from pkpo_toy.samples.passk import passk
from pkpo_toy.simulator.exact.gaussian import gaussian_gradient, gaussian_max_at_k, gaussian_optimum
from pkpo_toy.simulator.exact.water_filling import water_filling_policy
from pkpo_toy.simulator.policies import normal_gradient, sample_normal
from pkpo_toy.simulator.rewards import UNIT_SQUARE

PARTS = ("answers", "weights", "landscape", "noise", "learning", "betting", "counts")
PIXEL = 0.011  # coordinates are written with two decimals


@pytest.fixture(scope="module")
def browser(driver, tmp_path_factory):
    from tests.lessons.browser import Page

    file = tmp_path_factory.mktemp("lesson") / "lesson.html"
    file.write_text(lesson_page(), "utf-8")
    return Page(driver, file)


@pytest.fixture
def page(browser):
    """The page, whose console must stay empty."""
    browser.complaints()
    yield browser
    assert browser.complaints() == []


def keys(element, *names):
    from selenium.webdriver.common.keys import Keys

    element.send_keys(*(getattr(Keys, name) for name in names))


def close(found, expected, span, pixels=150):
    """Equal up to the rounding of coordinates, for a chart `pixels` long over `span`."""
    np.testing.assert_allclose(found, expected, rtol=0, atol=PIXEL * span / pixels)


def test_one_request_and_every_part_is_built(page):
    page.driver.get_log("performance")
    page.open(idle=True)
    page.until(lambda: page.run("return document.querySelectorAll('.lab:empty').length") == 0)
    for part in PARTS:
        page.part(part)
        assert page.finding(part), part
    sent = [json.loads(entry["message"])["message"] for entry in page.driver.get_log("performance")]
    asked = [
        m["params"]["request"]["url"] for m in sent if m["method"] == "Network.requestWillBeSent"
    ]
    assert [url for url in asked if not url.startswith(("about:", "data:", "chrome:"))] == [
        page.file.as_uri()
    ]


def test_answers_by_keyboard(page):
    page.open()
    page.part("answers")
    keys(page.find("[data-setting='answers-k']"), "ARROW_RIGHT", "ARROW_RIGHT")
    keys(page.find("[data-setting='answers-n']"), "ARROW_RIGHT")
    page.settle()
    n, k, p = 17, 6, 0.2
    c = int((np.random.default_rng(7).random(n) < p).sum())
    ks = np.arange(1, n + 1)
    chart = page.charts("answers")[0]
    close(chart.points("truth")[:, 1], 1 - (1 - p) ** ks, 1.02)
    close(chart.points("unbiased")[:, 1], pass_at_k(n, c, ks), 1.02)
    close(chart.points("tempting")[:, 1], 1 - (1 - c / n) ** ks, 1.02)
    assert f"{c} of {n} answers are right" in page.finding("answers")
    assert f"pass@{k} is {pass_at_k(n, c, k):.3f}" in page.finding("answers")


def test_answers_drawn_again_and_again(page):
    page.open("#answers-draws=400&answers-seed=3")
    page.part("answers")
    c = (np.random.default_rng(3).random((400, 16)) < 0.2).sum(axis=1)
    unbiased, tempting = pass_at_k(16, c, 4), 1 - (1 - c / 16) ** 4
    for values in (unbiased, tempting):
        se = values.std(ddof=1) / 20
        assert f"{values.mean():.3f} ± {se:.3f}" in page.finding("answers")
    page.press("Draw again", "answers")
    assert "Over 401 draws" in page.finding("answers")
    page.press("Keep drawing", "answers")
    page.until(lambda: "Over 401 " not in page.finding("answers"))
    page.press("Pause", "answers")
    page.press("Start over", "answers")
    assert "draw again" in page.finding("answers")


def test_k_stays_at_most_n(page):
    page.open("#answers-n=8&answers-k=8")
    page.part("answers")
    keys(page.find("[data-setting='answers-n']"), "ARROW_LEFT")
    page.settle()
    assert "pass@7" in page.finding("answers")


START = np.array([7, 0, 21, 4, 35, 14, 0, 18]) / 35


def stems(page, key, k, rewards):
    chart = page.charts("weights")[1]
    found = [chart.place(f"{key} {i}")[1] for i in range(1, 9)]
    expected = weights(rewards, k, key)
    close(found, expected, np.ptp([*expected, 0]) * 1.4 + 0.1)


def test_weights_by_keyboard_mouse_and_touch(page):
    from selenium.webdriver import ActionChains

    page.open()
    page.part("weights")
    rewards = START.copy()
    for key in ("rloo", "pkpo", "pkpo_loo_minus_one"):
        stems(page, key, 3, rewards)
    keys(page.find("[data-handle='1']"), "ARROW_UP", "PAGE_UP")
    keys(page.find("[data-setting='weights-k']"), "ARROW_RIGHT")
    page.settle()
    rewards[0] += 8 / 35
    stems(page, "pkpo", 4, rewards)
    handle, chart = page.find("[data-handle='7']"), page.every("#weights .chart svg")[0]
    ActionChains(page.driver).drag_and_drop_by_offset(handle, 0, -60).perform()
    page.settle()
    rewards[6] = float(page.find("[data-handle='7']").get_attribute("aria-valuenow"))
    rewards[6] = round(rewards[6] * 35) / 35
    assert 0.4 < rewards[6] < 0.7
    stems(page, "pkpo_loo_minus_one", 4, rewards)
    page.touch(chart, x=0.96, y=0.55, to=(0.96, 0.2))
    last = float(page.find("[data-handle='8']").get_attribute("aria-valuenow"))
    rewards[7] = round(last * 35) / 35
    assert rewards[7] > 0.8
    stems(page, "rloo", 4, rewards)
    assert "Sample 8 earns" in page.finding("weights")


def test_weights_of_right_and_wrong_answers(page):
    page.open("#weights-kind=binary&weights-estimators=passk_rloo+fail_only&weights-k=2")
    page.part("weights")
    keys(page.find("[data-handle='1']"), "SPACE")
    page.settle()
    rewards = (START >= 0.5).astype(float)
    rewards[0] = 1
    for key in ("passk_rloo", "fail_only"):
        stems(page, key, 2, rewards)
    page.find("#weights summary").click()
    page.find("#weights input[value='maxrl']").click()
    page.settle()
    stems(page, "maxrl", 2, rewards)
    page.set("weights-kind", "any")
    assert "pass@k RLOO is for rewards of 0 and 1" in page.text("#weights .facts")


def test_the_chosen_sample_leads_its_groups(page):
    page.open("#weights-sample=3")
    page.part("weights")
    # Third best of eight: it leads the groups whose others are among the five below it... and ranks
    # 7th from below, so C(6, 2) groups of 3.
    assert "Sample 3 earns 0.60 and leads 15 of the 56 groups of 3." in page.finding("weights")


def test_the_landscape(page):
    page.open("#landscape-k=8")
    page.part("landscape")
    keys(page.find("[data-setting='landscape-theta']"), "ARROW_RIGHT")
    page.settle()
    theta = np.arange(-20, 141) / 100
    maxima, slopes, _ = page.charts("landscape")
    for k in (1, 4, 8, 16):
        expected = gaussian_max_at_k(theta, k, UNIT_SQUARE, 0.1)
        close(maxima.points(f"max@{k}")[:, 1], expected, 1.05)
        best = gaussian_optimum(k, UNIT_SQUARE, 0.1, -0.8, 1.8)
        close(maxima.place(f"best {k}"), best, 1.6)
    slope = gaussian_gradient(theta, 8, UNIT_SQUARE, 0.1)
    close(slopes.points("gradient")[:, 1], slope, 2.2 * np.abs(slope).max())
    value = float(gaussian_max_at_k(0.51, 8, UNIT_SQUARE, 0.1))
    assert f"At θ = 0.51 the best of 8 throws earns {value:.3f}" in page.finding("landscape")
    chart = page.every("#landscape .chart svg")[0]
    page.touch(chart, x=0.5, y=0.5)
    assert "θ = 0.51" not in page.finding("landscape")


def test_the_noise(page):
    page.open(
        "#noise-draws=300&noise-n=6&noise-k=3&noise-seed=5&noise-theta=0.9&learning-steps=100"
    )
    page.part("noise")
    page.until(lambda: page.finding("noise").count("exactly") == 2)
    throws = sample_normal(np.full(300, 0.9), 0.1, 6, np.random.default_rng(5))
    truth = float(gaussian_gradient(0.9, 3, UNIT_SQUARE, 0.1))
    said = page.finding("noise").replace("−", "-")
    assert f"The exact gradient is {truth:.2f}" in said
    variances = page.charts("noise")[2]
    for place, key in enumerate(("pkpo", "pkpo_loo_minus_one")):
        weighed = weights(UNIT_SQUARE(throws), 3, key)
        estimates = normal_gradient(np.full(300, 0.9), 0.1, throws, weighed)
        se = estimates.std(ddof=1) / 300**0.5
        assert f"mean {estimates.mean():.2f} ± {se:.2f}" in said
        running = variances.points(f"running {place}")
        assert len(running) == 299
        assert 10 ** running[-1, 1] == pytest.approx(estimates.var(ddof=1), rel=0.01)
    page.set("noise-first", "pkpo_loo")
    page.set("noise-k", 6)
    assert "PKPO, LOO needs k below n, here k = 6 and n = 6." in page.finding("noise")


BETWEEN = """
const done = arguments[0], steps = [];
const look = () => {
  const line = document.querySelector("#learning [data-mark='k = 16']").getAttribute("d");
  steps.push(line.split("L").length - 1);
  if (document.querySelector("#learning [aria-busy=true]")) requestAnimationFrame(look);
  else done(steps);
};
const input = document.querySelector("[data-setting='learning-size']");
input.value = Math.log(0.3);
input.dispatchEvent(new Event("input", { bubbles: true }));
requestAnimationFrame(() => requestAnimationFrame(look));
"""


def test_a_slider_does_not_wait_for_the_training(page):
    page.open("#learning-steps=1000&learning-step=500&learning-plan=linear")
    page.part("learning")
    steps = page.driver.execute_async_script(BETWEEN)
    assert steps == sorted(steps)
    assert len(set(steps)) > 3
    assert steps[-1] == 500


def test_the_random_groups_are_those_of_pythons_seed(page):
    page.open("#weights-estimators=passk_bootstrap&noise-first=passk_bootstrap&noise-draws=100")
    page.part("weights")
    expected = weights(START, 3, "passk_bootstrap", rng=np.random.default_rng(7))
    chart = page.charts("weights")[1]
    found = [chart.place(f"passk_bootstrap {i}")[1] for i in range(1, 9)]
    close(found, expected, np.ptp([*expected, 0]) * 1.4 + 0.1)
    assert "with the groups drawn at seed 7" in page.text("#weights .facts")
    page.part("noise")
    throws = sample_normal(np.full(100, 1.0), 0.1, 8, np.random.default_rng(7))
    (own,) = np.random.default_rng(7).spawn(1)
    weighed = weights(UNIT_SQUARE(throws), 4, "passk_bootstrap", rng=own)
    estimates = normal_gradient(np.full(100, 1.0), 0.1, throws, weighed)
    se = estimates.std(ddof=1) / 10
    assert f"mean {estimates.mean():.2f} ± {se:.2f}" in page.finding("noise").replace("−", "-")


def test_learning_is_the_terminals_run_at_every_step(page):
    page.open()
    page.part("learning")
    recording = record_lesson("two_peaks", seed=7)
    found = policy_curves(recording)
    scrub = page.find("[data-setting='learning-step']")
    for at in (0, 1, 150, 300):
        page.set("learning-step", at)
        tops = [0.02, 0.05, 0.1, 0.2, 0.5, 1]
        highest = max(one.chances[: at + 1].max() for one in found)
        top = next(one for one in tops if one >= highest)
        charts = page.charts("learning")
        for i, one in enumerate(found):
            close(charts[1 + i].bars("policy"), one.chances[at], top, 80)
            if at:
                for j, k in enumerate((1, 4, 16)):
                    line = charts[5 + j].points(one.label)
                    close(line[:, 1], one.values[k][: at + 1], 1.04, 100)
    page.until(lambda: page.every("#learning .closing p"))
    expected = [f"step {one.step} {one.sentence}" for one in find_events(recording)]
    assert page.texts("#learning .events li") == expected
    assert page.texts("#learning .closing p") == conclusions(recording)
    assert "“pkpo-toy demo two_peaks --seed 7”" in page.text("#learning .same")
    keys(scrub, "HOME")
    page.settle()
    assert "step 0 of 300" in page.text("#learning .player output")


def test_learning_plays_pauses_and_steps(page):
    page.open("#learning-speed=150&learning-steps=100", width=360, height=740)
    page.part("learning")
    page.press("Play", "learning")
    page.until(lambda: "step 0 " not in page.text("#learning .player output"))
    page.press("Pause", "learning")
    stopped = page.text("#learning .player output")
    page.settle()
    assert page.text("#learning .player output") == stopped
    at = int(stopped.split()[1])
    page.press("Step ▶", "learning")
    assert f"step {at + 1} of 100" in page.text("#learning .player output")
    page.touch(page.every("#learning .player button")[1])
    assert f"step {at} of 100" in page.text("#learning .player output")
    page.set("learning-step", 66)  # the last thing that happens, at which it stays, is at 67
    page.press("Play", "learning")
    page.until(lambda: page.every("#learning .closing p"))
    assert page.find("#learning .player button").text == "Play again"


def test_a_landscape_of_ones_own(page):
    page.open("#learning-steps=100", width=360, height=740)
    page.part("learning")
    chart = page.every("#learning .chart svg")[0]
    before = page.charts("learning")[0].bars("reward")
    keys(chart, "ARROW_RIGHT", "ARROW_DOWN", "ARROW_DOWN")
    page.settle()
    after = page.charts("learning")[0].bars("reward")
    assert after[41] < before[41] - 0.15
    assert after[90] == pytest.approx(before[90], abs=0.02)
    page.touch(chart, x=0.3, y=0.4, to=(0.4, 0.3))
    assert page.charts("learning")[0].bars("reward").max() <= 1
    assert "this page's own" in page.text("#learning .same")
    page.press("Two peaks", "learning")
    close(page.charts("learning")[0].bars("reward"), before, 1.02)


def test_a_fourth_policy_follows_a_schedule(page):
    page.open("#learning-plan=linear&learning-steps=100&learning-step=50")
    page.part("learning")
    titles = "#learning .panel:not([hidden]) h3"
    # linear 16->1 over 100 steps: 16 - 15 * 50/99, rounded.
    assert any("now k = 8" in title for title in page.texts(titles))
    assert len(page.texts(titles)) == 7
    page.set("learning-estimator", "partition")
    assert len(page.texts(titles)) == 6
    said = page.text("#learning .same")
    assert "left out: partition needs a k that divides n, not 15 of 16" in said


def test_betting(page):
    page.open("#betting-seed=2")
    page.part("betting")
    found = policy_curves(record_lesson("water_filling", seed=2))
    fractions = [0.4, 0.3, 0.2, 0.1]
    for at in (300, 40):
        page.set("betting-step", at)
        for chart, one in zip(page.charts("betting"), found, strict=True):
            best = water_filling_policy(fractions, one.k)
            for a in range(4):
                close(chart.bars(f"tried {a + 1}"), one.chances[at][a], 1, 120)
                close(chart.place(f"best {a + 1}")[1], best[a], 1, 120)
    cells = page.texts("#betting tbody tr:first-child td")
    assert cells == [f"{found[0].values[k][40]:.3f}" for k in (1, 4, 16)]


def test_your_numbers(page):
    page.open()
    page.part("counts")
    area = page.find("#pasted")
    area.clear()
    area.send_keys("c,problem,extra,n\n3,a,x,10\n0,b,y,12\n7,c,z,10\n")
    page.settle()
    counts = pd.DataFrame({"problem": ["a", "b", "c"], "n": [10, 12, 10], "c": [3, 0, 7]})
    expected = passk(counts)
    rows = page.texts("#counts tbody :is(th, td)")
    assert rows == [
        text
        for one in expected.itertuples()
        for text in (
            f"{one.k}",
            f"{one.value:.3f}",
            f"{one.se:.3f}",
            f"{one.low:.3f} to {one.high:.3f}",
        )
    ]
    close(page.charts("counts")[0].points("pass@k")[:, 1], expected["value"], 1.02)


ABSURD = (
    ("", "nothing to read"),
    ("1,2,3", "must name the columns"),
    ("problem,n,c\n<img src=x onerror=alert(1)>,NaN,1", "n must be a whole number"),
    ("problem,n,c\na,10,NaN", "c must be a whole number from 0 to n = 10, got “NaN”"),
    ("problem,n,c\na,10,11", "got “11”"),
    ("problem,n,c\na,1,1\na,1,1", "on line 2 already"),
    ("problem,n,c\na,1", "must have 3 fields, got 2"),
    ("problem,n,c\na,1e9,1", "from 1 to 100000"),
    ("problem,n,c\n" + "x" * 5000 + ",a,1", "got “a”"),
    ("problem,n,c\n" + "x" * 300_000, "300012 characters; this page reads up to 300000"),
)


def test_absurd_tables_get_one_sentence(page):
    page.open()
    page.part("counts")
    for text, sentence in ABSURD:
        page.run(
            "const area = document.getElementById('pasted'); area.value = arguments[0];"
            "area.dispatchEvent(new Event('input'));",
            text,
        )
        page.settle()
        said = page.finding("counts")
        assert sentence in said
        assert len(said) < 300
        assert not page.every("main img")
        assert page.every("#counts .chart[hidden]")


def test_ten_megabytes_are_not_let_in(page):
    page.open()
    page.part("counts")
    for lines, event in (
        (1_500_000, "ClipboardEvent('paste', {clipboardData: data,"),
        (1_600_000, "DragEvent('drop', {dataTransfer: data,"),
    ):
        let_in = page.run(
            "const data = new DataTransfer();"
            f"data.setData('text/plain', 'a,10,1\\n'.repeat({lines}));"
            f"const event = new {event} cancelable: true}});"
            "return document.getElementById('pasted').dispatchEvent(event);"
        )
        assert not let_in
        assert f"{7 * lines} characters; this page reads up to 300000" in page.finding("counts")
        assert page.find("#pasted").get_attribute("value").startswith("problem,n,c\nalgebra")


HOSTILE = (
    "#<img src=x onerror=alert(1)>",
    "#%3Cscript%3Ealert(1)%3C/script%3E",
    "#answers-p=1e999&answers-n=-4&answers-k=NaN&learning-seed=99999999999999999999",
    "#learning-rewards=zzz&weights-estimators=constructor&__proto__=1&constructor=2",
    "#answers-p=%E0%A4%A&noise-first=__proto__",
    "#" + "x" * 100_000,
    "#&&&===&=&answers",
)


def whole(page, fragment):
    """Open a page, which shows the parts that its link names and at most sentences about it."""
    page.open(fragment)
    for part in PARTS:
        if part == "answers" or f"{part}-" in fragment:
            page.part(part)
            assert page.finding(part)
    for sentence in page.texts("#notice p"):
        assert len(sentence) < 300
    assert not page.every("#notice *:not(p)")
    assert not page.every("img, body > script ~ script, main script")
    assert page.run("return window.alert.name") == "alert"


@pytest.mark.parametrize("fragment", HOSTILE)
def test_any_fragment_gives_a_page_and_at_most_sentences(page, fragment):
    whole(page, f"{fragment}&weights-k=2")
    assert page.find("[data-setting='weights-k']").get_property("value") == "2"


def test_settings_that_exclude_each_other_are_brought_together(page):
    whole(page, "#learning-step=500&learning-steps=100&answers-k=64&answers-n=2")
    assert page.text("#learning .player output") == "step 100 of 100"
    assert "pass@2 is" in page.finding("answers")


def top_of(page, part):
    return page.run(f"return document.getElementById('{part}').getBoundingClientRect().top")


def test_a_link_leads_back_to_the_moment(page):
    page.open("#learning-steps=100")
    page.part("learning")
    page.set("learning-seed", 12)
    page.set("learning-step", 90)
    page.until(lambda: "learning-step=90" in page.driver.current_url)
    fragment = "#" + page.driver.current_url.split("#")[1]
    assert fragment == "#learning&learning-seed=12&learning-steps=100&learning-step=90"
    shown = page.charts("learning")[2].bars("policy")
    page.open(fragment)
    page.until(lambda: page.every("#learning .player"))
    page.settle()
    assert page.text("#learning .player output") == "step 90 of 100"
    np.testing.assert_array_equal(page.charts("learning")[2].bars("policy"), shown)
    assert abs(top_of(page, "learning")) < 300


PLAN = re.compile(r"lesson\.html(#[\w&=.+-]+)")


def test_every_moment_of_the_plan_for_a_class_is_there(page):
    page.open()
    inside = [link.get_dom_attribute("href") for link in page.every("footer ol a")]
    documents = (Path(__file__).parents[2] / "docs" / "teaching.md").read_text("utf-8")
    assert set(PLAN.findall(documents)) == set(inside)
    minutes = re.findall(r"Part \d, (\d+) minutes", page.text("footer ol"))
    assert sum(map(int, minutes)) == 30
    page.run("document.querySelector('footer details').open = true")
    for link in page.every("footer ol a"):
        fragment = link.get_dom_attribute("href")
        page.run("arguments[0].click()", link)
        part, *settings = fragment[1:].split("&")
        page.until(lambda part=part: page.every(f"#{part} .lab > *"))
        page.settle()
        assert page.text("#notice") == ""
        assert abs(top_of(page, part)) < 300
        for name, value in (one.split("=") for one in settings):
            written = page.run(
                "return Array.from(document.querySelectorAll(arguments[0]), (one) => one.value)",
                f"#{part} [data-setting='{name}']",
            )
            if len(written) == 1 and name != "landscape-k":
                assert written == [value], name
        assert page.driver.current_url.endswith(fragment)


def test_a_bad_seed_is_refused_where_it_is_typed(page):
    page.open("#learning-steps=100")
    page.part("learning")
    page.set("learning-seed", "-3")
    assert "Please give a whole number from 0" in page.text("#learning .complaint")
    assert "--seed 7" in page.text("#learning .same")


def test_reduced_motion_jumps_instead_of_moving(page):
    page.open(reduced=True)
    page.part("answers")
    page.press("Keep drawing", "answers")
    assert "Over 101 draws" in page.finding("answers")
    assert "Keep drawing" in page.texts("#answers button")


def test_without_javascript_a_sentence_and_still_figures(page):
    page.command("Emulation.setScriptExecutionDisabled", value=True)
    try:
        page.open()
        assert "needs JavaScript" in page.find("header").text
        assert "pass@k is the chance" in page.find("main").text
        assert len(page.every("noscript svg")) >= 3
    finally:
        page.command("Emulation.setScriptExecutionDisabled", value=False)


@pytest.mark.parametrize(("width", "dark"), [(360, True), (1024, False), (1920, True)])
def test_text_can_be_read_named_and_hit(page, width, dark):
    page.open("#learning-step=120&learning-plan=fall", width=width, dark=dark)
    for part in PARTS:
        page.part(part)
    assert page.run("return document.documentElement.scrollWidth") <= width
    rules = (Path(__file__).parent / "readable.js").read_text("utf-8")
    for rule in ("pale", "small", "outside"):
        assert page.run(f"{rules}; return {rule}();") == [], rule
    tree = page.command("Accessibility.getFullAXTree")["nodes"]
    for node in tree:
        role = node.get("role", {}).get("value")
        if role in {"slider", "spinbutton", "button", "combobox", "checkbox", "textbox", "link"}:
            assert node.get("name", {}).get("value"), node
    if width < 1920:
        page.run("for (const one of document.querySelectorAll('details')) one.open = true")
        assert page.broken_rules() == []
