// What happened in a training, read off its reports: the same sentences as the terminal player's.

import { KS } from "./training.js";
import { fixed, percent, range, sum } from "./numbers.js";

const COMMITTED = 0.9; // of the tries on one answer
const NEAR = 0.95; // of the best possible
const STILL = 0.01; // of the last value: no further away than this is standing still
const STANDING = 0.25; // of the run, at least, before standing still is worth a word
const AHEAD = 0.002; // a smaller lead is none
const LOST = 0.05; // of reward given up is worth a word
const MARGIN = 0.01; // of the tries, by which one peak leads another
const MANY = 10; // answers, from which on neighbors are alike
const APART = 1.5; // times as many answers
const LESSER = 0.05; // of reward, by which an answer is worse than the best

export const WHY =
  "Why: with one try, every try on a lesser answer is lost, so all goes on the surest answer " +
  "found so far. When only the best of 16 tries counts, 15 may fail, and a different answer is " +
  "a second chance: so k > 1 spreads and k = 1 commits.";

// The events of all tracks in the order of the steps: { step, at, k, kind, sentence }.
export function events(all) {
  const found = all.flatMap((one) => [
    ...movedEvents(one),
    ...committedEvents(one),
    ...nearEvents(one),
    ...stalledEvents(one),
    ...gaveUpEvents(one),
    ...overtookEvents(one, all[0]),
  ]);
  return found.sort((a, b) => a.step - b.step);
}

// The first place from which on a condition holds to the end; null if never, or from 0 on.
function firstForGood(holds) {
  if (!holds[holds.length - 1]) return null;
  const fails = holds.lastIndexOf(false);
  return fails < 0 ? null : fails + 1;
}

function event(track, at, kind, sentence) {
  return { step: track.steps[at], at, k: track.k, kind, sentence: `${track.label} ${sentence}` };
}

function valuesOf(track, k) {
  return track.values[KS.indexOf(k)];
}

function lastOf(values) {
  return values[values.length - 1];
}

// Around each local maximum of the reward, the answers that earn at least half as much.
export function peaks(track) {
  const g = track.rewards;
  if (g.length < MANY) return [];
  const tops = range(1, g.length - 1).filter((a) => g[a] > g[a - 1] && g[a] > g[a + 1]);
  return tops.map((top) => {
    let left = top,
      right = top;
    while (left > 0 && g[left - 1] >= g[top] / 2) left--;
    while (right < g.length - 1 && g[right + 1] >= g[top] / 2) right++;
    return { top: top + track.firstName, left, right };
  });
}

function movedEvents(track) {
  const hills = peaks(track);
  if (hills.length < 2) return [];
  const mass = hills.map(({ left, right }) =>
    track.chances.map((policy) => sum(policy, left, right + 1 - left)),
  );
  const first = firstLargest(mass.map((one) => one[0]));
  const last = firstLargest(mass.map(lastOf));
  if (first === last) return [];
  const leads = mass[last].map((one, at) =>
    mass.every((other, hill) => hill === last || one > other[at] + MARGIN),
  );
  const at = firstForGood(leads);
  if (at === null) return [];
  const sentence =
    `changes sides: ${percent(mass[last][at])} of its tries are now around ` +
    `${hills[last].top}, ${percent(mass[first][at])} around ${hills[first].top}.`;
  return [event(track, at, "moved", sentence)];
}

function firstLargest(values) {
  return values.indexOf(Math.max(...values));
}

function committedEvents(track) {
  const top = firstLargest(Array.from(lastOf(track.chances)));
  const at = firstForGood(track.chances.map((policy) => policy[top] > COMMITTED));
  if (at === null) return [];
  const share = percent(track.chances[at][top]);
  const sentence = `has committed: ${share} of its tries are answer ${top + track.firstName}.`;
  return [event(track, at, "committed", sentence)];
}

function nearEvents(track) {
  const value = valuesOf(track, track.k),
    best = track.optimum[KS.indexOf(track.k)];
  const at = firstForGood(value.map((one) => one >= NEAR * best));
  if (at === null) return [];
  const sentence =
    `is within 5% of the best possible pass@${track.k}: ` +
    `${fixed(value[at])} of ${fixed(best)}.`;
  return [event(track, at, "near", sentence)];
}

