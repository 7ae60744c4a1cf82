// Part 5: policies for k = 1, 4 and 16 learn side by side, from the same start and the same seed.

import { EARNED, PRESETS, drawLandscape, drawable, landscape } from "./brush.js";
import { Chart, legend } from "./charts.js";
import { button, numberField, select, slider } from "./controls.js";
import { html, patient, say } from "./dom.js";
import { ESTIMATORS, defined, estimatorFor } from "./estimators.js";
import { closing, events } from "./events.js";
import { SCHEDULE_LOOK, kLook } from "./looks.js";
import { fixed, range } from "./numbers.js";
import { player } from "./player.js";
import { oneOf, realNumber, shortText, wholeNumber } from "./state.js";
import {
  KS,
  Recorder,
  SAMPLES,
  oneQuestion,
  reached,
  recordOn,
  recorders,
  schedule,
} from "./training.js";

const SCALES = [0.02, 0.05, 0.1, 0.2, 0.5, 1];
const PLANS = {
  none: ["none", () => null],
  fall: ["first k = 16, then k = 1", (steps) => `16@0, 1@${Math.floor(steps / 2)}`],
  rise: ["first k = 1, then k = 16", (steps) => `1@0, 16@${Math.floor(steps / 2)}`],
  linear: ["k from 16 to 1 in a straight line", () => "linear 16->1"],
  geometric: ["k from 16 to 1 by halving", () => "geometric 16->1"],
};
const OFFERED = Object.keys(ESTIMATORS).filter(
  (key) =>
    !ESTIMATORS[key].binary && KS.every((k) => defined(estimatorFor(key, SAMPLES, k), SAMPLES, k)),
);

export const LEARNING = {
  "learning-seed": wholeNumber(7, 0, Number.MAX_SAFE_INTEGER),
  "learning-steps": oneOf("300", ["100", "300", "1000"]),
  "learning-size": realNumber(2, 0.05, 20, 0.05),
  "learning-estimator": oneOf("pkpo_loo_minus_one", OFFERED),
  "learning-plan": oneOf("none", Object.keys(PLANS)),
  "learning-rewards": shortText("", "100 letters or digits", (text) =>
    /^[0-9a-z]{100}$/.test(text),
  ),
  "learning-speed": oneOf("30", ["5", "15", "30", "60", "150"]),
  "learning-step": wholeNumber(0, 0, 500),
};

export function buildLearning(state, host, finding) {
  state.rules.push((values) => ({
    "learning-step": Math.min(values["learning-step"], reportsOf(values["learning-steps"])),
  }));
  let run = null;
  const control = player(
    state,
    { at: "learning-step", speed: "learning-speed" },
    {
      last: () => reportsOf(state.get("learning-steps")),
      turns: () => (run?.events ?? []).map((one) => one.at),
      text: () => `step ${stepAt(state)} of ${state.get("learning-steps")}`,
    },
  );
  host.append(controls(state));
  const figures = html("div", { class: "figures" });
  const land = new Chart(figures, {
    label: "What each of the 100 answers earns; draw on it to change it",
    height: 150,
  });
  const presets = html(
    "div",
    { class: "buttons" },
    html("span", {}, "What answers earn (draw on it, or take):"),
  );
  for (const [name, make] of Object.entries(PRESETS)) {
    presets.append(
      button(name, () => state.set({ "learning-rewards": make(), "learning-step": 0 })),
    );
  }
  drawable(state, land);
  figures.prepend(presets);
  const panels = html("div", { class: "row three" });
  const curves = html("div", { class: "row three" });
  const key = html("div", { class: "legend" });
  figures.append(control.bar, finding, panels, key, curves);
  host.append(figures);
  const policyCharts = [...KS, null].map(() => {
    const heading = html("h3"),
      box = html("div", { class: "panel" }, heading);
    panels.append(box);
    return {
      box,
      heading,
      chart: new Chart(box, {
        label: "How often each answer is tried, over what it earns",
        height: 150,
        left: 36,
      }),
    };
  });
  const valueCharts = KS.map((k) => {
    const box = html(
      "div",
      { class: "panel" },
      html("h3", {}, k === 1 ? "pass@1: one try" : `pass@${k}: best of ${k} tries`),
    );
    curves.append(box);
    return new Chart(box, {
      label: `Exact pass@${k} of each policy over the steps`,
      height: 170,
      left: 36,
    });
  });
  const told = html("ol", { class: "events" }),
    end = html("div", { class: "closing" }),
    same = html("p", { class: "same" });
  host.append(told, end, same);

  // Steps beyond the one that is shown are taken too, so that scrubbing finds them ready.
  function trainOn() {
    if (run.events) return false;
    if (recordOn(run.recorders)) return true;
    const three = run.recorders.slice(0, KS.length).map((one) => one.track);
    run.events = events(three);
    run.closing = closing(three);
    return false;
  }

  function draw() {
    const signature = ["seed", "steps", "size", "estimator", "plan", "rewards"]
      .map((name) => state.get(`learning-${name}`))
      .join("|");
    if (run?.signature !== signature) {
      run = { signature, ...begin(state), events: null };
    }
    const asked = state.get("learning-step");
    work(trainOn, () => reached(run.recorders) < asked);
    const at = Math.min(asked, reached(run.recorders));
    const tracks = run.recorders.map((one) => one.track);
    control.show();
    drawLandscape(land, tracks[0].rewards, state.get("learning-rewards") !== "");
    policyCharts.forEach(({ box, heading, chart }, i) => {
      box.hidden = !tracks[i];
      if (tracks[i]) drawPolicy(chart, heading, tracks, i, at, run);
    });
    legend(
      key,
      tracks.map((one, i) => ({
        look: lookOf(one, i),
        text: i < KS.length ? `trained for ${one.label}` : one.label,
      })),
    );
    valueCharts.forEach((chart, i) => drawValues(chart, tracks, i, at, run));
    tell(told, run.events ?? [], at, state);
    const over = at >= reportsOf(state.get("learning-steps")) && run.closing;
    end.replaceChildren(
      ...(over
        ? [html("h3", {}, "What this run shows"), ...run.closing.map((one) => html("p", {}, one))]
        : []),
    );
    say(same, run.left, counterpart(state));
    say(finding, newest(run, tracks, at));
  }
  const work = patient(host, draw);
  return draw;
}

