// Part 5: policies for k = 1, 4 and 16 learn side by side, from the same start and the same seed.

import { Chart, legend } from "./charts.js";
import { button, numberField, select, slider } from "./controls.js";
import { change, html, say } from "./dom.js";
import { ESTIMATORS, defined, estimatorFor } from "./estimators.js";
import { closing, events } from "./events.js";
import { SCHEDULE_LOOK, kLook } from "./looks.js";
import { clamp, fixed, range } from "./numbers.js";
import { player } from "./player.js";
import { oneOf, realNumber, shortText, wholeNumber } from "./state.js";
import { KS, Recorder, SAMPLES, oneQuestion, recorders, schedule, twoPeaksRewards } from "./training.js";

const ANSWERS_COUNT = 100, TOP_DIGIT = 35;
const EARNED = { color: "#8C8C8C" };
const SCALES = [0.02, 0.05, 0.1, 0.2, 0.5, 1];
const SLICE = 8; // milliseconds of training between two frames
const PLANS = {
  none: ["none", () => null],
  fall: ["first k = 16, then k = 1", (steps) => `16@0, 1@${Math.floor(steps / 2)}`],
  rise: ["first k = 1, then k = 16", (steps) => `1@0, 16@${Math.floor(steps / 2)}`],
  linear: ["k from 16 to 1 in a straight line", () => "linear 16->1"],
  geometric: ["k from 16 to 1 by halving", () => "geometric 16->1"],
};
const OFFERED = Object.keys(ESTIMATORS).filter(
  (key) => !ESTIMATORS[key].binary && KS.every((k) => defined(estimatorFor(key, SAMPLES, k), SAMPLES, k)),
);

export const LEARNING = {
  "learning-seed": wholeNumber(7, 0, Number.MAX_SAFE_INTEGER),
  "learning-steps": oneOf("300", ["100", "300", "1000"]),
  "learning-size": realNumber(2, 0.05, 20, 0.05),
  "learning-estimator": oneOf("pkpo_loo_minus_one", OFFERED),
  "learning-plan": oneOf("none", Object.keys(PLANS)),
  "learning-rewards": shortText("", "100 letters or digits", (text) => /^[0-9a-z]{100}$/.test(text)),
  "learning-speed": oneOf("30", ["5", "15", "30", "60", "150"]),
  "learning-step": wholeNumber(0, 0, 500),
};

function landscape(text) {
  if (!text) return twoPeaksRewards();
  return Float64Array.from(text, (digit) => parseInt(digit, 36) / TOP_DIGIT);
}

function written(rewards) {
  return Array.from(rewards, (one) => Math.round(clamp(one, 0, 1) * TOP_DIGIT).toString(36)).join("");
}

function bump(center, width, height) {
  return (x) => height * Math.exp(-(((x - center) / width) ** 2));
}

const PRESETS = {
  "Two peaks": () => "",
  "A needle far away": () => written(range(0, ANSWERS_COUNT).map((x) => 0.5 * bump(75, 7, 1)(x) + bump(20, 1.5, 0.95)(x))),
  "A ramp": () => written(range(0, ANSWERS_COUNT).map((x) => 1 - x / 99)),
  "Many small hills": () => written(range(0, ANSWERS_COUNT).map((x) => 0.3 + 0.004 * (99 - x) + 0.25 * Math.sin(x / 3))),
};

