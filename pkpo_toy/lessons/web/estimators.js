// The estimators: rewards (n) and k give weights (n); the gradient estimate is the plain sum
// sum_i w_i grad log pi(x_i). The same formulas as pkpo_toy/estimators, in gap form: all read
// running sums of mu_m d_m over sorted rewards, with d_m = g_(m) - g_(m-1).

import { DASHES, ESTIMATOR_FACTS } from "./looks.js";
import { ascending, mean, range, sum } from "./numbers.js";

// mu_i = C(i-1, k-1) / C(n, k), i = 1..n: a product of ratios from the top cannot overflow.
export function elementWeights(n, k) {
  const mu = new Float64Array(n);
  mu[n - 1] = k / n;
  for (let i = n; i > k; i--) mu[i - 2] = mu[i - 1] * ((i - k) / (i - 1));
  return mu;
}

// Weights by rank handed back to where their rewards stood.
function byRank(rewards, weigh) {
  const places = ascending(rewards);
  const ordered = new Float64Array(places.length),
    weights = new Float64Array(places.length);
  for (let i = 0; i < places.length; i++) ordered[i] = rewards[places[i]];
  const ranked = weigh(ordered);
  for (let i = 0; i < places.length; i++) weights[places[i]] = ranked[i];
  return weights;
}

// factor * sum_{m=2..i} mu_{m-lag} d_m, i = 1..n, from sorted rewards.
function gapSums(ordered, k, lag, factor = 1) {
  const mu = elementWeights(ordered.length, k);
  const sums = new Float64Array(ordered.length);
  for (let i = 1; i < ordered.length; i++) {
    sums[i] = sums[i - 1] + mu[i - lag] * factor * (ordered[i] - ordered[i - 1]);
  }
  return sums;
}

// sum_{m<=i} d_m / (n-m+1), i = 1..n, with d_1 the given start.
function tailSums(ordered, start) {
  const n = ordered.length;
  const sums = new Float64Array(n);
  sums[0] = start;
  for (let i = 1; i < n; i++) sums[i] = sums[i - 1] + (ordered[i] - ordered[i - 1]) / (n - i);
  return sums;
}

// Values less their mean, exactly zero when all tie.
function centered(values) {
  const raised = Float64Array.from(values);
  const lowest = raised.toSorted()[0];
  for (let i = 0; i < raised.length; i++) raised[i] -= lowest;
  const center = mean(raised.toSorted());
  for (let i = 0; i < raised.length; i++) raised[i] -= center;
  return raised;
}

// Values less their mean, over their standard deviation; 0 when all tie.
function zScores(values, ddof) {
  const lowest = Math.min(...values);
  const span = Math.max(...values) - lowest;
  if (!(span > 0)) return new Float64Array(values.length);
  const scaled = Array.from(values, (value) => (value - lowest) / span);
  const ordered = scaled.toSorted((a, b) => a - b);
  const center = mean(ordered);
  const squares = sum(ordered.map((value) => (value - center) ** 2));
  const spread = Math.sqrt(squares / Math.max(values.length - ddof, 1));
  return Float64Array.from(scaled, (value) => (spread > 0 ? (value - center) / spread : 0));
}

// The maximum of each group of k consecutive samples.
function groupMaxima(rewards, k) {
  return range(0, rewards.length, k).map((start) => Math.max(...rewards.slice(start, start + k)));
}

function toMembers(ofGroup, k) {
  return Float64Array.from(range(0, ofGroup.length * k), (i) => ofGroup[Math.floor(i / k)]);
}

// Rewards of 0 and 1: what a success and what a failure weighs, by the number of failures.
function byOutcome(rewards, weigh) {
  const failures = rewards.filter((reward) => reward === 0).length;
  const [success, failure] = weigh(failures, rewards.length);
  return Float64Array.from(rewards, (reward) => (reward === 1 ? success : failure));
}

// mu at an index 0..n, with mu_0 = 0.
function muAt(n, k, index) {
  return index > 0 ? elementWeights(n, k)[index - 1] : 0;
}

function rloo(rewards) {
  return centered(rewards).map((weight) => weight / (rewards.length - 1));
}

function pkpo(rewards, k) {
  return byRank(rewards, (ordered) => {
    const n = ordered.length;
    const sums = gapSums(ordered, k, 1);
    const shift = ordered[n - 1] * (k / n) - sums[n - 1];
    return sums.map((value) => value + shift);
  });
}