function controls(state) {
  return html(
    "div",
    { class: "controls" },
    numberField(state, "learning-seed", "Seed"),
    slider(state, "learning-size", "Step size", { text: (size) => fixed(size, 2), log: true }),
    select(state, "learning-steps", "Steps", () => ["100", "300", "1000"].map((one) => [one, one])),
    select(state, "learning-estimator", "Estimator for k above 1", () =>
      OFFERED.map((one) => [one, ESTIMATORS[one].name]),
    ),
    select(state, "learning-plan", "A fourth policy, with a schedule", () =>
      Object.entries(PLANS).map(([one, [text]]) => [one, text]),
    ),
    select(state, "learning-speed", "Speed", () =>
      ["5", "15", "30", "60", "150"].map((one) => [one, `${one} steps/s`]),
    ),
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
  const { name, domain } = ESTIMATORS[settings.estimator];
  const bad = ks?.find((k) => k > 1 && !defined(settings.estimator, SAMPLES, k));
  if (ks && !bad) all.push(new Recorder(problem, text, KS[0], { ...settings, ks }, steps));
  const left = bad && `The fourth policy is left out: ${name} needs ${domain.text}, not ${bad} of ${SAMPLES}.`;
  return { recorders: all, ks, left: left ?? "" };
}

function lookOf(track, i) {
  return i < KS.length ? kLook(track.k) : SCHEDULE_LOOK;
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
  const track = tracks[i],
    top = fullHeight(tracks, at, run);
  const edges = range(0, track.rewards.length + 1).map((x) => x - 0.5);
  const best = Math.max(...track.rewards) || 1;
  const scheduled = i >= KS.length;
  const k = scheduled ? run.ks[Math.min(track.steps[at], run.ks.length - 1)] : track.k;
  const value = track.values[Math.max(0, KS.indexOf(k))][at];
  say(
    heading,
    scheduled ? `${track.label}; now k = ${k}:` : `${track.label}:`,
    `pass@${KS.includes(k) ? k : 1} = ${fixed(value)}`,
  );
  chart.frame({
    x: [-0.5, 99.5],
    y: [0, top],
    xTitle: "answer",
    yTitle: "share of tries",
    yTicks: [0, top / 2, top],
    yText: (one) => `${+(100 * one).toFixed(1)}%`,
    grid: false,
  });
  chart.bars(
    "reward",
    edges,
    Array.from(track.rewards, (one) => (0.92 * top * one) / best),
    EARNED,
    "area pale",
  );
  chart.bars("policy", edges, Array.from(track.chances[at]), lookOf(track, i));
  chart.done();
}

function drawValues(chart, tracks, i, at, run) {
  const last = Math.max(1, run.recorders[0].total);
  const top = Math.max(...tracks[0].rewards, 0.1);
  chart.frame({ x: [0, last], y: [0, top * 1.04], xTitle: "step", yTitle: "" });
  chart.horizontal(
    "best",
    tracks[0].optimum[i],
    { color: "#8C8C8C", dash: "1.2 1.4" },
    { width: 1.2 },
  );
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
      const jump = button(`step ${one.step}`, () => state.set({ "learning-step": one.at }), {
        class: "jump",
      });
      return html("li", { style: `--look:${look.color}` }, jump, " ", one.sentence);
    }),
  );
}

function newest(run, tracks, at) {
  const happened = (run.events ?? []).filter((one) => one.at <= at);
  if (happened.length) return happened[happened.length - 1].sentence;
  const start = tracks[0].values
    .map((values, i) => `pass@${KS[i]} = ${fixed(values[0])}`)
    .join(", ");
  return `All policies start alike: ${start}. Press Play.`;
}

function counterpart(state) {
  const changed = ["size", "estimator", "rewards"].filter((name) => {
    const kind = state.kinds[`learning-${name}`];
    return state.get(`learning-${name}`) !== kind.start;
  });
  if (changed.length)
    return "With these settings the run is this page's own; its arithmetic is still that of pkpo-toy.";
  const steps = state.get("learning-steps");
  const more = steps === "300" ? "" : ` --steps ${steps}`;
  return `This is the very run that “pkpo-toy demo two_peaks --seed ${state.get("learning-seed")}${more}” shows, number for number.`;
}
