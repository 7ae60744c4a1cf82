// What the reader has chosen. It lives in the URL's fragment, so that a link leads to a moment:
// #learning&learning-seed=3&learning-step=120. Only what differs from the defaults is written.

import { clamp } from "./numbers.js";

const SHOWN = 40; // characters of somebody's text that are repeated in a sentence

// Kinds of settings: each reads a text or says what it must be.
export function wholeNumber(start, low, high) {
  return { start, ...readsNumber(low, high, 1), low, high, step: 1 };
}

export function realNumber(start, low, high, step) {
  return { start, ...readsNumber(low, high, step), low, high, step };
}

function readsNumber(low, high, step) {
  const must = `${step === 1 ? "a whole number" : "a number"} from ${low} to ${high}`;
  const read = (text) => {
    if (!/^-?\d{1,16}(\.\d{1,12})?$/.test(text)) return undefined;
    const value = Number(text);
    const fits = value >= low && value <= high && (step !== 1 || Number.isInteger(value));
    return fits ? value : undefined;
  };
  return { must, read, write: String };
}

export function oneOf(start, options) {
  const read = (text) => (options.includes(text) ? text : undefined);
  return { start, options, must: `one of ${options.join(", ")}`, read, write: String };
}

export function someOf(start, options, most) {
  const read = (text) => {
    const chosen = text.split("+");
    const known = chosen.every((one, i) => options.includes(one) && chosen.indexOf(one) === i);
    return known && chosen.length <= most ? chosen : undefined;
  };
  const must = `one to ${most} of ${options.join(", ")}, joined by +`;
  return { start, options, most, must, read, write: (chosen) => chosen.join("+") };
}

// Numbers from 0 to 1 in steps of 1/35, one character each.
export function heights(start, count) {
  const read = (text) => {
    if (text.length !== count || !/^[0-9a-z]+$/.test(text)) return undefined;
    return Array.from(text, (digit) => parseInt(digit, 36) / 35);
  };
  const write = (values) =>
    values.map((value) => Math.round(clamp(value, 0, 1) * 35).toString(36)).join("");
  return { start, must: `${count} letters or digits`, read, write };
}

export function shortText(start, must, isGood) {
  const read = (text) => (isGood(text) ? text : undefined);
  return { start, must, read, write: String };
}

// The settings of the whole page, by name; `listeners` are told which names have changed.
export class State {
  constructor(kinds) {
    this.kinds = kinds;
    this.values = {};
    this.listeners = [];
    this.rules = [];
    for (const name of Object.keys(kinds)) this.values[name] = kinds[name].start;
  }

  get(name) {
    return this.values[name];
  }

  // Takes changes, and what the rules make of them: functions from values to further changes.
  set(changes) {
    const before = { ...this.values };
    Object.assign(this.values, changes);
    for (const rule of this.rules) Object.assign(this.values, rule(this.values));
    const changed = Object.keys(before).filter((name) => before[name] !== this.values[name]);
    if (changed.length) for (const listener of this.listeners) listener(changed);
  }

  // Back to the defaults, for the settings whose names start so.
  reset(prefix) {
    const names = Object.keys(this.kinds).filter((name) => name.startsWith(prefix));
    this.set(Object.fromEntries(names.map((name) => [name, this.kinds[name].start])));
  }

  // The fragment that leads back here, without "#".
  fragment(part) {
    const pairs = Object.entries(this.kinds)
      .filter(([name, kind]) => kind.write(this.values[name]) !== kind.write(kind.start))
      .map(([name, kind]) => `${name}=${encodeURIComponent(kind.write(this.values[name]))}`);
    return [...(part ? [part] : []), ...pairs].join("&");
  }

  // Takes over a fragment; returns the part it names, and a sentence for each thing not understood.
  read(fragment, parts) {
    const changes = Object.fromEntries(
      Object.keys(this.kinds).map((name) => [name, this.kinds[name].start]),
    );
    const problems = [];
    let part = null;
    for (const piece of fragment.replace(/^#/, "").split("&").filter(Boolean)) {
      const [name, text] = halves(piece);
      if (text === null && parts.includes(name)) part = name;
      else if (text === null || !Object.hasOwn(this.kinds, name))
        problems.push(unknownSetting(piece));
      else {
        const value = this.kinds[name].read(text);
        if (value === undefined) problems.push(badSetting(name, this.kinds[name], text));
        else changes[name] = value;
      }
    }
    this.set(changes);
    return { part, problems };
  }
}

function halves(piece) {
  const cut = piece.indexOf("=");
  if (cut < 0) return [piece, null];
  try {
    return [piece.slice(0, cut), decodeURIComponent(piece.slice(cut + 1))];
  } catch {
    return [piece.slice(0, cut), piece.slice(cut + 1)];
  }
}

export function shortened(text) {
  return text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text;
}

function unknownSetting(piece) {
  return `The link holds “${shortened(piece)}”, which this page does not know; it is left out.`;
}

function badSetting(name, kind, text) {
  return `The link sets ${name} to “${shortened(text)}”; it must be ${shortened(kind.must)}, so it starts as ${shortened(kind.write(kind.start))}.`;
}