function pkpoLoo(rewards, k) {
  return byRank(rewards, (ordered) => {
    const n = ordered.length;
    const factor = (n * (n - 1) + k) / ((n - 1) * (n - k));
    const sums = gapSums(ordered, k, 1, factor);
    const center = mean(sums);
    const meanPkpo = ordered[n - 1] * (k / n) - (sums[n - 1] - center) / factor;
    return sums.map((value) => value - (center + meanPkpo / (n - 1)));
  });
}

function pkpoLooMinusOne(rewards, k) {
  return byRank(rewards, (ordered) => gapSums(ordered, k, 0));
}

function centeredGapSums(rewards, k, factor) {
  return byRank(rewards, (ordered) => {
    const sums = gapSums(ordered, k, 1, factor);
    const center = mean(sums);
    return sums.map((value) => value - center);
  });
}

function partitionLooMinusOne(rewards, k) {
  const groups = rewards.length / k;
  const weights = new Float64Array(rewards.length);
  for (let start = 0; start < rewards.length; start += k) {
    const ordered = rewards.slice(start, start + k).sort((a, b) => a - b);
    const lead = (ordered[k - 1] - ordered[k - 2]) / groups;
    for (let i = start; i < start + k; i++) weights[i] = rewards[i] === ordered[k - 1] ? lead : 0;
  }
  return weights;
}

// The z-scores of n random k-subsets' maxima; a sample gets the mean score of its subsets.
function passkBootstrap(rewards, k, random) {
  const n = rewards.length;
  const subsets = range(0, n).map(() => {
    const drawn = range(0, n).map(() => random());
    return ascending(drawn).slice(0, k);
  });
  const scores = zScores(subsets.map((subset) => Math.max(...subset.map((i) => rewards[i]))), 0);
  const totals = new Float64Array(n),
    counts = new Float64Array(n);
  subsets.forEach((subset, at) => {
    for (const i of subset) {
      totals[i] += scores[at];
      counts[i] += 1;
    }
  });
  return totals.map((total, i) => total / (Math.max(counts[i], 1) * n));
}

function passkGrpo(rewards, k) {
  return byOutcome(rewards, (failures, n) => {
    if (failures === 0 || failures === n) return [0, 0];
    const left = (muAt(n, k, failures) * failures) / k; // 1 - the pass@k estimate
    const root = Math.sqrt(left / (1 - left));
    return [root / n, (-root * (n - failures)) / (n * failures)];
  });
}

function bonMean(rewards, k) {
  return byRank(rewards, (ordered) => {
    const sums = gapSums(ordered, k, 1);
    return zScores(sums, 1).map((score) => score / ordered.length);
  });
}

function bonMaxMean(rewards) {
  const best = Math.max(...rewards);
  const shortfall = Array.from(rewards, (reward) => best - reward);
  const winners = shortfall.filter((short) => short === 0).length;
  const lead = mean(shortfall.toSorted((a, b) => a - b)) / rewards.length;
  return Float64Array.from(shortfall, (short) => (short === 0 ? lead / winners : 0));
}

// Entropic weights at beta = 1: what the growth exp(g - g_max) - 1, less its mean, is divided by.
function entropic(rewards, divisors) {
  return byRank(rewards, (ordered) => {
    const below = ordered.map((reward) => reward - ordered[ordered.length - 1]);
    const growth = below.map(Math.expm1);
    const center = mean(growth),
      divided = divisors(below);
    return growth.map((value, i) => (value - center) / divided[i]);
  });
}

function rsGrpo(rewards) {
  return entropic(rewards, (below) => {
    const powers = sum(below.map(Math.exp));
    return below.map(() => powers);
  });
}

// The others' powers; those beside the best are summed from the second, so that none is lost.
function entropicLoo(rewards) {
  return entropic(rewards, (below) => {
    const last = below.length - 1,
      powers = below.map(Math.exp);
    const all = sum(powers),
      second = below[last - 1];
    const others = sum(below.slice(0, last).map((value) => Math.exp(value - second)));
    return powers.map((power, i) => (i < last ? all - power : Math.exp(second) * others));
  });
}

