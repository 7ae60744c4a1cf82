// What is true of a policy, without sampling: pass@k, max@k, its gradient and its best policy.

import { range, sum } from "./numbers.js";

// --- counts of right answers

// pass@k of a policy that is right with probability p: 1 - (1-p)^k.
export function chanceOfOne(p, k) {
  return p < 1 ? -Math.expm1(k * Math.log1p(-p)) : 1;
}

// Unbiased estimate of pass@k from c right answers of n: 1 - C(n-c, k)/C(n, k).
export function passAtK(n, c, k) {
  const few = Math.min(c, k),
    many = Math.max(c, k);
  if (few === 0) return 0;
  // The second holds to the last bit: 1 - pass@k < exp(-c k / n).
  if (few + many > n || (few * many) / n > 45) return 1;
  let log = 0;
  for (let j = 0; j < few; j++) log += Math.log1p(-many / (n - j));
  return -Math.expm1(log);
}

// P(c right answers of n), c = 0..n.
export function binomial(n, p) {
  const chances = new Float64Array(n + 1);
  if (p <= 0 || p >= 1) {
    chances[p >= 1 ? n : 0] = 1;
    return chances;
  }
  let log = n * Math.log1p(-p);
  for (let c = 0; c <= n; c++) {
    chances[c] = Math.exp(log);
    log += Math.log((n - c) / (c + 1)) + Math.log(p) - Math.log1p(-p);
  }
  return chances;
}

// The exact mean of the estimate 1 - (1-c/n)^k, which plugs the rate of right answers in.
export function meanOfPluggedIn(n, p, k) {
  return sum(binomial(n, p).map((chance, c) => chance * chanceOfOne(c / n, k)));
}

// --- a policy over answers

// exp(l - max l): probabilities up to their sum.
export function masses(logits) {
  let top = -Infinity;
  for (const logit of logits) top = Math.max(top, logit);
  const parts = new Float64Array(logits.length);
  for (let a = 0; a < logits.length; a++) parts[a] = Math.exp(logits[a] - top);
  return parts;
}

export function softmax(logits) {
  const parts = masses(logits);
  const total = sum(parts);
  for (let a = 0; a < parts.length; a++) parts[a] /= total;
  return parts;
}

// exp(entropy): over how many equally likely answers a policy is as spread.
export function spread(policy) {
  const terms = new Float64Array(policy.length);
  for (let a = 0; a < policy.length; a++)
    if (policy[a] > 0) terms[a] = policy[a] * Math.log(policy[a]);
  return Math.exp(-sum(terms));
}

// max@k = E[max of k rewards] for each k; `order` lists the answers by ascending reward.
//   max@k = g_1 + sum_j (g_(j+1) - g_j) (1 - F_j^k),  F_j = P(reward <= g_j)
export function maxAtK(policy, rewards, order, ks) {
  const last = order.length - 1;
  const above = new Float64Array(last + 1);
  for (let j = last - 1; j >= 0; j--) above[j] = above[j + 1] + policy[order[j + 1]];
  const values = ks.map(() => rewards[order[0]]);
  let below = 0;
  for (let j = 0; j < last; j++) {
    below += policy[order[j]];
    const gap = rewards[order[j + 1]] - rewards[order[j]];
    if (gap === 0) continue;
    // The smaller tail carries the digits.
    const log = above[j] < 0.5 ? Math.log1p(-above[j]) : Math.log(Math.max(below, 5e-324));
    for (let i = 0; i < ks.length; i++) values[i] -= gap * Math.expm1(ks[i] * log);
  }
  return values;
}

// The policy that maximises sum_a q_a (1 - (1 - pi_a)^k), by water-filling.
export function waterFilling(fractions, k) {
  const best = new Float64Array(fractions.length);
  const order = range(0, fractions.length)
    .filter((arm) => fractions[arm] > 0)
    .sort((a, b) => fractions[b] - fractions[a] || a - b);
  if (k === 1) {
    best[order[0]] = 1;
    return best;
  }
  const b = order.map((arm) => Math.exp(-Math.log(fractions[arm] / fractions[order[0]]) / (k - 1)));
  let total = 0,
    inPlay = 0;
  b.forEach((one, others) => {
    if (others * one < total + one) inPlay = others + 1;
    total += one;
  });
  const used = sum(b.slice(0, inPlay));
  for (let i = 0; i < inPlay; i++) best[order[i]] = 1 - ((inPlay - 1) * b[i]) / used;
  return best;
}

// pass@k where answer a is right for a fraction q_a of questions that look alike.
export function aliasedPassAtK(fractions, policy, k) {
  return sum(Array.from(fractions, (q, a) => q * chanceOfOne(policy[a], k)));
}

// --- a Gaussian policy N(theta, sd^2) whose throw at x earns x^2 on [0, 1] and nothing elsewhere

