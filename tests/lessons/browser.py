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

    def open(self, fragment="", width=1024, height=900, dark=False, reduced=False):
        """Load the page afresh in a window of that size."""
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
        self.driver.get(self.file.as_uri() + fragment)
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
        self.run(
            "document.getElementById(arguments[0]).scrollIntoView({behavior: 'instant'})", name
        )
        self.until(lambda: self.every(f"#{name} .lab > *"))
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

    def text(self, selector):
        """Text as written in the sources: without non-breaking spaces."""
        return self.find(selector).get_attribute("textContent").replace("\N{NO-BREAK SPACE}", " ")

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
        for button in self.every(f"#{part} button"):
            if button.text == label:
                self.run(
                    "arguments[0].scrollIntoView({block: 'center', behavior: 'instant'})", button
                )
                button.click()
                return self.settle()
        raise AssertionError(f"no button {label!r} in {part}")

    def points(self, part, mark, chart=0):
        """The corners of a drawn path in the chart's values, (P, 2)."""
        root = self.every(f"#{part} .chart svg")[chart]
        path = root.find_element(By.CSS_SELECTOR, f"[data-mark='{mark}']").get_attribute("d")
        pairs = re.findall(r"[ML](-?[\d.]+) (-?[\d.]+)", path)
        return self.values(root, np.array(pairs, dtype=float))

    def bars(self, part, mark, chart):
        """The heights of drawn bars in the chart's values."""
        root = self.every(f"#{part} .chart svg")[chart]
        path = root.find_element(By.CSS_SELECTOR, f"[data-mark='{mark}']").get_attribute("d")
        tops = np.array(re.findall(r"V(-?[\d.]+)H", path), dtype=float)
        return self.values(root, np.column_stack([np.zeros_like(tops), tops]))[:, 1]

    def place(self, part, mark, chart):
        """Where a dot is drawn, in the chart's values."""
        root = self.every(f"#{part} .chart svg")[chart]
        dot = root.find_element(By.CSS_SELECTOR, f"[data-mark='{mark}']")
        pair = re.match(r"translate\((-?[\d.]+) (-?[\d.]+)\)", dot.get_attribute("transform"))
        return self.values(root, np.array([pair.groups()], dtype=float))[0]

    @staticmethod
    def values(root, pixels):
        """Pixels (P, 2) back in the values of the chart's scales."""
        columns = []
        for name, column in zip(("data-x", "data-y"), pixels.T, strict=True):
            low, high, start, end, *kind = root.get_attribute(name).split()
            along = (column - float(start)) / (float(end) - float(start))
            if kind == ["log"]:
                columns.append(float(low) * (float(high) / float(low)) ** along)
            else:
                columns.append(float(low) + along * (float(high) - float(low)))
        return np.column_stack(columns)

    def broken_rules(self):
        """What axe-core finds wrong with the page as it is: rule, and the first place."""
        self.run((resources.files("axe_playwright_python") / "axe.min.js").read_text("utf-8"))
        return self.driver.execute_async_script(
            "const done = arguments[0];"
            "const runOnly = ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa', 'best-practice'];"
            "axe.run(document, {runOnly, resultTypes: ['violations']}).then(({violations}) =>"
            "  done(violations.map(({id, nodes}) => `${id}: ${nodes.map((one) =>"
            "    one.html.slice(0, 120)).slice(0, 3).join(' ')}`)));"
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
