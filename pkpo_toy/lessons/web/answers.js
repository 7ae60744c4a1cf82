// Part 1: n answers, some right; pass@k, its unbiased estimate and the tempting one.

import { Chart, legend } from "./charts.js";
import { button, numberField, slider } from "./controls.js";
import { html, patient, reducedMotion, say, svg } from "./dom.js";
import { TRUTH_LOOK } from "./looks.js";
import { fixed, mean, range, variance } from "./numbers.js";
import { Generator } from "./random.js";
import { realNumber, wholeNumber } from "./state.js";
import { chanceOfOne, meanOfPluggedIn, passAtK } from "./truth.js";

const MOST_DRAWS = 1000;
const UNBIASED = { color: "#0072B2", dash: "", marker: "o" };
const TEMPTING = { color: "#D55E00", dash: "4.5 1.8", marker: "D" };

export const ANSWERS = {
  "answers-p": realNumber(0.2, 0.01, 0.99, 0.01),
  "answers-n": wholeNumber(16, 2, 64),
  "answers-k": wholeNumber(4, 1, 64),
  "answers-draws": wholeNumber(1, 1, MOST_DRAWS),
  "answers-seed": wholeNumber(7, 0, Number.MAX_SAFE_INTEGER),
};

// The samples of one seed, drawn as far as they are asked for.
class Samples {
  constructor(p, n, seed) {
    Object.assign(this, { p, n, generator: new Generator(seed), last: [], counts: [] });
  }

  // Draws once more, up to so many; returns whether more are wanted.
  drawOn(draws) {
    if (this.counts.length < draws) {
      this.last = range(0, this.n).map(() => this.generator.random() < this.p);
      this.counts.push(this.last.filter(Boolean).length);
    }
    return this.counts.length < draws;
  }
}

