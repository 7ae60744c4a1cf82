"""The page in a real browser: how it is opened, used and read back."""

import re
import shutil
import tempfile
from importlib import resources
from pathlib import Path

import numpy as np
from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome") or shutil.which("chrome")
DRIVER = shutil.which("chromedriver")
QUIET = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--hide-scrollbars", "--window-size=1024,900",
)  # fmt: skip


def started(folder: Path) -> webdriver.Chrome:
    """A browser with an empty profile of its own."""
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for argument in (*QUIET, f"--user-data-dir={tempfile.mkdtemp(dir=folder)}"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    return webdriver.Chrome(options=options, service=Service(DRIVER))


class Page:
    """The lesson in a browser."""

    def __init__(self, driver: webdriver.Chrome, file: Path):
        self.driver, self.file = driver, file

    def open(self, fragment="", *, width=1024, height=900, dark=False, reduced=False, idle=False):
        """Load the page afresh in a window of that size.

        It builds the parts near the window; the others, while `idle`, only if asked for.
        """
        self.command(
            "Emulation.setDeviceMetricsOverride",
            width=width, height=height, deviceScaleFactor=1, mobile=width < 500,
        )  # fmt: skip
        features = {
            "prefers-color-scheme": "dark" if dark else "light",
            "prefers-reduced-motion": "reduce" if reduced else "no-preference",
        }
        named = [{"name": name, "value": value} for name, value in features.items()]
        self.command("Emulation.setEmulatedMedia", features=named)
        self.driver.get("about:blank")
        source = "" if idle else "window.requestIdleCallback = () => {};"
        early = self.command("Page.addScriptToEvaluateOnNewDocument", source=source)
        self.driver.get(self.file.as_uri() + fragment)
        self.command("Page.removeScriptToEvaluateOnNewDocument", **early)
        return self

    def command(self, name, **arguments):
        return self.driver.execute_cdp_cmd(name, arguments)

    def run(self, script, *arguments):
        return self.driver.execute_script(script, *arguments)

    def find(self, selector):
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def every(self, selector):
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def part(self, name):
        """Bring a part into view, where it is built."""
        self.driver.execute_async_script(
            "const [name, done] = arguments, part = document.getElementById(name);"
            "const look = () =>"
            "  part.querySelector('.lab > *') ? done() : requestAnimationFrame(look);"
            "part.scrollIntoView({behavior: 'instant'});"
            "look();",
            name,
        )
        self.settle()

    def until(self, holds, seconds=20):
        WebDriverWait(self.driver, seconds, poll_frequency=0.05).until(lambda _: holds())

    def settle(self):
        """Wait until what was changed is drawn."""
        self.driver.execute_async_script(
            "const done = arguments[0];"
            "const look = () => document.querySelector('[aria-busy=true]')"
            " ? requestAnimationFrame(look) : setTimeout(done);"
            "requestAnimationFrame(() => requestAnimationFrame(look));"
        )

    def texts(self, selector):
        """Texts as written in the sources: without non-breaking spaces."""
        found = self.run(
            "return Array.from(document.querySelectorAll(arguments[0]), (one) => one.textContent)",
            selector,
        )
        return [text.replace("\N{NO-BREAK SPACE}", " ") for text in found]

    def text(self, selector):
        return self.texts(selector)[0]

    def finding(self, part):
        return self.text(f"#{part} .finding")

    def set(self, setting, value):
        """Move a slider or a field as an input event does."""
        self.run(
            "const input = document.querySelector(`[data-setting='${arguments[0]}']`);"
            "input.value = arguments[1];"
            "for (const type of ['input', 'change'])"
            " input.dispatchEvent(new Event(type, {bubbles: true}));",
            setting, value,
        )  # fmt: skip
        self.settle()

    def press(self, label, part):
        """Click the button of that label."""
        button = self.run(
            "const found = [...document.querySelectorAll(`#${arguments[1]} button`)]"
            "  .find((one) => one.innerText.trim() === arguments[0]);"
            "found?.scrollIntoView({block: 'center', behavior: 'instant'});"
            "return found;",
            label, part,
        )  # fmt: skip
        assert button, f"no button {label!r} in {part}"
        button.click()
        self.settle()

    def charts(self, part):
        """The charts of a part as they are drawn."""
        found = self.run(
            "const roots = document.querySelectorAll(`#${arguments[0]} .chart svg`);"
            "return Array.from(roots, (root) => {"
            "  const marks = Array.from(root.querySelectorAll('[data-mark]'), (one) =>"
            "    [one.dataset.mark, [one.getAttribute('d'), one.getAttribute('transform')]]);"
            "  return [root.dataset.x, root.dataset.y, Object.fromEntries(marks)];"
            "});",
            part,
        )
        return [Drawing(*one) for one in found]

    def broken_rules(self, exclude="#none"):
        """What axe-core finds wrong with the page as it is: rule, and the first places."""
        self.run((resources.files("axe_playwright_python") / "axe.min.js").read_text("utf-8"))
        return self.driver.execute_async_script(
            "const [exclude, done] = arguments;"
            "const runOnly = ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa', 'best-practice'];"
            "axe.run({exclude}, {runOnly, resultTypes: ['violations']}).then(({violations}) =>"
            "  done(violations.map(({id, nodes}) => `${id}: ${nodes.map((one) =>"
            "    one.html.slice(0, 120)).slice(0, 3).join(' ')}`)));",
            exclude,
        )

    def complaints(self):
        """What the browser's console holds."""
        return [entry["message"] for entry in self.driver.get_log("browser")]

    def touch(self, element, x=0.5, y=0.5, to=None):
        """A finger on a place of an element, given in shares of its box, and where it moves."""
        self.run("arguments[0].scrollIntoView({block: 'center', behavior: 'instant'})", element)
        box = self.run("return arguments[0].getBoundingClientRect().toJSON()", element)

        def at(share_x, share_y):
            return [
                {"x": box["x"] + share_x * box["width"], "y": box["y"] + share_y * box["height"]}
            ]

        self.command("Input.dispatchTouchEvent", type="touchStart", touchPoints=at(x, y))
        if to:
            self.command("Input.dispatchTouchEvent", type="touchMove", touchPoints=at(*to))
        self.command("Input.dispatchTouchEvent", type="touchEnd", touchPoints=[])
        self.settle()


class Drawing:
    """The marks of a chart, read back in the values of its scales."""

    def __init__(self, x, y, marks):
        self.scales, self.marks = (x, y), marks

    def points(self, mark):
        """The corners of a path, (P, 2)."""
        return self.values(re.findall(r"[ML](-?[\d.]+) (-?[\d.]+)", self.marks[mark][0]))

    def bars(self, mark):
        """The heights of bars."""
        tops = re.findall(r"V(-?[\d.]+)H", self.marks[mark][0])
        return self.values([(0, top) for top in tops])[:, 1]

    def place(self, mark):
        """Where a dot is."""
        pair = re.match(r"translate\((-?[\d.]+) (-?[\d.]+)\)", self.marks[mark][1])
        return self.values([pair.groups()])[0]

    def values(self, pixels):
        columns = []
        for scale, column in zip(self.scales, np.array(pixels, dtype=float).T, strict=True):
            low, high, start, end, *kind = scale.split()
            along = (column - float(start)) / (float(end) - float(start))
            if kind == ["log"]:
                columns.append(float(low) * (float(high) / float(low)) ** along)
            else:
                columns.append(float(low) + along * (float(high) - float(low)))
        return np.column_stack(columns)
