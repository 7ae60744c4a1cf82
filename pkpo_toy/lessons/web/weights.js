// Part 2: eight rewards become eight weights; which groups of k a sample leads.

import { Chart, legend } from "./charts.js";
import { boxes, select, slider } from "./controls.js";
import { change, html, say, svg } from "./dom.js";
import { ESTIMATORS, defined, weightsOf } from "./estimators.js";
import { MARKERS } from "./looks.js";
import { Generator } from "./random.js";
import { clamp, fixed, listed, range, shown, sum } from "./numbers.js";
import { heights, oneOf, someOf, wholeNumber } from "./state.js";

const N = 8;
const NAMES = range(1, N + 1);
const SEED = 7; // of estimators that draw
const STEM = { color: "#56B4E9", dash: "", marker: "o" };
const FIRST_REWARDS = [7, 0, 21, 4, 35, 14, 0, 18].map((digit) => digit / 35);

export const WEIGHTS = {
  "weights-rewards": heights(FIRST_REWARDS, N),
  "weights-kind": oneOf("any", ["any", "binary"]),
  "weights-k": wholeNumber(3, 1, N),
  "weights-estimators": someOf(["rloo", "pkpo", "pkpo_loo_minus_one"], Object.keys(ESTIMATORS), 4),
  "weights-sample": wholeNumber(5, 1, N),
};

// Binary rewards are the drawn ones above one half.
export function rewardsOf(state) {
  const drawn = state.get("weights-rewards");
  return state.get("weights-kind") === "binary" ? drawn.map((one) => (one >= 0.5 ? 1 : 0)) : drawn;
}

// All groups of k of the n samples, as lists of places.
export function subsets(n, k) {
  const found = [];
  const grow = (from, chosen) => {
    if (chosen.length === k) found.push(chosen);
    else for (let i = from; i <= n - (k - chosen.length); i++) grow(i + 1, [...chosen, i]);
  };
  grow(0, []);
  return found;
}

// The members of a group with its highest reward.
export function leaders(group, rewards) {
  const best = Math.max(...group.map((i) => rewards[i]));
  return group.filter((i) => rewards[i] === best);
}

function whyNot(state, key) {
  const row = ESTIMATORS[key],
    k = state.get("weights-k");
  if (row.binary && state.get("weights-kind") !== "binary")
    return `${row.name} is for rewards of 0 and 1.`;
  return defined(key, N, k) || `${row.name} needs ${row.domain.text}.`;
}

export function buildWeights(state, host, finding) {
  const sample = (key) => {
    const { look } = ESTIMATORS[key];
    return svg(
      "svg",
      { width: 12, height: 12, viewBox: "-6 -6 12 12", "aria-hidden": "true" },
      svg("path", { class: "dot", d: MARKERS[look.marker], style: `--look:${look.color}` }),
    );
  };
  const options = Object.entries(ESTIMATORS).map(([key, row]) => [key, row.name, sample(key)]);
  host.append(
    html(
      "div",
      { class: "controls" },
      select(state, "weights-kind", "Rewards", () => [
        ["any", "any number from 0 to 1"],
        ["binary", "right or wrong"],
      ]),
      slider(state, "weights-k", "Group size k"),
      html(
        "details",
        {},
        html("summary", {}, "Estimators to compare"),
        boxes(state, "weights-estimators", "Up to four at a time", options, (key) =>
          whyNot(state, key),
        ),
      ),
    ),
  );
  const figures = html("div", { class: "figures" });
  host.append(figures);
  const rewardChart = new Chart(figures, {
    label: "The rewards of eight samples; drag them",
    height: 170,
    left: 52,
  });
  change(rewardChart.root, { role: "group", class: "draggable" });
  const key = html("div", { class: "legend" });
  figures.append(key);
  const weightChart = new Chart(figures, {
    label: "The weights of the eight samples",
    height: 210,
    left: 52,
  });
  const groupChart = new Chart(figures, {
    label: "All groups of k samples and who leads them",
    height: 180,
    left: 52,
  });
  const facts = html("ul", { class: "facts" });
  host.append(finding, facts);
  const handles = NAMES.map((name) => handle(state, name, rewardChart));
  dragging(state, rewardChart);
  rewardChart.root.append(...handles);
  for (const chart of [rewardChart, weightChart, groupChart]) hovering(state, chart);

  return function draw() {
    const rewards = rewardsOf(state),
      k = state.get("weights-k"),
      chosen = state.get("weights-sample");
    const shownKeys = state.get("weights-estimators").filter((one) => whyNot(state, one) === true);
    drawRewards(rewardChart, rewards, chosen, handles);
    const rng = new Generator(SEED);
    const all = shownKeys.map((one) => ({
      key: one,
      weights: Array.from(weightsOf(one, rewards, k, () => rng.random())),
    }));
    legend(
      key,
      all.map((one) => ({ look: ESTIMATORS[one.key].look, text: ESTIMATORS[one.key].name })),
    );
    drawWeights(weightChart, all, chosen);
    const groups = drawGroups(groupChart, rewards, k, chosen);
    facts.replaceChildren(...all.map((one) => html("li", {}, fact(one))));
    const left = state.get("weights-estimators").filter((one) => whyNot(state, one) !== true);
    facts.append(
      ...left.map((one) => html("li", { class: "off" }, `Not drawn: ${whyNot(state, one)}`)),
    );
    say(finding, leads(groups, rewards, k, chosen));
  };
}

