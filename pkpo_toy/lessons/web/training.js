// Training as the simulator does it: softmax policies over answers, plain gradient ascent, and for
// every policy the same random numbers, those of numpy's generator at the seed.

import { Generator } from "./random.js";
import { estimatorFor, weightsOf } from "./estimators.js";
import { ascending, range, sum } from "./numbers.js";
import { aliasedPassAtK, masses, maxAtK, softmax, spread, waterFilling } from "./truth.js";

export const KS = [1, 4, 16];
export const SAMPLES = 16;
// A report for every step up to this many, then for every second, third, ...
const REPORTS = 500;

// 100 answers: a peak of reward 1 at answer 40, one of 0.6 at 75, where the policy starts.
export function twoPeaksRewards() {
  return Float64Array.from(
    range(0, 100),
    (x) => 0.1 + 0.9 * Math.exp(-((x - 40) ** 2) / 50) + 0.5 * Math.exp(-((x - 75) ** 2) / 50),
  );
}

export function twoPeaksLogits() {
  return Float64Array.from(range(0, 100), (x) =>
    Math.log(Math.exp(-(((x - 75) / 5) ** 2) / 2) + 0.1),
  );
}

// One question, whose answers earn the given rewards.
export function oneQuestion(rewards) {
  const order = ascending(rewards);
  return {
    questions: [rewards],
    fractions: [1],
    start: twoPeaksLogits(),
    values: (policy, ks) => maxAtK(policy, rewards, order, ks),
    optimum: () => rewards[order[order.length - 1]],
    firstName: 0,
    rewards,
  };
}

// Questions that look alike: answer a is right for a fraction q_a of them, each asked every step.
export function alike(fractions) {
  const right = fractions.map((_, question) =>
    Float64Array.from(fractions, (_, answer) => (answer === question ? 1 : 0)),
  );
  return {
    questions: right,
    fractions,
    start: new Float64Array(fractions.length),
    values: (policy, ks) => ks.map((k) => aliasedPassAtK(fractions, policy, k)),
    optimum: (k) => aliasedPassAtK(fractions, waterFilling(fractions, k), k),
    firstName: 1,
    rewards: Float64Array.from(fractions),
  };
}

// The uniform random numbers of one seed, drawn once and read by every policy.
class Uniforms {
  constructor(seed) {
    this.generator = new Generator(seed);
    this.drawn = [];
  }

  at(i) {
    while (this.drawn.length <= i) this.drawn.push(this.generator.random());
    return this.drawn[i];
  }
}

let lastDrawn = { seed: null, uniforms: null };

function uniformsOf(seed) {
  if (lastDrawn.seed !== seed) lastDrawn = { seed, uniforms: new Uniforms(seed) };
  return lastDrawn.uniforms;
}

// The first answer whose running sum exceeds the target.
function answerAt(running, target) {
  let low = 0,
    high = running.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (running[middle] <= target) low = middle + 1;
    else high = middle;
  }
  return low;
}

// A policy in training.
export class Training {
  constructor(problem, { seed, stepSize, estimator, ks, n = SAMPLES }) {
    Object.assign(this, { problem, stepSize, estimator, ks, n });
    this.uniforms = uniformsOf(seed);
    // An estimator that draws has numbers of its own, as in training_frame.
    const own = new Generator(seed, 0);
    this.random = () => own.random();
    this.changes = new Set(ks).size > 1;
    this.used = 0;
    this.step = 0;
    this.logits = problem.start.slice();
    this.moved = new Float64Array(this.logits.length);
  }

  policy() {
    return softmax(this.logits);
  }

  // One step of gradient ascent: parameters <- parameters + stepSize * estimate.
  advance() {
    const { problem, logits, moved } = this;
    const parts = masses(logits);
    const running = parts.slice();
    for (let a = 1; a < running.length; a++) running[a] += running[a - 1];
    const total = sum(parts);
    const change = new Float64Array(parts.length);
    for (let question = 0; question < problem.questions.length; question++) {
      const answers = this.drawn(running);
      const weights = this.weights(answers, problem.questions[question]);
      const gathered = new Float64Array(parts.length);
      for (let i = 0; i < this.n; i++) gathered[answers[i]] += weights[i];
      // sum_i w_i (onehot(x_i) - pi)
      const all = sum(weights),
        share = problem.fractions[question];
      for (let a = 0; a < change.length; a++) {
        change[a] += share * ((parts[a] / total) * -all + gathered[a]);
      }
    }
    for (let a = 0; a < change.length; a++) {
      moved[a] += this.stepSize * change[a];
      logits[a] = problem.start[a] + moved[a];
    }
    this.step += 1;
  }

