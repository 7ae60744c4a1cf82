// Part 4: two estimators see the same throws; how far their estimates scatter.

import { Chart, legend } from "./charts.js";
import { button, numberField, select, slider } from "./controls.js";
import { html, patient, reducedMotion, say } from "./dom.js";
import { ESTIMATORS, defined } from "./estimators.js";
import { TRUTH_LOOK } from "./looks.js";
import { fixed, mean, range, shown, variance, varianceError } from "./numbers.js";
import { estimatesOf, exactMoments } from "./noise.js";
import { Generator } from "./random.js";
import { oneOf, realNumber, wholeNumber } from "./state.js";
import { SD, gaussianGradient } from "./truth.js";

const MOST_ESTIMATES = 2000,
  BINS = 40;
const NOISY = Object.keys(ESTIMATORS).filter((key) => !ESTIMATORS[key].binary);

export const NOISE = {
  "noise-theta": realNumber(1, -0.2, 1.4, 0.01),
  "noise-k": wholeNumber(4, 1, 32),
  "noise-n": wholeNumber(8, 2, 32),
  "noise-first": oneOf("pkpo", NOISY),
  "noise-second": oneOf("pkpo_loo_minus_one", NOISY),
  "noise-draws": wholeNumber(200, 2, MOST_ESTIMATES),
  "noise-seed": wholeNumber(7, 0, Number.MAX_SAFE_INTEGER),
};

// Estimates of both estimators from the same throws, as far as they are asked for, and then their
// exact means and variances.
class Estimates {
  constructor({ theta, k, n, keys, seed }) {
    Object.assign(this, { theta, k, n, keys, generator: new Generator(seed) });
    const own = new Generator(seed, 0);
    this.random = () => own.random();
    this.drawn = keys.map(() => []);
    this.exact = keys.map(() => null);
    this.left = keys.map((key) => exactMoments(key, theta, n, k));
  }

  // Does one piece more; returns whether any is left.
  goOn(draws) {
    if (this.drawn[0].length < draws) {
      const { theta, keys, k, n } = this;
      const batch = range(0, n).map(() => theta + SD * this.generator.normal());
      const found = estimatesOf(batch, theta, keys, k, this.random);
      found.forEach((one, i) => this.drawn[i].push(one));
    } else if (this.left.length) {
      const { done, value } = this.left[0].next();
      if (done) {
        this.exact[this.keys.length - this.left.length] = value;
        this.left.shift();
      }
    }
    return this.left.length > 0 || this.drawn[0].length < draws;
  }
}