function handle(state, name, chart) {
  const move = (to) => setReward(state, name, to);
  const steps = {
    ArrowUp: 1,
    ArrowRight: 1,
    ArrowDown: -1,
    ArrowLeft: -1,
    PageUp: 7,
    PageDown: -7,
  };
  return svg(
    "g",
    {
      class: "handle",
      role: "slider",
      tabindex: 0,
      "aria-label": `Reward of sample ${name}`,
      "aria-valuemin": 0,
      "aria-valuemax": 1,
      "data-handle": name,
      focus: () => state.set({ "weights-sample": name }),
      keydown: (event) => {
        const now = state.get("weights-rewards")[name - 1],
          binary = state.get("weights-kind") === "binary";
        if (event.key in steps)
          move(binary ? (steps[event.key] > 0 ? 1 : 0) : now + steps[event.key] / 35);
        else if (event.key === "Home") move(0);
        else if (event.key === "End") move(1);
        else if ((event.key === " " || event.key === "Enter") && binary) move(now >= 0.5 ? 0 : 1);
        else return;
        event.preventDefault();
      },
    },
    svg("circle", { r: 16, class: "target" }),
    svg("path", {
      class: "dot",
      d: MARKERS.o,
      transform: "scale(1.7)",
      style: `--look:${STEM.color}`,
    }),
  );
}

function setReward(state, name, to) {
  const rewards = state.get("weights-rewards").slice();
  const value = state.get("weights-kind") === "binary" ? Math.round(clamp(to, 0, 1)) : to;
  rewards[name - 1] = Math.round(clamp(value, 0, 1) * 35) / 35;
  state.set({ "weights-rewards": rewards, "weights-sample": name });
}

// A press anywhere in a sample's column takes hold of its reward.
function dragging(state, chart) {
  let held = null;
  const root = chart.root;
  root.addEventListener("pointerdown", (event) => {
    const place = chart.place(event);
    held = clamp(Math.round(place.x), 1, N);
    root.setPointerCapture(event.pointerId);
    root.querySelector(`[data-handle="${held}"]`).focus({ preventScroll: true });
    setReward(state, held, place.y);
    event.preventDefault();
  });
  root.addEventListener("pointermove", (event) => {
    if (held !== null) setReward(state, held, chart.place(event).y);
  });
  for (const end of ["pointerup", "pointercancel"]) root.addEventListener(end, () => (held = null));
}

function hovering(state, chart) {
  chart.root.addEventListener("pointermove", (event) => {
    if (event.buttons || event.pointerType === "touch") return;
    const place = chart.place(event);
    const name = Math.round(chart.rows ? place.y : place.x);
    if (name >= 1 && name <= N) state.set({ "weights-sample": name });
  });
}

function column(chart, chosen) {
  const edges = [chosen - 0.5, chosen + 0.5];
  chart.bars("column", edges, [chart.y.high], { color: "#8C8C8C" }, "band");
}

const SAMPLE_AXIS = { x: [0.5, N + 0.5], xTicks: NAMES };

function drawRewards(chart, rewards, chosen, handles) {
  chart.frame({ ...SAMPLE_AXIS, y: [0, 1], yTicks: [0, 0.5, 1], yTitle: "reward" });
  column(chart, chosen);
  rewards.forEach((reward, i) => {
    chart.line(
      `reward ${i + 1}`,
      [
        [i + 1, 0],
        [i + 1, reward],
      ],
      STEM,
      { width: 4 },
    );
    change(handles[i], {
      transform: `translate(${chart.x.at(i + 1).toFixed(2)} ${chart.y.at(reward).toFixed(2)})`,
      "aria-valuenow": fixed(reward, 3),
    });
  });
  chart.done();
}