// exp(z^2) erfc(z) (1 + 2 z) as a polynomial in (z - 3.75) / (z + 3.75), as in the package.
const SCALED_ERFC = [
  1.2375126308378275, -0.14024059858554702, 0.0035854154854644293, 0.08227673849015102,
  -0.10880393014174886, 0.09230432116019834, -0.05869339858963677, 0.0283622774215156,
  -0.009746579558029276, 0.0017556258324217529, 0.0002937136655913448, -0.00029015397928986765,
  5.164909889268241e-5, 2.2383912036550678e-5, -1.1444146237700524e-5, -9.72849582211122e-7,
  1.751637648849062e-6, -5.826281078800777e-8, -2.5866850716155884e-7, 2.4289762925488707e-8,
  3.8675334242222354e-8, -4.389284159986328e-9, -5.1739902141113095e-9, 5.457157304704688e-10,
  4.2514704447963895e-10, -3.75315827795962e-11,
];

// P(Z > |z|) of a standard normal Z.
export function normalTail(z) {
  const scaled = Math.min(Math.abs(z), 40) / Math.SQRT2;
  const w = (scaled - 3.75) / (scaled + 3.75);
  let series = 0;
  for (let i = SCALED_ERFC.length - 1; i >= 0; i--) series = series * w + SCALED_ERFC[i];
  return (series * Math.exp(-scaled * scaled)) / (2 + 4 * scaled);
}

export function normalDensity(z) {
  return Math.exp(-0.5 * z * z) / Math.sqrt(2 * Math.PI);
}

// P(a < Z < b), a difference of the smaller tails; that of b may be known.
export function normalBetween(a, b, beyond = normalTail(b)) {
  if (a > 0) return normalTail(a) - beyond;
  if (b < 0) return beyond - normalTail(a);
  return 1 - normalTail(a) - beyond;
}

export function squareReward(x) {
  return x >= 0 && x <= 1 ? x * x : 0;
}

export const SD = 0.1;

// Gauss-Legendre nodes and weights on [0, 1], by Newton's method on the Legendre polynomial.
export function gaussLegendre(count) {
  return range(0, count).map((i) => {
    let x = Math.cos((Math.PI * (i + 0.75)) / (count + 0.5)),
      slope = 1;
    for (let turn = 0; turn < 50; turn++) {
      let before = 1,
        value = x;
      for (let j = 2; j <= count; j++)
        [before, value] = [value, ((2 * j - 1) * x * value - (j - 1) * before) / j];
      slope = (count * (x * value - before)) / (x * x - 1);
      const change = value / slope;
      x -= change;
      if (Math.abs(change) < 1e-16) break;
    }
    return { at: (1 + x) / 2, weight: 1 / ((1 - x * x) * slope * slope) };
  });
}

// Nodes on [0, 1] in panels narrow against the policy's width.
export function panelled(panels, nodes) {
  return range(0, panels).flatMap((panel) =>
    nodes.map(({ at, weight }) => ({ at: (panel + at) / panels, weight: weight / panels })),
  );
}

const LEVELS = panelled(40, gaussLegendre(10));

// The function, computed once for each of its arguments.
export function remembered(compute) {
  const known = new Map();
  return (of) => {
    if (!known.has(of)) known.set(of, compute(of));
    return known.get(of);
  };
}

// P = P(reward > t) and dP/dtheta at each level t = s^2, for every k.
const aboveLevels = remembered((theta) => {
  const edge = (1 - theta) / SD;
  const edgeDensity = normalDensity(edge),
    beyond = normalTail(edge);
  const chances = new Float64Array(LEVELS.length),
    slopes = new Float64Array(LEVELS.length);
  LEVELS.forEach(({ at }, i) => {
    const z = (at - theta) / SD;
    chances[i] = Math.min(normalBetween(z, edge, beyond), 1);
    slopes[i] = (normalDensity(z) - edgeDensity) / SD;
  });
  return { chances, slopes };
});

// The integral over the levels of a function of P and dP/dtheta.
function overLevels(theta, integrand) {
  const { chances, slopes } = aboveLevels(theta);
  let total = 0;
  LEVELS.forEach(({ at, weight }, i) => {
    total += weight * 2 * at * integrand(chances[i], slopes[i]);
  });
  return total;
}

// E[max of k throws' rewards].
export function gaussianMaxAtK(theta, k) {
  return overLevels(theta, (chance) => chanceOfOne(chance, k));
}

// d max@k / dtheta.
export function gaussianGradient(theta, k) {
  return overLevels(theta, (chance, slope) =>
    k === 1 ? slope : k * slope * Math.exp((k - 1) * Math.log1p(-chance)),
  );
}

// The theta of the largest max@k: the best of a grid, then bisection on the gradient.
export function gaussianOptimum(k) {
  const grid = range(0, 41).map((i) => 0.4 + i / 50);
  const values = grid.map((theta) => gaussianMaxAtK(theta, k));
  const best = values.indexOf(Math.max(...values));
  let low = grid[best] - 1 / 50,
    high = grid[best] + 1 / 50;
  while (high - low > 1e-13) {
    const middle = (low + high) / 2;
    if (gaussianGradient(middle, k) > 0) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}
