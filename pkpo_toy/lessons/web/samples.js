// A pasted table problem,n,c: read with a sentence for what does not fit; pass@k with intervals.

import { mean, range, variance } from "./numbers.js";
import { shortened } from "./state.js";
import { passAtK } from "./truth.js";

const MOST_CHARACTERS = 300_000,
  MOST_PROBLEMS = 10_000,
  MOST_SAMPLES = 100_000;
const COLUMNS = ["problem", "n", "c"];
const LEVEL = 0.95;

export function isTooLong(text) {
  return text.length > MOST_CHARACTERS;
}

// { rows: [{ problem, n, c }] } or { fault: sentence }.
export function readCounts(text) {
  if (isTooLong(text)) {
    return refused(
      `the text has ${text.length} characters; this page reads up to ${MOST_CHARACTERS}, “pkpo-toy passk FILE” more`,
    );
  }
  const lines = text
    .split(/\r\n|\r|\n/)
    .map((line, i) => ({ line: line.replace(/^\uFEFF/, ""), number: i + 1 }));
  const filled = lines.filter(({ line }) => line.trim());
  if (!filled.length)
    return refused("there is nothing to read; the first line must name the columns problem,n,c");
  const separator = filled[0].line.includes("\t") ? "\t" : ",";
  const header = fieldsOf(filled[0].line, separator).map((name) => name.trim());
  const places = COLUMNS.map((name) => header.indexOf(name));
  if (places.includes(-1)) {
    return refused(
      `line ${filled[0].number} must name the columns problem,n,c, got “${shortened(filled[0].line)}”`,
    );
  }
  if (filled.length - 1 > MOST_PROBLEMS)
    return refused(
      `there are ${filled.length - 1} problems; this page reads up to ${MOST_PROBLEMS}`,
    );
  if (filled.length === 1)
    return refused("there is no problem below the line that names the columns");
  return readRows(filled.slice(1), { separator, places, width: header.length });
}

function readRows(lines, { separator, places, width }) {
  const rows = [],
    seen = new Map();
  for (const { line, number } of lines) {
    const fields = fieldsOf(line, separator);
    if (fields.length !== width)
      return refused(`line ${number} must have ${width} fields, got ${fields.length}`);
    const [problem, n, c] = places.map((place) => fields[place].trim());
    if (!problem) return refused(`line ${number}: problem must not be blank`);
    if (seen.has(problem))
      return refused(
        `line ${number}: problem “${shortened(problem)}” is on line ${seen.get(problem)} already`,
      );
    if (!isWhole(n, 1, MOST_SAMPLES))
      return refused(
        `line ${number}: n must be a whole number from 1 to ${MOST_SAMPLES}, got “${shortened(n)}”`,
      );
    if (!isWhole(c, 0, Number(n)))
      return refused(
        `line ${number}: c must be a whole number from 0 to n = ${Number(n)}, got “${shortened(c)}”`,
      );
    seen.set(problem, number);
    rows.push({ problem, n: Number(n), c: Number(c) });
  }
  return { rows };
}

function refused(sentence) {
  return { fault: `${sentence[0].toUpperCase()}${sentence.slice(1)}.` };
}

function isWhole(text, low, high) {
  return /^\d{1,9}$/.test(text) && Number(text) >= low && Number(text) <= high;
}

// Fields of one line; a field may stand in quotes, doubled where one is meant.
function fieldsOf(line, separator) {
  if (!line.includes('"')) return line.split(separator);
  const fields = [""];
  let quoted = false;
  for (const letter of line) {
    if (letter === '"') quoted = !quoted;
    else if (letter === separator && !quoted) fields.push("");
    else fields[fields.length - 1] += letter;
  }
  return fields;
}

// 1, 2, 5, 10, ... up to the smallest n of a problem.
export function defaultKs(rows) {
  const smallest = rows.reduce((least, { n }) => Math.min(least, n), Infinity);
  return range(0, 6)
    .flatMap((power) => [1, 2, 5].map((digit) => digit * 10 ** power))
    .filter((k) => k <= smallest);
}

// One row per k: the mean over problems, its standard error and 95% interval.
export function atEachK(rows, ks) {
  return ks.map((k) => {
    const values = rows.map(({ n, c }) => passAtK(n, c, k));
    const value = mean(values),
      problems = rows.length;
    if (problems === 1) return { k, value, se: NaN, low: NaN, high: NaN };
    const se = Math.sqrt(variance(values)) / Math.sqrt(problems);
    return { k, value, se, ...wilson(value, se, problems) };
  });
}

// Wilson's interval at the effective number of problems, with Student's t.
export function wilson(value, se, problems) {
  const spread = value * (1 - value);
  const effective = se > 0 && spread > 0 ? spread / se ** 2 : problems - 1;
  const a = studentT(problems - 1) ** 2 / effective;
  const root = Math.sqrt(a * spread + (a * a) / 4);
  const failing = 1 - value;
  return {
    low: value ** 2 / (value + a / 2 + root),
    high: 1 - failing ** 2 / (failing + a / 2 + root),
  };
}

// The t with P(|T| < t) = 0.95 for Student's T: bisection on the series of Abramowitz & Stegun,
// 26.7.3 and 26.7.4.
export function studentT(degrees) {
  let low = 0,
    high = Math.PI / 2;
  for (let turn = 0; turn < 60; turn++) {
    const middle = (low + high) / 2;
    if (probability(middle, degrees) < LEVEL) low = middle;
    else high = middle;
  }
  return Math.tan(low) * Math.sqrt(degrees);
}

function probability(theta, degrees) {
  const odd = degrees % 2;
  if (degrees === 1) return (2 * theta) / Math.PI;
  let term = 1,
    series = 1;
  for (let j = 1; j < (degrees - odd) / 2; j++) {
    term *= ((2 * j - 1 + odd) / (2 * j + odd)) * Math.cos(theta) ** 2;
    series += term;
  }
  series *= Math.sin(theta);
  return odd ? (2 / Math.PI) * (theta + Math.cos(theta) * series) : series;
}
