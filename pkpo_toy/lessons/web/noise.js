// How noisy a gradient estimate is: exactly, where the weights are linear, and by drawing.
//
// Linear weights are the integral over levels t of the weights of the 0/1 rewards [g > t], so with
// B(t) of n samples at or below t, T(t) the sum of scores above and S that of all,
//     estimate = integral of  w1(B) T(t) + w0(B) (S - T(t))  dt,
// where w1 and w0 are what a success and a failure weigh. Its square is a double integral over
// levels t < u, of an expectation over how many samples fall below t, between, and above u.

import { ESTIMATORS, weightsOf } from "./estimators.js";
import { range } from "./numbers.js";
import {
  SD,
  gaussLegendre,
  normalBetween,
  normalDensity,
  panelled,
  squareReward,
} from "./truth.js";

// One estimate: n throws, their rewards, weights and scores.
export function gradientEstimate(throws, theta, weights) {
  let total = 0;
  for (let i = 0; i < throws.length; i++) total += ((throws[i] - theta) / SD) * weights[i];
  return total / SD;
}

export function estimatesOf(batch, theta, keys, k, random) {
  const rewards = batch.map(squareReward);
  return keys.map((key) => gradientEstimate(batch, theta, weightsOf(key, rewards, k, random)));
}

// What a success and a failure weigh where `failures` of n fail.
function outcomeWeights(key, n, k) {
  const success = new Float64Array(n + 2),
    failure = new Float64Array(n + 2);
  for (let failures = 0; failures <= n; failures++) {
    const weights = weightsOf(
      key,
      range(0, n).map((i) => (i < failures ? 0 : 1)),
      k,
    );
    failure[failures] = failures > 0 ? weights[0] : 0;
    success[failures] = failures < n ? weights[n - 1] : 0;
  }
  return { success, failure };
}

// Chance, and integrals of the score and its square, of the standard normal from a to b.
function moments(a, b) {
  const p = normalBetween(a, b);
  const first = normalDensity(a) - normalDensity(b);
  const second = p + a * normalDensity(a) - b * normalDensity(b);
  return { p, first: first / SD, second: second / SD ** 2 };
}

function rest(...parts) {
  const left = (name) => parts.reduce((total, one) => total - one[name], 0);
  return {
    p: Math.max(0, 1 + left("p")),
    first: left("first"),
    second: 1 / SD ** 2 + left("second"),
  };
}

// m! / (i! j! (m-i-j)!) for all i, j.
function trinomials(m) {
  const table = [];
  let first = 1;
  for (let i = 0; i <= m; i++) {
    const line = new Float64Array(m - i + 1);
    line[0] = first;
    for (let j = 0; j < m - i; j++) line[j + 1] = (line[j] * (m - i - j)) / (j + 1);
    table.push(line);
    first = (first * (m - i)) / (i + 1);
  }
  return table;
}

function powers(base, most) {
  const values = new Float64Array(most + 1);
  values[0] = 1;
  for (let i = 1; i <= most; i++) values[i] = values[i - 1] * base;
  return values;
}

// E of the product of the integrands at levels t < u, from the moments of a score below t, between
// the levels and above u: at t all but the low samples succeed, at u only the high ones.
function product(n, { success, failure }, { one, two }, { low, middle, high }) {
  const below = powers(low.p, n),
    between = powers(middle.p, n),
    above = powers(high.p, n);
  const l = low.first,
    m = middle.first,
    h = high.first;
  let alone = 0,
    pairs = 0;
  for (let i = 0; i < n; i++) {
    // i other samples below t, j between: a sample with itself, n times.
    for (let j = 0; j < n - i; j++) {
      const chance = one[i][j] * below[i] * between[j] * above[n - 1 - i - j];
      const q = i + j;
      alone +=
        chance *
        (low.second * failure[i + 1] * failure[q + 1] +
          success[i] * (middle.second * failure[q + 1] + high.second * success[q]));
    }
    // Two different samples, n (n-1) times.
    for (let j = 0; j < n - 1 - i; j++) {
      const chance = two[i][j] * below[i] * between[j] * above[n - 2 - i - j];
      const q = i + j;
      const some = m * failure[q + 2] + h * success[q + 1];
      const few = m * failure[q + 1] + h * success[q];
      pairs +=
        chance *
        (l * (failure[i + 2] * l * failure[q + 2] + failure[i + 1] * some) +
          m * (success[i + 1] * l * failure[q + 2] + success[i] * some) +
          h * (success[i + 1] * l * failure[q + 1] + success[i] * few));
    }
  }
  return n * alone + n * (n - 1) * pairs;
}

// E of the integrand at one level.
function expectation(n, { success, failure }, low, high) {
  const below = powers(low.p, n - 1),
    above = powers(high.p, n - 1);
  let total = 0,
    ways = 1;
  for (let i = 0; i <= n - 1; i++) {
    const chance = ways * below[i] * above[n - 1 - i];
    total += n * chance * (failure[i + 1] * low.first + success[i] * high.first);
    ways = (ways * (n - 1 - i)) / (i + 1);
  }
  return total;
}

const PANELS = 10;
const NODES = gaussLegendre(8);
const OUTER = panelled(PANELS, NODES);

// Exact mean and variance of the estimate at theta; null for weights that are not linear. It takes
// a while: it yields between one level and the next, and at the end has the two.
export function* exactMoments(key, theta, n, k) {
  if (!ESTIMATORS[key].linear) return null;
  const weights = outcomeWeights(key, n, k);
  const tables = { one: trinomials(n - 1), two: trinomials(n - 2) };
  const edge = (1 - theta) / SD,
    at = (s) => (s - theta) / SD;
  let mean = 0,
    square = 0;
  for (const { at: u, weight } of OUTER) {
    const high = moments(at(u), edge);
    const outer = weight * 2 * u;
    mean += outer * expectation(n, weights, rest(high), high);
    // Twice the half with t < u.
    for (const inner of panelled(Math.ceil(PANELS * u), NODES)) {
      const t = u * inner.at;
      const middle = moments(at(t), at(u));
      const parts = { low: rest(high, middle), middle, high };
      square += 2 * outer * u * inner.weight * 2 * t * product(n, weights, tables, parts);
    }
    yield;
  }
  return { mean, variance: square - mean * mean };
}
