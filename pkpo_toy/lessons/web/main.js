// The page: its settings, its parts, and the address that leads back to a moment.

import { ANSWERS, buildAnswers } from "./answers.js";
import { BETTING, buildBetting } from "./betting.js";
import { buildCounts } from "./counts.js";
import { html, say } from "./dom.js";
import { LANDSCAPE, buildLandscape } from "./landscape.js";
import { LEARNING, buildLearning } from "./learning.js";
import { NOISE, buildNoise } from "./noisy.js";
import { State, oneOf } from "./state.js";
import { WEIGHTS, buildWeights } from "./weights.js";

const PARTS = {
  answers: buildAnswers,
  weights: buildWeights,
  landscape: buildLandscape,
  noise: buildNoise,
  learning: buildLearning,
  betting: buildBetting,
  counts: buildCounts,
};
const SETTINGS = { ...ANSWERS, ...WEIGHTS, ...LANDSCAPE, ...NOISE, ...LEARNING, ...BETTING };
const THEMES = { auto: "light dark", light: "light", dark: "dark" };

function start() {
  const state = new State({ theme: oneOf("auto", Object.keys(THEMES)), ...SETTINGS });
  const notice = document.getElementById("notice");
  const drawers = new Map();
  const waiting = new Set();
  let part = null;

  // Several changes in one turn are drawn once; a part is built when it is first near the window.
  const redraw = (name) => {
    if (waiting.size === 0)
      requestAnimationFrame(() => {
        const due = [...waiting];
        waiting.clear();
        for (const one of due) drawers.get(one)?.();
      });
    waiting.add(name);
  };
  const build = (name) => {
    if (drawers.has(name)) return;
    const section = document.getElementById(name);
    const finding = html("p", { class: "finding", role: "status" });
    const draw = PARTS[name](state, section.querySelector(".lab"), finding);
    drawers.set(name, draw);
    state.set({}); // the part's own rules hold from now on
    draw();
    let width = section.clientWidth;
    new ResizeObserver(() => {
      if (section.clientWidth !== width) redraw(name);
      width = section.clientWidth;
    }).observe(section);
  };
  const near = new IntersectionObserver(
    (entries) => {
      for (const entry of entries) if (entry.isIntersecting) build(entry.target.id);
    },
    { rootMargin: "600px" },
  );

  const read = () => {
    const found = state.read(window.location.hash, Object.keys(PARTS));
    part = found.part ?? part;
    notice.replaceChildren(...found.problems.slice(0, 3).map((one) => html("p", {}, one)));
    if (found.part) {
      // What stands above takes its final height first.
      const names = Object.keys(PARTS);
      for (const name of names.slice(0, names.indexOf(found.part) + 1)) build(name);
      document.getElementById(found.part).scrollIntoView({ behavior: "instant" });
    }
  };
  let writing = 0;
  const write = () => {
    clearTimeout(writing);
    writing = setTimeout(() => {
      const fragment = state.fragment(part);
      if (`#${fragment}` !== window.location.hash && (fragment || window.location.hash)) {
        history.replaceState(null, "", fragment ? `#${fragment}` : window.location.pathname);
      }
    }, 200);
  };
  state.listeners.push((names) => {
    document.documentElement.style.colorScheme = THEMES[state.get("theme")];
    const touched = new Set(names.map((name) => name.split("-")[0]));
    for (const one of touched) if (one in PARTS) [part] = [one, redraw(one)];
    write();
  });
  themeButton(state);
  read();
  window.addEventListener("hashchange", read);
  for (const name of Object.keys(PARTS)) near.observe(document.getElementById(name));
  // The others are built while nothing else is to do, so that nothing moves while one scrolls.
  const rest = () => {
    const next = Object.keys(PARTS).find((name) => !drawers.has(name));
    if (!next) return;
    build(next);
    idle(rest);
  };
  idle(rest);
}

function idle(act) {
  if (window.requestIdleCallback) requestIdleCallback(act, { timeout: 2000 });
  else setTimeout(act, 200);
}

function themeButton(state) {
  const names = Object.keys(THEMES);
  const press = () =>
    state.set({ theme: names[(names.indexOf(state.get("theme")) + 1) % names.length] });
  const element = html("button", { type: "button", click: press });
  const show = () => say(element, `Theme: ${state.get("theme")}`);
  state.listeners.push(show);
  show();
  document.querySelector("nav").append(element);
}

start();