export function buildAnswers(state, host, finding) {
  state.rules.push((values) => ({
    "answers-k": Math.min(values["answers-k"], values["answers-n"]),
  }));
  let playing = false,
    samples = null,
    signature = "";
  const keep = button("Keep drawing", () => play(!playing));
  const more = (count) => {
    const draws = state.get("answers-draws") + count;
    if (draws <= MOST_DRAWS) state.set({ "answers-draws": draws });
    return draws < MOST_DRAWS;
  };
  host.append(
    html(
      "div",
      { class: "controls" },
      slider(state, "answers-p", "Chance p that one answer is right", { text: (p) => fixed(p, 2) }),
      slider(state, "answers-n", "Answers n"),
      slider(state, "answers-k", "Tries k", { high: () => state.get("answers-n") }),
      html(
        "div",
        { class: "buttons" },
        button("Draw again", () => more(1)),
        keep,
        button("Start over", () => {
          play(false);
          state.set({ "answers-draws": 1 });
        }),
      ),
      numberField(state, "answers-seed", "Seed"),
    ),
  );
  const figures = html("div", { class: "figures" });
  const dots = html("div", { class: "dots", role: "img" });
  const key = html("div", { class: "legend" });
  const row = html("div", { class: "row two" }, html("div"), html("div"));
  figures.append(dots, key, row);
  host.append(figures, finding);
  legend(key, [
    { look: TRUTH_LOOK, text: "the truth, 1 − (1−p)ᵏ" },
    { look: UNBIASED, text: "unbiased, 1 − C(n−c, k) / C(n, k)" },
    { look: TEMPTING, text: "tempting, 1 − (1 − c/n)ᵏ" },
  ]);
  const curve = new Chart(row.children[0], {
    label: "pass@k for every k: the truth and the two estimates from this draw",
  });
  const running = new Chart(row.children[1], {
    label: "Means of the two estimates over all draws so far, beside the truth",
  });

  function play(on) {
    playing = on;
    say(keep, playing ? "Pause" : "Keep drawing");
    if (!playing) return;
    if (reducedMotion()) {
      more(Math.min(100, MOST_DRAWS - state.get("answers-draws")));
      play(false);
      return;
    }
    const frame = () => {
      if (!playing) return;
      const step = Math.max(1, Math.floor(state.get("answers-draws") / 60));
      if (!more(Math.min(step, MOST_DRAWS - state.get("answers-draws")))) play(false);
      requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
  }

  function draw() {
    const [p, n, k, asked, seed] = ["p", "n", "k", "draws", "seed"].map((name) =>
      state.get(`answers-${name}`),
    );
    if (signature !== `${p} ${n} ${seed}` || samples.counts.length > asked) {
      signature = `${p} ${n} ${seed}`;
      samples = new Samples(p, n, seed);
    }
    work(() => samples.drawOn(asked));
    const draws = samples.counts.length;
    const c = samples.counts[draws - 1];
    drawDots(dots, samples.last, c);
    drawCurve(curve, { p, n, k, c });
    const unbiased = samples.counts.map((count) => passAtK(n, count, k));
    const tempting = samples.counts.map((count) => chanceOfOne(count / n, k));
    const truth = chanceOfOne(p, k),
      expected = meanOfPluggedIn(n, p, k);
    drawRunning(running, { unbiased, tempting, truth, expected, k });
    say(finding, ...sentences({ n, k, c, draws, unbiased, tempting, truth, expected }));
  }
  const work = patient(host, draw);
  return draw;
}

// Right answers are filled with a tick, wrong ones hollow with a cross.
function drawDots(host, right, c) {
  const size = 22;
  host.setAttribute("aria-label", `${c} of ${right.length} answers are right`);
  host.replaceChildren(
    ...right.map((one) => {
      const sign = one ? "M-4 0L-1 3.5L4.5-3.5" : "M-3-3L3 3M-3 3L3-3";
      return svg(
        "svg",
        {
          width: size,
          height: size,
          viewBox: "-11 -11 22 22",
          class: one ? "answer right" : "answer",
        },
        svg("circle", { r: 9 }),
        svg("path", { d: sign }),
      );
    }),
  );
}

function drawCurve(chart, { p, n, k, c }) {
  const ks = range(1, n + 1);
  chart.frame({
    x: [1, Math.max(n, 2)],
    y: [0, 1.02],
    xTitle: "tries k",
    yTitle: "pass@k",
    yTicks: [0, 0.2, 0.4, 0.6, 0.8, 1],
  });
  chart.vertical("chosen k", k, { color: "#8C8C8C", dash: "1.2 1.4" }, { width: 1.2 });
  chart.line(
    "truth",
    ks.map((one) => [one, chanceOfOne(p, one)]),
    TRUTH_LOOK,
  );
  chart.line(
    "unbiased",
    ks.map((one) => [one, passAtK(n, c, one)]),
    UNBIASED,
  );
  chart.line(
    "tempting",
    ks.map((one) => [one, chanceOfOne(c / n, one)]),
    TEMPTING,
  );
  chart.dot("truth at k", k, chanceOfOne(p, k), TRUTH_LOOK);
  chart.dot("unbiased at k", k, passAtK(n, c, k), UNBIASED);
  chart.dot("tempting at k", k, chanceOfOne(c / n, k), TEMPTING);
  chart.done();
}

function runningMeans(values) {
  let total = 0;
  return values.map((value, i) => [i + 1, (total += value) / (i + 1)]);
}

function drawRunning(chart, { unbiased, tempting, truth, expected, k }) {
  const draws = unbiased.length;
  const lines = [runningMeans(unbiased), runningMeans(tempting)];
  // The first draws wander far: the scale is that of the others.
  const settled = lines.flatMap((line) => line.slice(Math.floor(draws / 4)));
  const seen = [truth, expected, ...settled.map(([, value]) => value)];
  const room = Math.max(0.02, (Math.max(...seen) - Math.min(...seen)) * 0.3);
  const grid = 0.05;
  const low = Math.max(0, Math.floor((Math.min(...seen) - room) / grid) * grid);
  const high = Math.min(1, Math.ceil((Math.max(...seen) + room) / grid) * grid);
  chart.frame({
    x: [1, Math.max(10, draws)],
    y: [low, high],
    xTitle: "draws of n answers",
    yTitle: `mean estimate of pass@${k}`,
  });
  const inside = (points) => points.map(([x, y]) => [x, Math.min(Math.max(y, low), high)]);
  chart.horizontal("truth", truth, TRUTH_LOOK);
  chart.horizontal("expected", expected, { ...TEMPTING, dash: "1.2 1.4" }, { width: 1.2 });
  chart.line("unbiased", inside(lines[0]), UNBIASED);
  chart.line("tempting", inside(lines[1]), TEMPTING);
  chart.dot("unbiased now", ...inside(lines[0]).at(-1), UNBIASED);
  chart.dot("tempting now", ...inside(lines[1]).at(-1), TEMPTING);
  chart.done();
}

function sentences({ n, k, c, draws, unbiased, tempting, truth, expected }) {
  const now = `${c} of ${n} answers are right.`;
  if (k === 1)
    return [
      now,
      `With one try both estimates are c/n = ${fixed(c / n)}; the truth is ${fixed(truth)}.`,
    ];
  const estimates =
    `From these the unbiased estimate of pass@${k} is ${fixed(unbiased.at(-1))}, ` +
    `the tempting one ${fixed(tempting.at(-1))}; the truth is ${fixed(truth)}.`;
  const bias = `The tempting formula is ${fixed(truth - expected)} too low on average (exact).`;
  if (draws < 2) return [now, estimates, bias, "One draw cannot show that: draw again and again."];
  const average = (values) =>
    `${fixed(mean(values))} ± ${fixed(Math.sqrt(variance(values) / draws))}`;
  const means = `Over ${draws} draws they average ${average(unbiased)} and ${average(tempting)} (± one standard error).`;
  return [now, estimates, means, bias];
}
