// Part 3: where the best policy aims depends on how many tries count.

import { Chart, legend } from "./charts.js";
import { slider } from "./controls.js";
import { change, html, say } from "./dom.js";
import { kLook } from "./looks.js";
import { clamp, fixed, range, shown } from "./numbers.js";
import { realNumber, wholeNumber } from "./state.js";
import {
  SD,
  gaussianGradient,
  gaussianMaxAtK,
  gaussianOptimum,
  normalBetween,
  normalDensity,
  remembered,
  squareReward,
} from "./truth.js";

const LOW = -0.2,
  HIGH = 1.4,
  MOST_K = 64;
const THETAS = range(0, 161).map((i) => LOW + i / 100);
const DRAWN = [1, 4, 16],
  OPTIMA = [1, 2, 4, 8, 16, 32, 64];
const THROWS = { color: "#8C8C8C", dash: "", marker: "o" },
  REWARD_SHAPE = { color: "#DEDCD7" };

export const LANDSCAPE = {
  "landscape-theta": realNumber(0.5, LOW, HIGH, 0.01),
  "landscape-k": wholeNumber(4, 1, MOST_K),
};

// The curves of a k.
const maximaOf = remembered((k) => THETAS.map((theta) => [theta, gaussianMaxAtK(theta, k)]));
const slopesOf = remembered((k) => THETAS.map((theta) => [theta, gaussianGradient(theta, k)]));
const optimumOf = remembered(gaussianOptimum);

export function buildLandscape(state, host, finding) {
  host.append(
    html(
      "div",
      { class: "controls" },
      slider(state, "landscape-theta", "Aim θ", { text: (theta) => shown(theta, 2) }),
      slider(state, "landscape-k", "Tries k", { log: true }),
    ),
  );
  const figures = html("div", { class: "figures" });
  const key = html("div", { class: "legend" });
  figures.append(key);
  const top = new Chart(figures, {
    label: "Reward, where throws land, and max@k by aim, with the best aim of each k",
    height: 270,
  });
  const row = html("div", { class: "row two" }, html("div"), html("div"));
  figures.append(row);
  const bottom = new Chart(row.children[0], {
    label: "The exact gradient of max@k by aim",
    height: 210,
  });
  const best = new Chart(row.children[1], {
    label: "The best aim by the number of tries k",
    height: 210,
  });
  host.append(figures, finding);
  const aim = (event) => {
    if (event.type === "pointermove" && !event.buttons) return;
    const theta = clamp(Math.round(top.place(event).x * 100) / 100, LOW, HIGH);
    state.set({ "landscape-theta": theta });
  };
  change(top.root, { class: "aimed" });
  for (const type of ["pointerdown", "pointermove"]) top.root.addEventListener(type, aim);

  return function draw() {
    const theta = state.get("landscape-theta"),
      k = state.get("landscape-k");
    const ks = [...new Set([...DRAWN, k])].sort((a, b) => a - b);
    legend(key, [
      { look: REWARD_SHAPE, text: "what a throw earns", bar: "area pale" },
      { look: THROWS, text: "where throws land" },
      ...ks.map((one) => ({
        look: kLook(one),
        text: `max@${one}: best of ${one === 1 ? "one throw" : `${one} throws`}`,
      })),
    ]);
    drawTop(top, theta, k, ks);
    drawSlopes(bottom, theta, k);
    drawOptima(best, k);
    say(finding, ...landscapeSentences(theta, k));
  };
}

function drawTop(chart, theta, k, ks) {
  chart.frame({
    x: [LOW, HIGH],
    y: [0, 1.05],
    xTitle: "aim θ, and where a throw lands",
    yTitle: "reward",
    yTicks: [0, 0.5, 1],
  });
  const square = range(0, 51).map((i) => [i / 50, squareReward(i / 50)]);
  chart.area("reward", square, { color: "#8C8C8C" }, "area pale");
  const bell = THETAS.map((x) => [x, (0.3 * normalDensity((x - theta) / SD)) / normalDensity(0)]);
  chart.line("throws", bell, THROWS, { width: 1.4 });
  for (const one of ks) {
    chart.line(`max@${one}`, maximaOf(one), kLook(one), { width: one === k ? 3 : 1.6 });
    const at = optimumOf(one);
    chart.dot(`best ${one}`, at, gaussianMaxAtK(at, one), kLook(one), {
      size: one === k ? 1.5 : 1.1,
    });
  }
  chart.vertical("aim", theta, { color: "#262626", dash: "2.4 1.2" }, { width: 1.4 });
  chart.dot(
    "now",
    theta,
    gaussianMaxAtK(theta, k),
    { ...kLook(k), marker: "o" },
    { size: 1.3, hollow: true },
  );
  chart.done();
}

function drawSlopes(chart, theta, k) {
  const slopes = slopesOf(k);
  const most = Math.max(...slopes.map(([, slope]) => Math.abs(slope))) * 1.1;
  chart.frame({
    x: [LOW, HIGH],
    y: [-most, most],
    xTitle: "aim θ",
    yTitle: `exact gradient of max@${k}`,
  });
  chart.horizontal("zero", 0, { color: "#8C8C8C", dash: "" }, { width: 1 });
  chart.line("gradient", slopes, kLook(k), { width: 2 });
  chart.vertical("aim", theta, { color: "#262626", dash: "2.4 1.2" }, { width: 1.4 });
  chart.dot(
    "now",
    theta,
    gaussianGradient(theta, k),
    { ...kLook(k), marker: "o" },
    { size: 1.3, hollow: true },
  );
  chart.done();
}

function drawOptima(chart, k) {
  chart.frame({
    x: [1, MOST_K],
    y: [0.84, 1.04],
    log: true,
    xTitle: "tries k",
    yTitle: "best aim θ*",
  });
  chart.horizontal("edge", 1, { color: "#8C8C8C", dash: "1.2 1.4" }, { width: 1.2 });
  chart.line(
    "optima",
    OPTIMA.map((one) => [one, optimumOf(one)]),
    THROWS,
    { width: 1.4 },
  );
  for (const one of OPTIMA) chart.dot(`best ${one}`, one, optimumOf(one), kLook(one));
  chart.dot("chosen", k, optimumOf(k), { ...kLook(k), marker: "o" }, { size: 1.6, hollow: true });
  chart.done();
}

function landscapeSentences(theta, k) {
  const value = gaussianMaxAtK(theta, k),
    slope = gaussianGradient(theta, k);
  const over = normalBetween((1 - theta) / SD, Infinity);
  const best = optimumOf(k),
    single = optimumOf(1);
  const throws = k === 1 ? "one throw" : `the best of ${k} throws`;
  const way =
    Math.abs(slope) < 0.005
      ? "no way leads further up"
      : slope > 0
        ? "aim further right"
        : "aim further left";
  const sentences = [
    `At θ = ${shown(theta, 2)} ${throws} earns ${fixed(value)} on average, and ${fixed(100 * over, 0)}% of the throws go over the edge.`,
    `The gradient is ${shown(slope, 2)}: ${way}.`,
    `The best aim is θ* = ${fixed(best)}`,
  ];
  sentences[2] +=
    k === 1
      ? "."
      : `, against ${fixed(single)} for one throw: with ${k} tries it pays to aim closer to the edge.`;
  return sentences;
}