function stalledEvents(track) {
  const value = valuesOf(track, track.k),
    best = track.optimum[KS.indexOf(track.k)];
  const end = lastOf(value),
    steps = track.steps;
  const at = firstForGood(value.map((one) => Math.abs(one - end) <= STILL * Math.abs(end)));
  if (at === null || end >= NEAR * best) return [];
  if (lastOf(steps) - steps[at] < STANDING * lastOf(steps)) return [];
  const sentence =
    `is stuck: its pass@${track.k} is ${fixed(value[at])} and hardly moves ` +
    `any more, though ${fixed(best)} is possible.`;
  return [event(track, at, "stalled", sentence)];
}

function gaveUpEvents(track) {
  return [KS[0], lastOf(KS)]
    .filter((k) => k !== track.k)
    .flatMap((k) => {
      const value = valuesOf(track, k);
      let highest = -Infinity;
      const peak = value.map((one) => (highest = Math.max(highest, one)));
      const at = firstForGood(value.map((one, i) => one < peak[i] - LOST));
      if (at === null) return [];
      const tries = k === 1 ? "a single try earns" : `the best of ${k} tries earns`;
      const sentence = `pays a price: ${tries} ${fixed(value[at])}, down from ${fixed(peak[at])}.`;
      return [event(track, at, `gave up pass@${k}`, sentence)];
    });
}

function overtookEvents(track, single) {
  if (track.k === 1) return [];
  return [1, track.k].flatMap((k) => {
    const mine = valuesOf(track, k),
      theirs = valuesOf(single, k);
    const lead = mine.map((one, i) => one - theirs[i]);
    const at = firstForGood(lead.map((one) => one >= AHEAD));
    if (at === null || !lead.slice(0, at).some((one) => one <= -AHEAD)) return [];
    const judged = k === 1 ? "by single tries" : `by the best of ${k} tries`;
    const sentence =
      `overtakes k = 1, judged ${judged}: ` + `${fixed(mine[at])} against ${fixed(theirs[at])}.`;
    return [event(track, at, `overtook pass@${k}`, sentence)];
  });
}

// What the run showed, in sentences that hold for it: who spread, what it gained and cost.
export function closing(all) {
  return [...spreads(all[0], lastOf(all)), compared(all, lastOf(KS)), compared(all, 1)];
}

function spreads(first, last) {
  const narrow = lastOf(first.spread),
    wide = lastOf(last.spread);
  if (wide < APART * narrow) {
    return [
      `At step ${lastOf(first.steps)} the policies are still about equally spread, as if over ` +
        `${fixed(narrow, 1)} (${first.label}) and ${fixed(wide, 1)} answers (${last.label}): ` +
        "try more steps.",
    ];
  }
  const policy = lastOf(first.chances);
  const top = firstLargest(Array.from(policy));
  const earns = first.rewards[top],
    best = Math.max(...first.rewards);
  const better =
    best - earns > LESSER ? ` (it earns ${fixed(earns)}, the best one ${fixed(best)})` : "";
  const sentence =
    `${first.label} ends with ${percent(policy[top])} of its tries on answer ` +
    `${top + first.firstName}${better}; ${last.label} stays spread, as if evenly over ` +
    `${fixed(wide, 1)} answers.`;
  return [sentence, WHY];
}

function compared(all, k) {
  const ranked = all.toSorted((a, b) => lastOf(valuesOf(b, k)) - lastOf(valuesOf(a, k)));
  const numbers = ranked
    .map((one) => `${fixed(lastOf(valuesOf(one, k)))} (${one.label})`)
    .join(", ");
  const tries = k === 1 ? "a single try earns" : `the best of ${k} tries earns`;
  const best = all[0].optimum[KS.indexOf(k)];
  return `pass@${k}, what ${tries} on average: ${numbers}; ${fixed(best)} is possible.`;
}