export function buildLearning(state, host, finding) {
  state.rules.push((values) => ({
    "learning-step": Math.min(values["learning-step"], reportsOf(values["learning-steps"])),
  }));
  let run = null;
  const control = player(state, { at: "learning-step", speed: "learning-speed" }, {
    last: () => reportsOf(state.get("learning-steps")),
    turns: () => (run?.events ?? []).map((one) => one.at),
    text: () => `step ${stepAt(state)} of ${state.get("learning-steps")}`,
  });
  host.append(controls(state));
  const figures = html("div", { class: "figures" });
  const land = new Chart(figures, { label: "What each of the 100 answers earns; draw on it to change it", height: 150 });
  const presets = html("div", { class: "buttons" }, html("span", {}, "What answers earn (draw on it, or take):"));
  for (const [name, make] of Object.entries(PRESETS)) {
    presets.append(button(name, () => state.set({ "learning-rewards": make(), "learning-step": 0 })));
  }
  drawable(state, land);
  figures.prepend(presets);
  const panels = html("div", { class: "row three" });
  const curves = html("div", { class: "row three" });
  const key = html("div", { class: "legend" });
  figures.append(control.bar, finding, panels, key, curves);
  host.append(figures);
  const policyCharts = [...KS, null].map(() => {
    const heading = html("h4"), box = html("div", { class: "panel" }, heading);
    panels.append(box);
    return { box, heading, chart: new Chart(box, { label: "How often each answer is tried, over what it earns", height: 150, left: 36 }) };
  });
  const valueCharts = KS.map((k) => {
    const box = html("div", { class: "panel" }, html("h4", {}, k === 1 ? "pass@1: one try" : `pass@${k}: best of ${k} tries`));
    curves.append(box);
    return new Chart(box, { label: `Exact pass@${k} of each policy over the steps`, height: 170, left: 36 });
  });
  const told = html("ol", { class: "events" }), end = html("div", { class: "closing" }), same = html("p", { class: "same" });
  host.append(told, end, same);

  // The rest of the training is done between frames, so that scrubbing finds it ready.
  function complete() {
    if (run.events) return;
    const until = performance.now() + SLICE;
    const mine = run;
    for (const recorder of run.recorders) {
      while (recorder.track.steps.length < recorder.reports) {
        recorder.recordTo(recorder.track.steps.length);
        if (performance.now() > until) return void requestAnimationFrame(() => mine === run && complete());
      }
    }
    const three = run.recorders.slice(0, KS.length).map((one) => one.track);
    run.events = events(three);
    run.closing = closing(three);
    draw();
  }

  function draw() {
    const signature = ["seed", "steps", "size", "estimator", "plan", "rewards"].map((name) => state.get(`learning-${name}`)).join("|");
    if (run?.signature !== signature) {
      run = { signature, ...begin(state), events: null };
      requestAnimationFrame(complete);
    }
    const at = state.get("learning-step");
    for (const recorder of run.recorders) recorder.recordTo(at);
    const tracks = run.recorders.map((one) => one.track);
    control.show();
    drawLandscape(land, tracks[0].rewards, state.get("learning-rewards") !== "");
    policyCharts.forEach(({ box, heading, chart }, i) => {
      box.hidden = !tracks[i];
      if (tracks[i]) drawPolicy(chart, heading, tracks, i, at, run);
    });
    legend(key, tracks.map((one, i) => ({ look: lookOf(one, i), text: i < KS.length ? `trained for ${one.label}` : one.label })));
    valueCharts.forEach((chart, i) => drawValues(chart, tracks, i, at, run));
    tell(told, run.events ?? [], at, state);
    const over = at >= reportsOf(state.get("learning-steps")) && run.closing;
    end.replaceChildren(...(over ? [html("h4", {}, "What this run shows"), ...run.closing.map((one) => html("p", {}, one))] : []));
    say(same, counterpart(state));
    say(finding, newest(run, tracks, at));
  }
  return draw;
}

function controls(state) {
  return html("div", { class: "controls" },
    numberField(state, "learning-seed", "Seed"),
    slider(state, "learning-size", "Step size", { text: (size) => fixed(size, 2), log: true }),
    select(state, "learning-steps", "Steps", () => ["100", "300", "1000"].map((one) => [one, one])),
    select(state, "learning-estimator", "Estimator for k above 1", () => OFFERED.map((one) => [one, ESTIMATORS[one].name])),
    select(state, "learning-plan", "A fourth policy, with a schedule", () => Object.entries(PLANS).map(([one, [text]]) => [one, text])),
    select(state, "learning-speed", "Speed", () => ["5", "15", "30", "60", "150"].map((one) => [one, `${one} steps a second`])),
  );
}

function reportsOf(steps) {
  return steps === "1000" ? 500 : Number(steps);
}

function stepAt(state) {
  return state.get("learning-step") * (state.get("learning-steps") === "1000" ? 2 : 1);
}

function begin(state) {
  const steps = Number(state.get("learning-steps"));
  const problem = oneQuestion(landscape(state.get("learning-rewards")));
  const settings = {
    seed: state.get("learning-seed"),
    stepSize: state.get("learning-size"),
    estimator: state.get("learning-estimator"),
  };
  const all = recorders(problem, { ...settings, steps });
  const [text, plan] = PLANS[state.get("learning-plan")];
  const ks = plan(steps) && schedule(plan(steps), steps);
  if (ks) all.push(new Recorder(problem, text, KS[0], { ...settings, ks }, steps));
  return { recorders: all, ks };
}

function lookOf(track, i) {
  return i < KS.length ? kLook(track.k) : SCHEDULE_LOOK;
}

function drawLandscape(chart, rewards, own) {
  chart.frame({ x: [-0.5, 99.5], y: [0, 1.02], xTitle: "answer", yTitle: own ? "reward (your own)" : "reward", yTicks: [0, 0.5, 1] });
  chart.bars("reward", range(0, 101).map((x) => x - 0.5), Array.from(rewards), EARNED);
  const brush = Number(chart.root.dataset.brush ?? 40);
  chart.dot("brush", brush, rewards[brush], { color: "#262626", marker: "v" }, { size: 0.9 });
  change(chart.root, { "aria-valuenow": brush, "aria-valuetext": `answer ${brush} earns ${fixed(rewards[brush], 2)}` });
  chart.done();
}

