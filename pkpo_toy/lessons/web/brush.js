// The reward landscape of part 5, as it is written in the address, taken ready made, and drawn on.

import { change } from "./dom.js";
import { clamp, fixed, range } from "./numbers.js";
import { twoPeaksRewards } from "./training.js";

const ANSWERS_COUNT = 100,
  TOP_DIGIT = 35;
export const EARNED = { color: "#8C8C8C" };

// One letter or digit for each answer; nothing stands for the two peaks.
export function landscape(text) {
  if (!text) return twoPeaksRewards();
  return Float64Array.from(text, (digit) => parseInt(digit, 36) / TOP_DIGIT);
}

function written(rewards) {
  return Array.from(rewards, (one) => Math.round(clamp(one, 0, 1) * TOP_DIGIT).toString(36)).join(
    "",
  );
}

function bump(center, width, height) {
  return (x) => height * Math.exp(-(((x - center) / width) ** 2));
}

export const PRESETS = {
  "Two peaks": () => "",
  "A needle far away": () =>
    written(range(0, ANSWERS_COUNT).map((x) => 0.5 * bump(75, 7, 1)(x) + bump(20, 1.5, 0.95)(x))),
  "A ramp": () => written(range(0, ANSWERS_COUNT).map((x) => 1 - x / 99)),
  "Many small hills": () =>
    written(range(0, ANSWERS_COUNT).map((x) => 0.3 + 0.004 * (99 - x) + 0.25 * Math.sin(x / 3))),
};

export function drawLandscape(chart, rewards, own) {
  chart.frame({
    x: [-0.5, 99.5],
    y: [0, 1.02],
    xTitle: "answer",
    yTitle: own ? "reward (your own)" : "reward",
    yTicks: [0, 0.5, 1],
  });
  chart.bars(
    "reward",
    range(0, 101).map((x) => x - 0.5),
    Array.from(rewards),
    EARNED,
  );
  const brush = Number(chart.root.dataset.brush ?? 40);
  chart.dot("brush", brush, rewards[brush], { color: "#262626", marker: "v" }, { size: 0.9 });
  change(chart.root, {
    "aria-valuenow": brush,
    "aria-valuetext": `answer ${brush} earns ${fixed(rewards[brush], 2)}`,
  });
  chart.done();
}

// Drawing with a pointer; with keys, left and right move a brush, up and down raise and lower.
export function drawable(state, chart) {
  change(chart.root, {
    class: "draggable",
    tabindex: 0,
    role: "slider",
    "aria-valuemin": 0,
    "aria-valuemax": 99,
    "aria-label":
      "Reward by answer: left and right choose an answer, up and down change what the answers around it earn",
  });
  chart.root.dataset.brush = 40;
  const put = (rewards) => state.set({ "learning-rewards": written(rewards), "learning-step": 0 });
  let before = null;
  const paint = (event) => {
    const place = chart.place(event),
      x = clamp(Math.round(place.x), 0, 99);
    const rewards = landscape(state.get("learning-rewards"));
    const from = before ?? { x, y: place.y };
    for (const one of range(Math.min(x, from.x), Math.max(x, from.x) + 1)) {
      const along = x === from.x ? 1 : (one - from.x) / (x - from.x);
      rewards[one] = clamp(from.y + along * (place.y - from.y), 0, 1);
    }
    before = { x, y: place.y };
    chart.root.dataset.brush = x;
    put(rewards);
  };
  chart.root.addEventListener("pointerdown", (event) => {
    chart.root.setPointerCapture(event.pointerId);
    before = null;
    paint(event);
  });
  chart.root.addEventListener("pointermove", (event) => {
    if (event.buttons && chart.root.hasPointerCapture(event.pointerId)) paint(event);
  });
  chart.root.addEventListener("keydown", (event) => {
    const brush = Number(chart.root.dataset.brush);
    const move = { ArrowLeft: -1, ArrowRight: 1, PageDown: -10, PageUp: 10 }[event.key];
    const lift = { ArrowUp: 1, ArrowDown: -1 }[event.key];
    if (!move && !lift) return;
    event.preventDefault();
    if (move) {
      chart.root.dataset.brush = clamp(brush + move, 0, 99);
      drawLandscape(
        chart,
        landscape(state.get("learning-rewards")),
        state.get("learning-rewards") !== "",
      );
    } else {
      const rewards = landscape(state.get("learning-rewards"));
      put(rewards.map((one, x) => one + 0.1 * lift * bump(brush, 4, 1)(x)));
    }
  });
}