function drawWeights(chart, all, chosen) {
  const every = all.flatMap((one) => one.weights);
  const low = Math.min(0, ...every),
    high = Math.max(0.05, ...every);
  const room = (high - low) * 0.08;
  chart.frame({ ...SAMPLE_AXIS, y: [low - (low < 0 ? room : 0), high + room], yTitle: "weight" });
  column(chart, chosen);
  chart.horizontal("zero", 0, { color: "#8C8C8C", dash: "" }, { width: 1 });
  all.forEach(({ key, weights }, which) => {
    const { look } = ESTIMATORS[key];
    const shift = (which - (all.length - 1) / 2) * 0.17;
    weights.forEach((weight, i) => {
      const x = i + 1 + shift;
      chart.line(
        `${key} stem ${i + 1}`,
        [
          [x, 0],
          [x, weight],
        ],
        { ...look, dash: "" },
        { width: 1.6 },
      );
      chart.dot(`${key} ${i + 1}`, x, weight, look, { hollow: weight === 0 });
    });
  });
  chart.done();
}

// Every group is a column of dots, its leader filled; the columns of the chosen sample stand out.
function drawGroups(chart, rewards, k, chosen) {
  const rank = (group) => Math.max(...group.map((i) => rewards[i] * N + i / N));
  const groups = subsets(N, k).sort((a, b) => rank(a) - rank(b));
  chart.rows = true;
  chart.frame({
    x: [0, groups.length + 1],
    y: [N + 0.6, 0.4],
    xTicks: [],
    yTicks: NAMES,
    grid: false,
    xTitle: `all ${groups.length} group${groups.length === 1 ? "" : "s"} of ${k}, one a column`,
    yTitle: "sample",
  });
  const mine = groups.map((group) => leaders(group, rewards).includes(chosen - 1));
  const size = clamp((chart.x.end - chart.x.start) / (groups.length + 1) - 1, 2, 9);
  const dots = (places) =>
    places.map(([x, y]) => `M${chart.x.at(x).toFixed(1)} ${chart.y.at(y).toFixed(1)}h0`).join("");
  const cells = { member: [], leader: [], chosen: [] };
  groups.forEach((group, at) => {
    const first = leaders(group, rewards);
    for (const i of group) {
      const kind = !first.includes(i)
        ? "member"
        : mine[at] && i === chosen - 1
          ? "chosen"
          : "leader";
      cells[kind].push([at + 1, i + 1]);
    }
  });
  for (const [kind, places] of Object.entries(cells)) {
    chart.mark("path", kind, {
      class: `cells ${kind}`,
      d: dots(places),
      style: `stroke-width:${kind === "chosen" ? size + 2 : size}`,
    });
  }
  chart.done();
  return groups;
}

function leads(groups, rewards, k, chosen) {
  const mine = groups.filter((group) => leaders(group, rewards).includes(chosen - 1));
  const shared = mine.filter((group) => leaders(group, rewards).length > 1).length;
  const ties = shared ? `, ${shared} of them shared with an equal` : "";
  return `Sample ${chosen} earns ${fixed(rewards[chosen - 1], 2)} and leads ${mine.length} of the ${groups.length} groups of ${k}${ties}.`;
}

function fact({ key, weights }) {
  const nothing = NAMES.filter((name) => Math.abs(weights[name - 1]) < 1e-12);
  const idle =
    nothing.length === 0
      ? "every sample gets a weight"
      : nothing.length === N
        ? "no sample gets anything"
        : `${nothing.length === 1 ? "sample" : "samples"} ${listed(nothing)} get${nothing.length === 1 ? "s" : ""} nothing`;
  const below = weights.filter((weight) => weight < -1e-12).length;
  const pushed = below ? `; ${below} ${below === 1 ? "is" : "are"} pushed down` : "";
  const { name, random } = ESTIMATORS[key];
  const chance = random ? ` with the groups drawn at seed ${SEED}` : "";
  return `${name}: the weights sum to ${shown(Math.abs(sum(weights)) < 1e-12 ? 0 : sum(weights))}${chance}; ${idle}${pushed}.`;
}
