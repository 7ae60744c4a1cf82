"""Time of the browser lesson: to load, to draw again after each slider, to train, to play.

python scripts/benchmark_lesson.py    (needs chromium and chromedriver)

Beside milliseconds stands the ratio to a million exponentials in the same page, which moves with
the machine and its load as the page does. The page's own processor time stands beside what a
reader waits for, since on a busy machine most of that is waiting.
"""

import tempfile
from pathlib import Path

from pkpo_toy.lessons.page import lesson_page
from tests.lessons.browser import Page, started

REPEATS = 9
# As the page opens, and with everything that costs time at its most.
FRAGMENTS = {
    "as it opens": "#answers",
    "at its fullest": "#answers-n=64&answers-draws=1000&noise-n=32&noise-k=16&noise-draws=2000"
    "&learning-steps=1000&learning-step=500&learning-plan=linear&betting-step=300",
}
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

# Milliseconds from a slider's event until its frame is ready to be painted, the longest frame from
# then on, and the frames until nothing is left to compute; for two places in turn.
REDRAW = """
const [name, repeats, done] = arguments;
const input = document.querySelector(`[data-setting='${name}']`);
const low = Number(input.min), high = Number(input.max), found = [];
const painted = (then) => requestAnimationFrame(() => {
  const channel = new MessageChannel();
  channel.port1.onmessage = then;
  channel.port2.postMessage(0);
});
const turn = () => {
  if (found.length === repeats) return done(found);
  input.value = low + (high - low) * (found.length % 2 ? 0.35 : 0.6);
  requestAnimationFrame(() => {
    const start = performance.now();
    input.dispatchEvent(new Event("input", { bubbles: true }));
    painted(() => {
      const first = performance.now() - start;
      let longest = 0, before = performance.now(), frames = 1;
      const watch = () => {
        longest = Math.max(longest, performance.now() - before);
        before = performance.now();
        if (document.querySelector("[aria-busy=true]")) return ++frames, painted(watch);
        found.push([first, longest, frames]);
        turn();
      };
      painted(watch);
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
        page.open(idle=True)
        page.until(lambda: page.run(ready) > 0)
        loads.append(page.run(ready))
    unit = page.run(UNIT)
    print(f"a million exponentials                {unit:8.1f} ms")
    report("load", loads, unit)
    page.command("Performance.enable", timeDomain="threadTicks")
    for fullness, fragment in FRAGMENTS.items():
        print(f"sliders, {fullness}: median and least milliseconds of {REPEATS} moves")
        page.open(fragment, idle=True)
        for part, names in SLIDERS.items():
            page.part(part)
            for name in names:
                before = processor_time(page)
                found = page.driver.execute_async_script(REDRAW, name, REPEATS)
                spent = processor_time(page) - before
                first, longest, frames = zip(*found, strict=True)
                print(
                    f"{name:18s}  first picture {middle(first):6.1f} {min(first):6.1f}"
                    f"   longest frame after it {middle(longest):6.1f} {min(longest):6.1f}"
                    f"   frames {middle(frames):3d}"
                    f"   processor time of a frame {spent / (sum(frames) + REPEATS):5.1f}"
                )
    page.open("#learning&learning-speed=60", idle=True)
    page.part("learning")
    gaps = page.driver.execute_async_script(FRAMES)
    report("frame while the training plays", gaps, unit)
    print(f"frames a second                       {1000 * len(gaps) / sum(gaps):8.1f}")


def processor_time(page: Page) -> float:
    """Milliseconds that the page's thread has computed, drawn and laid out so far."""
    found = page.command("Performance.getMetrics")["metrics"]
    return 1000 * next(one["value"] for one in found if one["name"] == "TaskDuration")


def report(name: str, times: list[float], unit: float) -> None:
    """Median and least of the times, and the least in units."""
    least = min(times)
    print(f"{name:36s}  {middle(times):8.1f} ms, least {least:6.1f} ms = {least / unit:5.2f} units")


if __name__ == "__main__":
    main()