function reinforce(rewards) {
  return Float64Array.from(rewards, (reward) => reward / rewards.length);
}

function drGrpo(rewards) {
  return centered(rewards).map((weight) => weight / rewards.length);
}

function grpo(rewards) {
  return zScores(rewards, 1).map((score) => score / rewards.length);
}

function centeredLoo(rewards, k) {
  return centeredGapSums(rewards, k, rewards.length / (rewards.length - k));
}

function maxkRloo(rewards, k) {
  return byRank(rewards, (ordered) => {
    const n = ordered.length;
    const sums = gapSums(ordered, k, 1, n / (n - 1)),
      leads = gapSums(ordered, k, 0, (k - 1) / (n - 1));
    const center = mean(sums);
    return sums.map((value, i) => value - center + leads[i]);
  });
}

function choose(n, k) {
  let ways = k <= n ? 1 : 0;
  for (let j = 0; j < k; j++) ways *= (n - j) / (j + 1);
  return ways;
}

// max@k RLOO with the median of k draws in place of the maximum.
function orderStatistic(rewards, k) {
  return byRank(rewards, (ordered) => {
    const n = ordered.length,
      rank = Math.ceil(k / 2),
      all = choose(n - 1, k - 1) * n * (n - 1);
    // The chance of that rank among k draws where `below` of the others are below, times k/(n(n-1)).
    const chance = (below) =>
      (k * choose(below, rank - 1) * choose(n - 1 - below, k - rank)) / all;
    const up = new Float64Array(n),
      down = new Float64Array(n);
    for (let i = 1; i < n; i++) {
      const gap = ordered[i] - ordered[i - 1];
      up[i] = up[i - 1] + i * chance(i) * gap;
      down[i] = down[i - 1] + (n - i) * chance(i - 1) * gap;
    }
    return up.map((risen, i) => risen - (down[n - 1] - down[i]));
  });
}

function groupMeanCentered(rewards, k) {
  return centeredGapSums(rewards, k, 1);
}

function partition(rewards, k) {
  const groups = rewards.length / k;
  const shares = groupMaxima(rewards, k).map((best) => best / groups);
  return toMembers(shares, k);
}

function partitionBaselined(rewards, k) {
  const others = rewards.length / k - 1;
  const leads = centered(groupMaxima(rewards, k)).map((lead) => lead / others);
  return toMembers(leads, k);
}

function passkFull(rewards, k) {
  const scores = zScores(groupMaxima(rewards, k), 0).map((score) => score / rewards.length);
  return toMembers(scores, k);
}

function tailrl(rewards) {
  return byRank(rewards, (ordered) => {
    const n = ordered.length;
    const shift = (ordered[n - 1] - ordered[0]) / n;
    return tailSums(ordered, 0).map((value) => value - shift);
  });
}

function tailrlRaw(rewards) {
  return byRank(rewards, (ordered) => tailSums(ordered, ordered[0] / ordered.length));
}

function failOnly(rewards, k) {
  return byOutcome(rewards, (failures, n) => [0, -muAt(n, k, failures)]);
}

function passkRloo(rewards, k) {
  return byOutcome(rewards, (failures, n) => [
    (muAt(n, k, Math.min(failures + 1, n)) * failures) / (n - 1),
    (-muAt(n, k, failures) * (n - failures)) / (n - 1),
  ]);
}

function passkPlugin(rewards, k) {
  return byOutcome(rewards, (failures, n) => {
    const slope = (k * (failures / n) ** (k - 1)) / n;
    return [slope * (failures / n), -slope * ((n - failures) / n)];
  });
}

function passkLooPlugin(rewards, k) {
  return byOutcome(rewards, (failures, n) => {
    const slope = (rate) => (k * rate ** (k - 1)) / n;
    const fail = failures / (n - 1),
      left = Math.max(failures - 1, 0) / (n - 1);
    return [slope(fail) * fail, -slope(left) * (1 - left)];
  });
}

function maxrlRaw(rewards) {
  return byOutcome(rewards, (failures, n) => [1 / Math.max(n - failures, 1), 0]);
}

function maxrl(rewards) {
  return byOutcome(rewards, (failures, n) => [
    failures / (n * Math.max(n - failures, 1)),
    failures < n ? -1 / n : 0,
  ]);
}