// Drawing with a pointer; with keys, left and right move a brush, up and down raise and lower.
function drawable(state, chart) {
  change(chart.root, { class: "draggable", tabindex: 0, role: "slider", "aria-valuemin": 0, "aria-valuemax": 99, "aria-label": "Reward by answer: left and right choose an answer, up and down change what the answers around it earn" });
  chart.root.dataset.brush = 40;
  const put = (rewards) => state.set({ "learning-rewards": written(rewards), "learning-step": 0 });
  let before = null;
  const paint = (event) => {
    const place = chart.place(event), x = clamp(Math.round(place.x), 0, 99);
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
      drawLandscape(chart, landscape(state.get("learning-rewards")), state.get("learning-rewards") !== "");
    } else {
      const rewards = landscape(state.get("learning-rewards"));
      put(rewards.map((one, x) => one + 0.1 * lift * bump(brush, 4, 1)(x)));
    }
  });
}

// The share at which the panels end: the smallest round one that holds every bar so far.
function fullHeight(tracks, at, run) {
  run.peaks ??= [];
  for (let i = run.peaks.length; i <= at; i++) {
    const highest = Math.max(...tracks.map((one) => Math.max(...one.chances[i])));
    run.peaks.push(Math.max(run.peaks[i - 1] ?? 0, highest));
  }
  return SCALES.find((scale) => scale >= run.peaks[at]) ?? 1;
}

function drawPolicy(chart, heading, tracks, i, at, run) {
  const track = tracks[i], top = fullHeight(tracks, at, run);
  const edges = range(0, ANSWERS_COUNT + 1).map((x) => x - 0.5);
  const best = Math.max(...track.rewards) || 1;
  const scheduled = i >= KS.length;
  const k = scheduled ? run.ks[Math.min(track.steps[at], run.ks.length - 1)] : track.k;
  const value = track.values[Math.max(0, KS.indexOf(k))][at];
  say(heading, scheduled ? `${track.label}; now k = ${k}:` : `${track.label}:`, `pass@${KS.includes(k) ? k : 1} = ${fixed(value)}`);
  chart.frame({ x: [-0.5, 99.5], y: [0, top], xTitle: "answer", yTitle: "share of tries", yTicks: [0, top / 2, top], yText: (one) => `${+(100 * one).toFixed(1)}%`, grid: false });
  chart.bars("reward", edges, Array.from(track.rewards, (one) => (0.92 * top * one) / best), EARNED, "area pale");
  chart.bars("policy", edges, Array.from(track.chances[at]), lookOf(track, i));
  chart.done();
}

function drawValues(chart, tracks, i, at, run) {
  const last = Math.max(1, run.recorders[0].total);
  const top = Math.max(...tracks[0].rewards, 0.1);
  chart.frame({ x: [0, last], y: [0, top * 1.04], xTitle: "step", yTitle: "" });
  chart.horizontal("best", tracks[0].optimum[i], { color: "#8C8C8C", dash: "1.2 1.4" }, { width: 1.2 });
  tracks.forEach((track, which) => {
    const look = lookOf(track, which);
    const points = range(0, at + 1).map((one) => [track.steps[one], track.values[i][one]]);
    chart.line(track.label, points, look, { width: which === i ? 2.6 : 1.6 });
    chart.dot(`${track.label} now`, ...points[at], look);
  });
  chart.done();
}

function tell(list, all, at, state) {
  const happened = all.filter((one) => one.at <= at);
  const signature = happened.map((one) => one.sentence).join();
  if (list.dataset.told === signature) return;
  list.dataset.told = signature;
  list.replaceChildren(
    ...happened.map((one) => {
      const look = kLook(one.k);
      const jump = button(`step ${one.step}`, () => state.set({ "learning-step": one.at }), { class: "jump" });
      return html("li", { style: `--look:${look.color}` }, jump, " ", one.sentence);
    }),
  );
}

function newest(run, tracks, at) {
  const happened = (run.events ?? []).filter((one) => one.at <= at);
  if (happened.length) return happened[happened.length - 1].sentence;
  const start = tracks[0].values.map((values, i) => `pass@${KS[i]} = ${fixed(values[0])}`).join(", ");
  return `All policies start alike: ${start}. Press Play.`;
}

function counterpart(state) {
  const changed = ["size", "estimator", "rewards"].filter((name) => {
    const kind = state.kinds[`learning-${name}`];
    return state.get(`learning-${name}`) !== kind.start;
  });
  if (changed.length) return "With these settings the run is this page's own; its arithmetic is still that of pkpo-toy.";
  const steps = state.get("learning-steps");
  const more = steps === "300" ? "" : ` --steps ${steps}`;
  return `This is the very run that “pkpo-toy demo two_peaks --seed ${state.get("learning-seed")}${more}” shows, number for number.`;
}
