"""Time of the browser lesson: to load, to draw again after each slider, to train, to play.

python scripts/benchmark_lesson.py    (needs chromium and chromedriver)

Beside milliseconds stands the ratio to a million exponentials in the same page, which moves with
the machine and its load as the page does.
"""

import tempfile
from pathlib import Path

from pkpo_toy.lessons.page import lesson_page
from tests.lessons.browser import Page, started

REPEATS = 9
SLIDERS = {
    "answers": ("answers-p", "answers-n", "answers-k"),
    "weights": ("weights-k",),
    "landscape": ("landscape-theta", "landscape-k"),
    "noise": ("noise-theta", "noise-n", "noise-k"),
    "learning": ("learning-step", "learning-size"),
    "betting": ("betting-step",),
}

# Milliseconds of a million exponentials, the least of a few.
UNIT = """
let least = Infinity;
for (let turn = 0; turn < 7; turn++) {
  const start = performance.now();
  let total = 0;
  for (let i = 0; i < 1e6; i++) total += Math.exp(-i * 1e-6);
  least = Math.min(least, performance.now() - start);
  if (total < 0) throw total;
}
return least;
"""

# Milliseconds from a slider's event until its frame is ready to be painted, for two places in turn.
REDRAW = """
const [name, repeats, done] = arguments;
const input = document.querySelector(`[data-setting='${name}']`);
const low = Number(input.min), high = Number(input.max), found = [];
const turn = () => {
  if (found.length === repeats) return done(found);
  input.value = low + (high - low) * (found.length % 2 ? 0.35 : 0.6);
  requestAnimationFrame(() => {
    const start = performance.now();
    input.dispatchEvent(new Event("input", { bubbles: true }));
    requestAnimationFrame(() => {
      const channel = new MessageChannel();
      channel.port1.onmessage = () => {
        found.push(performance.now() - start);
        setTimeout(turn, 60);
      };
      channel.port2.postMessage(0);
    });
  });
};
turn();
"""

# Milliseconds between frames while the training plays.
FRAMES = """
const done = arguments[0], gaps = [];
document.querySelector("#learning button.main").click();
let before = performance.now();
const frame = (now) => {
  gaps.push(now - before);
  before = now;
  if (gaps.length < 150) requestAnimationFrame(frame);
  else done(gaps.slice(5));
};
requestAnimationFrame(frame);
"""


def middle(values: list[float]) -> float:
    """The median."""
    return sorted(values)[len(values) // 2]


def main() -> None:
    """Print one line per thing that was timed."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "lesson.html"
        file.write_text(lesson_page(), "utf-8")
        driver = started(Path(folder))
        try:
            measure(Page(driver, file))
        finally:
            driver.quit()


def measure(page: Page) -> None:
    """Load, sliders, training and play, in this order."""
    loads = []
    ready = "return performance.getEntriesByType('navigation')[0].loadEventEnd"
    for _ in range(REPEATS):
        page.open()
        page.until(lambda: page.run(ready) > 0)
        loads.append(page.run(ready))
    unit = page.run(UNIT)
    print(f"a million exponentials                {unit:8.1f} ms")
    report("load", loads, unit)
    for part, names in SLIDERS.items():
        page.part(part)
        for name in names:
            times = page.driver.execute_async_script(REDRAW, name, REPEATS)
            report(f"slider {name}", times, unit)
    page.open("#learning&learning-speed=60")
    page.part("learning")
    gaps = page.driver.execute_async_script(FRAMES)
    report("frame while the training plays", gaps, unit)
    print(f"frames a second                       {1000 * len(gaps) / sum(gaps):8.1f}")


def report(name: str, times: list[float], unit: float) -> None:
    """Median and least of the times, and the least in units."""
    least = min(times)
    print(f"{name:36s}  {middle(times):8.1f} ms, least {least:6.1f} ms = {least / unit:5.2f} units")


if __name__ == "__main__":
    main()