export function buildNoise(state, host, finding) {
  state.rules.push((values) => ({ "noise-k": Math.min(values["noise-k"], values["noise-n"]) }));
  let estimates = null,
    signature = "",
    playing = false;
  const options = () => NOISY.map((key) => [key, ESTIMATORS[key].name]);
  const keep = button("Keep drawing", () => play(!playing));
  const more = (count) => {
    const draws = Math.min(state.get("noise-draws") + count, MOST_ESTIMATES);
    state.set({ "noise-draws": draws });
    return draws < MOST_ESTIMATES;
  };
  host.append(
    html(
      "div",
      { class: "controls" },
      select(state, "noise-first", "First estimator", options),
      select(state, "noise-second", "Second estimator", options),
      slider(state, "noise-theta", "Aim θ", { text: (theta) => shown(theta, 2) }),
      slider(state, "noise-k", "Tries k", { high: () => state.get("noise-n") }),
      slider(state, "noise-n", "Throws n for one estimate"),
      numberField(state, "noise-seed", "Seed"),
      html(
        "div",
        { class: "buttons" },
        button("Draw one more", () => more(1)),
        keep,
        button("Start over", () => {
          play(false);
          state.set({ "noise-draws": 2 });
        }),
      ),
    ),
  );
  const figures = html("div", { class: "figures" }),
    key = html("div", { class: "legend" });
  const row = html("div", { class: "row two" }, html("div"), html("div"));
  figures.append(key, row);
  host.append(figures, finding);
  const histograms = [0, 1].map(
    () =>
      new Chart(row.children[0], {
        label: "How often each value of the gradient estimate was drawn",
        height: 165,
      }),
  );
  const running = new Chart(row.children[1], {
    label: "Variance of the estimates drawn so far, beside the exact variance",
    height: 330,
    left: 56,
  });

  function play(on) {
    playing = on;
    say(keep, playing ? "Pause" : "Keep drawing");
    if (playing && reducedMotion()) {
      more(500);
      play(false);
    } else if (playing) requestAnimationFrame(frame);
  }

  function frame() {
    if (!playing) return;
    if (!more(Math.max(1, Math.floor(state.get("noise-draws") / 60)))) play(false);
    requestAnimationFrame(frame);
  }

  function draw() {
    const [theta, k, n, draws, seed] = ["theta", "k", "n", "draws", "seed"].map((name) =>
      state.get(`noise-${name}`),
    );
    const keys = [state.get("noise-first"), state.get("noise-second")];
    const bad = keys.filter((one) => !defined(one, n, k));
    for (const chart of [...histograms, running]) chart.host.hidden = bad.length > 0;
    if (bad.length) {
      work(() => false);
      legend(key, []);
      say(
        finding,
        ...[...new Set(bad)].map(
          (one) =>
            `${ESTIMATORS[one].name} needs ${ESTIMATORS[one].domain.text}, here k = ${k} and n = ${n}.`,
        ),
      );
      return;
    }
    const now = [theta, k, n, seed, ...keys].join(" ");
    if (now !== signature || estimates.drawn[0].length > draws) {
      signature = now;
      estimates = new Estimates({ theta, k, n, keys, seed });
    }
    const { exact } = estimates;
    const seen = () => estimates.drawn[0].length;
    do
      work(
        () => estimates.goOn(draws),
        () => seen() < draws,
      );
    while (seen() < 2);
    const truth = gaussianGradient(theta, k);
    legend(key, [
      { look: TRUTH_LOOK, text: "exact gradient" },
      ...keys.map((one) => ({ look: ESTIMATORS[one].look, text: ESTIMATORS[one].name })),
    ]);
    const span = spanOf(estimates.drawn, truth);
    histograms.forEach((chart, i) =>
      drawHistogram(chart, estimates.drawn[i], ESTIMATORS[keys[i]], truth, span),
    );
    drawRunningVariance(running, estimates.drawn, keys, exact);
    say(finding, ...noiseSentences(estimates.drawn, keys, truth, exact));
  }
  const work = patient(host, draw);
  return draw;
}

// What both histograms show: nearly all estimates, and the truth.
function spanOf(drawn, truth) {
  const all = drawn.flat().sort((a, b) => a - b);
  const cut = Math.floor(all.length * 0.004);
  const low = Math.min(all[cut], truth),
    high = Math.max(all[all.length - 1 - cut], truth);
  const room = Math.max((high - low) * 0.05, 0.01);
  return [low - room, high + room];
}

function drawHistogram(chart, values, { name, look }, truth, [low, high]) {
  const counts = new Array(BINS).fill(0);
  for (const value of values) {
    const bin = Math.floor(((value - low) / (high - low)) * BINS);
    counts[Math.min(Math.max(bin, 0), BINS - 1)] += 1 / values.length;
  }
  const top = Math.max(...counts) * 1.1;
  chart.frame({
    x: [low, high],
    y: [0, top],
    xTitle: "gradient estimate",
    yTitle: name,
    yText: (one) => `${+(100 * one).toFixed(1)}%`,
  });
  chart.bars(
    "counts",
    range(0, BINS + 1).map((i) => low + (i / BINS) * (high - low)),
    counts,
    look,
  );
  chart.vertical("truth", truth, TRUTH_LOOK, { width: 2.2 });
  const center = mean(values),
    spread = Math.sqrt(variance(values));
  const [from, to] = [Math.max(center - spread, low), Math.min(center + spread, high)];
  chart.line(
    "spread",
    [
      [from, top * 0.93],
      [to, top * 0.93],
    ],
    { color: "#262626", dash: "" },
    { width: 1.4 },
  );
  chart.dot(
    "mean",
    Math.min(Math.max(center, low), high),
    top * 0.93,
    { color: "#262626", marker: "o" },
    { size: 0.9 },
  );
  chart.done();
}

