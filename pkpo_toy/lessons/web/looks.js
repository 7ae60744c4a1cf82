// How an estimator, a k or a schedule is drawn: the colors, dashes and marks of the figures.

import { clamp } from "./numbers.js";

export const DASHES = {
  solid: "",
  dashed: "4.5 1.8",
  dotted: "1.2 1.4",
  dash_dot: "5 1.6 1.2 1.6",
  short: "2.4 1.2",
  long: "8 2",
  dash_dot_dot: "5 1.4 1.2 1.4 1.2 1.4",
};

// key -> { name, color, dash, marker, binary }: filled in from the package's table of estimators.
export const ESTIMATOR_FACTS = "{{estimators}}";

// From a mid orange to a near-black blue: lightness falls steadily.
const K_COLORS = [
  [0xf2, 0xa0, 0x3d],
  [0xe8, 0x60, 0x4c],
  [0xb5, 0x36, 0x7a],
  [0x6a, 0x2c, 0x91],
  [0x23, 0x2a, 0x6b],
  [0x0b, 0x0f, 0x2b],
];
const K_DASHES = ["solid", "dashed", "dash_dot", "short", "long", "dash_dot_dot", "dotted"];
const K_MARKERS = ["o", "s", "D", "^", "v", "P", "X"];

// The greater k, the darker: one step of color per doubling up to 16.
export function kLook(k) {
  const octave = Math.log2(k);
  const along = octave <= 4 ? octave / 5 : 0.8 + (Math.min(octave, 10) - 4) / 30;
  const step = Math.min(Math.floor(along * 256), 255) / 255;
  const place = Math.min(Math.floor(step * 5), 4);
  const between = step * 5 - place;
  const hex = K_COLORS[place].map((low, i) => {
    const value = low + (K_COLORS[place + 1][i] - low) * between;
    return Math.round(value).toString(16).padStart(2, "0");
  });
  const number = clamp(Math.round(octave), 0, 64) % K_MARKERS.length;
  return { color: `#${hex.join("")}`, dash: DASHES[K_DASHES[number]], marker: K_MARKERS[number] };
}

export const SCHEDULE_LOOK = { color: "#1F77D0", dash: DASHES.long, marker: "*" };
export const TRUTH_LOOK = { color: "#262626", dash: DASHES.solid, marker: "o" };
export const GREY_LOOK = { color: "#8C8C8C", dash: DASHES.short, marker: "s" };

function polygon(corners, radius, turn = 0) {
  const points = Array.from({ length: corners }, (_, i) => {
    const angle = (2 * Math.PI * i) / corners - Math.PI / 2 + turn;
    return `${(radius * Math.cos(angle)).toFixed(2)} ${(radius * Math.sin(angle)).toFixed(2)}`;
  });
  return `M${points.join("L")}Z`;
}

function star() {
  const points = Array.from({ length: 10 }, (_, i) => {
    const angle = (Math.PI * i) / 5 - Math.PI / 2,
      radius = i % 2 ? 2.1 : 5.2;
    return `${(radius * Math.cos(angle)).toFixed(2)} ${(radius * Math.sin(angle)).toFixed(2)}`;
  });
  return `M${points.join("L")}Z`;
}

// Shapes about the origin, some 8 wide.
export const MARKERS = {
  o: "M-4 0a4 4 0 1 0 8 0a4 4 0 1 0-8 0Z",
  s: "M-3.5-3.5H3.5V3.5H-3.5Z",
  D: "M0-4.8L4.8 0L0 4.8L-4.8 0Z",
  d: "M0-5L3 0L0 5L-3 0Z",
  "^": polygon(3, 5),
  v: polygon(3, 5, Math.PI),
  "<": polygon(3, 5, -Math.PI / 2),
  ">": polygon(3, 5, Math.PI / 2),
  P: "M-1.6-4.4H1.6V-1.6H4.4V1.6H1.6V4.4H-1.6V1.6H-4.4V-1.6H-1.6Z",
  X: "M-4.2-2.1L-2.1-4.2L0-2.1L2.1-4.2L4.2-2.1L2.1 0L4.2 2.1L2.1 4.2L0 2.1L-2.1 4.2L-4.2 2.1L-2.1 0Z",
  "*": star(),
  p: polygon(5, 4.6),
  h: polygon(6, 4.6),
  H: polygon(6, 4.6, Math.PI / 6),
  8: polygon(8, 4.4, Math.PI / 8),
};