const ANY_K = { text: "1 ≤ k ≤ n", holds: () => true };
const BELOW_N = { text: "k below n", holds: (n, k) => k < n };
const FROM_TWO = { text: "k of at least 2", holds: (n, k) => k >= 2 };
const DIVIDES = { text: "a k that divides n", holds: (n, k) => n % k === 0 };
const TWO_GROUPS = {
  text: "a k that divides n at least twice",
  holds: (n, k) => n % k === 0 && n >= 2 * k,
};
const FROM_TWO_DIVIDES = {
  text: "a k of at least 2 that divides n",
  holds: (n, k) => k >= 2 && n % k === 0,
};

// Linear: the weights of a sum of nested 0/1 rewards are the sum of their weights.
const LINEAR = { linear: true };

// The keys are Python's.
const ROWS = {
  reinforce: { weigh: reinforce, domain: ANY_K, ...LINEAR },
  rloo: { weigh: rloo, domain: ANY_K, ...LINEAR },
  dr_grpo: { weigh: drGrpo, domain: ANY_K, ...LINEAR },
  grpo: { weigh: grpo, domain: ANY_K },
  pkpo: { weigh: pkpo, domain: ANY_K, ...LINEAR },
  pkpo_loo: { weigh: pkpoLoo, domain: BELOW_N, ...LINEAR },
  pkpo_loo_minus_one: { weigh: pkpoLooMinusOne, domain: FROM_TWO, ...LINEAR },
  centered_loo: { weigh: centeredLoo, domain: BELOW_N, ...LINEAR },
  maxk_rloo: { weigh: maxkRloo, domain: ANY_K, ...LINEAR },
  order_statistic: { weigh: orderStatistic, domain: ANY_K, ...LINEAR },
  group_mean_centered: { weigh: groupMeanCentered, domain: BELOW_N, ...LINEAR },
  partition: { weigh: partition, domain: DIVIDES },
  partition_baselined: { weigh: partitionBaselined, domain: TWO_GROUPS },
  partition_loo_minus_one: { weigh: partitionLooMinusOne, domain: FROM_TWO_DIVIDES },
  passk_full: { weigh: passkFull, domain: TWO_GROUPS },
  passk_bootstrap: { weigh: passkBootstrap, domain: ANY_K },
  bon_mean: { weigh: bonMean, domain: ANY_K },
  bon_max_mean: { weigh: bonMaxMean, domain: ANY_K },
  tailrl: { weigh: tailrl, domain: ANY_K, ...LINEAR },
  tailrl_raw: { weigh: tailrlRaw, domain: ANY_K, ...LINEAR },
  rs_grpo: { weigh: rsGrpo, domain: ANY_K },
  entropic_loo: { weigh: entropicLoo, domain: ANY_K },
  fail_only: { weigh: failOnly, domain: ANY_K },
  passk_rloo: { weigh: passkRloo, domain: ANY_K },
  passk_plugin: { weigh: passkPlugin, domain: ANY_K },
  passk_loo_plugin: { weigh: passkLooPlugin, domain: ANY_K },
  passk_grpo: { weigh: passkGrpo, domain: ANY_K },
  maxrl: { weigh: maxrl, domain: ANY_K },
  maxrl_raw: { weigh: maxrlRaw, domain: ANY_K },
};

// A row with what the package's own table says of it: name, look, whether rewards must be 0 or 1,
// and whether it draws random numbers.
function described([key, row]) {
  const { name, binary, random, ...look } = ESTIMATOR_FACTS[key];
  return [key, { ...row, name, binary, random, look: { ...look, dash: DASHES[look.dash] } }];
}

export const ESTIMATORS = Object.fromEntries(Object.entries(ROWS).map(described));

// Whether an estimator is defined for k of n samples.
export function defined(key, n, k) {
  return k >= 1 && k <= n && n >= 2 && ESTIMATORS[key].domain.holds(n, k);
}

// The estimator that trains for k: plain RLOO takes over at k = 1 where the chosen one has none, or
// where the schedule changes k.
export function estimatorFor(key, n, k, changes = false) {
  return k === 1 && (changes || !defined(key, n, k)) ? "rloo" : key;
}

// `random`: the next uniform number, for an estimator that draws its own.
export function weightsOf(key, rewards, k, random) {
  return ESTIMATORS[key].weigh(rewards, k, random);
}