function runningVariance(values) {
  const points = [];
  let center = 0,
    squares = 0;
  values.forEach((value, i) => {
    const off = value - center;
    center += off / (i + 1);
    squares += off * (value - center);
    if (i >= 1) points.push([i + 1, squares / i]);
  });
  return points;
}

// A logarithmic scale: the variances lie far apart.
function drawRunningVariance(chart, drawn, keys, exact) {
  const lines = drawn.map(runningVariance);
  const shownValues = [
    ...lines.flatMap((line) => line.slice(Math.floor(line.length / 4))).map(([, value]) => value),
    ...exact.filter(Boolean).map((one) => one.variance),
  ].filter((value) => value > 0);
  if (!shownValues.length) shownValues.push(1);
  const low = Math.floor(Math.log10(Math.min(...shownValues)) - 0.15),
    high = Math.ceil(Math.log10(Math.max(...shownValues)) + 0.15);
  const log = (value) => Math.min(Math.max(Math.log10(Math.max(value, 1e-300)), low), high);
  chart.frame({
    x: [2, Math.max(20, drawn[0].length)],
    y: [low, high],
    yTicks: range(low, high + 1),
    yText: (power) => String(+(10 ** power).toPrecision(1)),
    xTitle: "estimates drawn",
    yTitle: "variance (dotted: exact)",
  });
  keys.forEach((one, i) => {
    const { look } = ESTIMATORS[one];
    if (exact[i])
      chart.horizontal(
        `exact ${i}`,
        log(exact[i].variance),
        { ...look, dash: "1.2 1.4" },
        { width: 1.4 },
      );
    chart.line(
      `running ${i}`,
      lines[i].map(([x, value]) => [x, log(value)]),
      look,
    );
    chart.dot(`now ${i}`, lines[i].at(-1)[0], log(lines[i].at(-1)[1]), look);
  });
  chart.done();
}

function noiseSentences(drawn, keys, truth, exact) {
  const count = drawn[0].length;
  const facts = keys.map((key, i) => {
    const sampled = variance(drawn[i]);
    const exactly = exact[i] ? ` (exactly ${figure(exact[i].variance)})` : "";
    const se = count > 3 ? ` ± ${figure(varianceError(drawn[i]))}` : "";
    return `${ESTIMATORS[key].name}: mean ${shown(mean(drawn[i]), 2)} ± ${fixed(Math.sqrt(sampled / count), 2)}, variance ${figure(sampled)}${se}${exactly}.`;
  });
  const start = `The exact gradient is ${shown(truth, 2)}. From ${count} estimates each (± one standard error):`;
  const end =
    [...new Set(keys)].length > 1 && exact.every(Boolean) ? [moreNoisy(keys, exact)] : [];
  return [start, ...facts, ...end];
}

function moreNoisy(keys, exact) {
  const noisier = exact[0].variance > exact[1].variance ? 0 : 1;
  const ratio = exact[noisier].variance / exact[1 - noisier].variance;
  if (ratio < 1.05) return "The two are equally noisy here.";
  return `${ESTIMATORS[keys[noisier]].name} is ${figure(ratio)} times as noisy: it needs ${figure(ratio)} times as many groups for an equally sure step.`;
}

// Three digits that count.
function figure(value) {
  return value >= 100 ? fixed(value, 0) : Number(value.toPrecision(3)).toString();
}
