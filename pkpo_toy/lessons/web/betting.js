// Part 6: questions that look alike; the best bets for each k against what training reaches.

import { Chart, legend } from "./charts.js";
import { numberField, select } from "./controls.js";
import { html, patient, say } from "./dom.js";
import { closing } from "./events.js";
import { kLook } from "./looks.js";
import { fixed, listed, percent, range } from "./numbers.js";
import { player } from "./player.js";
import { oneOf, wholeNumber } from "./state.js";
import { KS, alike, reached, recordOn, recorders } from "./training.js";
import { waterFilling } from "./truth.js";

const STEPS = 300,
  STEP_SIZE = 0.5;
const ODDS = {
  lesson: ["40%, 30%, 20%, 10%", [0.4, 0.3, 0.2, 0.1]],
  even: ["four times 25%", [0.25, 0.25, 0.25, 0.25]],
  favorite: ["70%, 10%, 10%, 10%", [0.7, 0.1, 0.1, 0.1]],
  many: ["30%, 20%, then five times 10%", [0.3, 0.2, 0.1, 0.1, 0.1, 0.1, 0.1]],
};
const FRACTION = { color: "#8C8C8C" };
const BEST = { color: "#262626", dash: "", marker: "s" };

export const BETTING = {
  "betting-odds": oneOf("lesson", Object.keys(ODDS)),
  "betting-seed": wholeNumber(7, 0, Number.MAX_SAFE_INTEGER),
  "betting-step": wholeNumber(STEPS, 0, STEPS),
  "betting-speed": oneOf("60", ["15", "60", "150"]),
};

export function buildBetting(state, host, finding) {
  let run = null;
  const control = player(
    state,
    { at: "betting-step", speed: "betting-speed" },
    {
      last: () => STEPS,
      turns: () => [],
      text: () => `step ${state.get("betting-step")} of ${STEPS}`,
    },
  );
  host.append(
    html(
      "div",
      { class: "controls" },
      select(state, "betting-odds", "How often each answer is right", () =>
        Object.entries(ODDS).map(([key, [text]]) => [key, text]),
      ),
      numberField(state, "betting-seed", "Seed"),
      select(state, "betting-speed", "Speed", () =>
        ["15", "60", "150"].map((one) => [one, `${one} steps/s`]),
      ),
    ),
  );
  const figures = html("div", { class: "figures" });
  const key = html("div", { class: "legend" }),
    row = html("div", { class: "row three" });
  figures.append(control.bar, key, row);
  const table = html("table"),
    end = html("div", { class: "closing" }),
    same = html("p", { class: "same" });
  host.append(figures, finding, html("div", { class: "scroll", tabindex: 0 }, table), end, same);
  const panels = KS.map(() => {
    const heading = html("h3"),
      box = html("div", { class: "panel" }, heading);
    row.append(box);
    return {
      heading,
      chart: new Chart(box, {
        label: "How often each answer is tried, beside the best policy",
        height: 190,
        left: 40,
      }),
    };
  });
  legend(key, [
    { look: FRACTION, text: "how often the answer is right", bar: "area pale" },
    ...KS.map((k) => ({ look: kLook(k), text: `tried after training for k = ${k}`, bar: "area" })),
    { look: BEST, text: "the best possible policy (water-filling)" },
  ]);

  function draw() {
    const signature = `${state.get("betting-odds")} ${state.get("betting-seed")}`;
    const fractions = ODDS[state.get("betting-odds")][1];
    if (run?.signature !== signature) {
      const settings = {
        seed: state.get("betting-seed"),
        stepSize: STEP_SIZE,
        estimator: "pkpo_loo_minus_one",
        steps: STEPS,
      };
      run = { signature, recorders: recorders(alike(fractions), settings) };
    }
    const asked = state.get("betting-step");
    work(
      () => reached(run.recorders) < STEPS && recordOn(run.recorders),
      () => reached(run.recorders) < asked,
    );
    const at = Math.min(asked, reached(run.recorders));
    const tracks = run.recorders.map((one) => one.track);
    control.show();
    panels.forEach(({ heading, chart }, i) => drawBets(chart, heading, tracks[i], fractions, at));
    fillTable(table, tracks, at);
    end.replaceChildren(...(at === STEPS ? closing(tracks).map((one) => html("p", {}, one)) : []));
    say(finding, bets(tracks, fractions, at));
    say(
      same,
      state.get("betting-odds") === "lesson"
        ? `This is the very run that “pkpo-toy demo water_filling --seed ${state.get("betting-seed")}” shows, number for number.`
        : "",
    );
  }
  const work = patient(host, draw);
  return draw;
}

function drawBets(chart, heading, track, fractions, at) {
  const count = fractions.length,
    policy = track.chances[at],
    best = waterFilling(fractions, track.k);
  say(heading, `${track.label}: pass@${track.k} = ${fixed(track.values[KS.indexOf(track.k)][at])}`);
  chart.frame({
    x: [0.5, count + 0.5],
    y: [0, 1],
    xTicks: range(1, count + 1),
    yTicks: [0, 0.5, 1],
    xTitle: "answer",
    yTitle: "share",
    yText: percent,
  });
  range(0, count).forEach((a) => {
    chart.bars(`right ${a + 1}`, [a + 0.62, a + 1.38], [fractions[a]], FRACTION, "area pale");
    chart.bars(`tried ${a + 1}`, [a + 0.72, a + 1.28], [policy[a]], kLook(track.k));
  });
  range(0, count).forEach((a) => {
    chart.line(
      `best line ${a + 1}`,
      [
        [a + 0.6, best[a]],
        [a + 1.4, best[a]],
      ],
      BEST,
      { width: 2 },
    );
    chart.dot(`best ${a + 1}`, a + 1, best[a], BEST, { size: 0.9 });
  });
  chart.done();
}

function fillTable(table, tracks, at) {
  const head = html(
    "tr",
    {},
    html("th", { scope: "col" }, "trained for"),
    ...KS.map((k) => html("th", { scope: "col" }, `pass@${k}`)),
  );
  const body = tracks.map((track) =>
    html(
      "tr",
      {},
      html("th", { scope: "row" }, track.label),
      ...KS.map((k, i) =>
        html("td", { class: k === track.k ? "own" : "" }, fixed(track.values[i][at])),
      ),
    ),
  );
  const best = html(
    "tr",
    {},
    html("th", { scope: "row" }, "best possible"),
    ...KS.map((k, i) => html("td", {}, fixed(tracks[0].optimum[i]))),
  );
  table.replaceChildren(
    html("caption", {}, "Exact pass@k of each policy at this step"),
    html("thead", {}, head),
    html("tbody", {}, ...body, best),
  );
}

function bets(tracks, fractions, at) {
  const parts = tracks.map((track) => {
    const best = waterFilling(fractions, track.k)[0];
    return `${track.label} puts ${percent(track.chances[at][0])} on it (best possible: ${percent(best)})`;
  });
  return `Answer 1 is right for ${percent(fractions[0])} of the questions. At step ${at} ${listed(parts)}.`;
}