  // n answers by inverse CDF, from the running sums of exp(l).
  drawn(running) {
    const answers = [];
    for (let i = 0; i < this.n; i++) {
      const target = this.uniforms.at(this.used++) * running[running.length - 1];
      answers.push(answerAt(running, target));
    }
    return answers;
  }

  weights(answers, rewards) {
    const k = this.ks[this.step];
    const earned = answers.map((answer) => rewards[answer]);
    return weightsOf(estimatorFor(this.estimator, this.n, k, this.changes), earned, k, this.random);
  }
}

// A training recorded as it goes: what the terminal player calls a track, in growing arrays.
export class Recorder {
  constructor(problem, label, k, settings, steps) {
    this.run = new Training(problem, settings);
    this.problem = problem;
    this.every = Math.ceil(steps / REPORTS);
    // The reports that there will be.
    this.reports = Math.ceil(steps / this.every) + 1;
    this.total = steps;
    this.track = {
      label,
      k,
      steps: [],
      chances: [],
      values: KS.map(() => []),
      spread: [],
      firstName: problem.firstName,
      rewards: problem.rewards,
      optimum: KS.map((one) => problem.optimum(one)),
    };
    this.recordTo(0);
  }

  // Trains on until the report `at` is there.
  recordTo(at) {
    while (this.track.steps.length <= at) {
      const next = Math.min(this.track.steps.length * this.every, this.total);
      while (this.run.step < next) this.run.advance();
      this.report();
    }
  }

  report() {
    const policy = this.run.policy();
    this.track.steps.push(this.run.step);
    this.track.chances.push(policy);
    this.track.spread.push(spread(policy));
    this.problem.values(policy, KS).forEach((value, i) => this.track.values[i].push(value));
  }
}

// Three policies that differ only in the k they are trained for.
export function recorders(problem, { seed, stepSize, estimator, steps }) {
  return KS.map((k) => {
    const ks = new Array(steps).fill(k);
    return new Recorder(problem, `k = ${k}`, k, { seed, stepSize, estimator, ks }, steps);
  });
}

// The last report that all of them have.
export function reached(recorders) {
  return Math.min(...recorders.map((one) => one.track.steps.length)) - 1;
}

// The one that is behind gets its next report; returns whether any is left to get.
export function recordOn(recorders) {
  const next = reached(recorders) + 1;
  recorders.find((one) => one.track.steps.length === next).recordTo(next);
  return reached(recorders) + 1 < recorders[0].reports;
}

export function recorded(recorder) {
  recorder.recordTo(recorder.reports - 1);
  return recorder.track;
}

// The k of every step: "4", "16@0, 1@150", "linear 16->1" or "geometric 16->1"; else null.
export function schedule(text, steps) {
  const ks = readSchedule(text, steps);
  return ks && ks.every((k) => k >= 1) ? ks : null;
}

function readSchedule(text, steps) {
  const whole = /^\s*(\d{1,3})\s*$/.exec(text);
  if (whole) return new Array(steps).fill(Number(whole[1]));
  const ramp = /^\s*(linear|geometric)\s+(\d{1,3})\s*->\s*(\d{1,3})\s*$/.exec(text);
  if (ramp) return rampOf(ramp[1], Number(ramp[2]), Number(ramp[3]), steps);
  const pairs = text.split(",").map((part) => /^\s*(\d{1,3})\s*@\s*(\d{1,6})\s*$/.exec(part));
  if (pairs.some((pair) => !pair)) return null;
  const starts = pairs.map((pair) => Number(pair[2]));
  const rise = starts.every((start, i) => (i === 0 ? start === 0 : start > starts[i - 1]));
  if (!rise || starts[starts.length - 1] >= steps) return null;
  return range(0, steps).map((step) => Number(pairs[starts.findLastIndex((s) => s <= step)][1]));
}

function rampOf(shape, first, last, steps) {
  return range(0, steps).map((step) => {
    const along = steps > 1 ? step / (steps - 1) : 0;
    const value =
      shape === "linear" ? first + (last - first) * along : first * (last / first) ** along;
    return roundHalfEven(value);
  });
}

function roundHalfEven(value) {
  const rounded = Math.round(value);
  return Math.abs(value % 1) === 0.5 && rounded % 2 ? rounded - 1 : rounded;
}
