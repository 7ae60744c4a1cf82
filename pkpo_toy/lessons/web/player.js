// Playing a recorded training: play and pause, one step on or back, scrub, speed.

import { button } from "./controls.js";
import { html, say } from "./dom.js";

const STAY = 1200; // milliseconds that an event stays, at least

// names: { at, speed } are settings of the state; `last()` is the last report, `turns()` the
// reports that deserve a look.
export function player(state, names, { last, turns, text }) {
  let playing = false,
    before = 0,
    owed = 0,
    rest = 0;
  const toggle = button("Play", () => (playing ? pause() : play()), { class: "main" });
  const scrub = html("input", {
    type: "range",
    min: 0,
    step: 1,
    "aria-label": "Step of the training",
    "data-setting": names.at,
    input: () => {
      pause();
      state.set({ [names.at]: Number(scrub.value) });
    },
  });
  const output = html("output");

  function pause() {
    playing = false;
    say(toggle, state.get(names.at) >= last() ? "Play again" : "Play");
  }

  function play() {
    if (state.get(names.at) >= last()) state.set({ [names.at]: 0 });
    playing = true;
    before = performance.now();
    owed = rest = 0;
    say(toggle, "Pause");
    requestAnimationFrame(frame);
  }

  function frame(now) {
    if (!playing) return;
    const passed = Math.min(now - before, 100);
    before = now;
    rest -= passed;
    if (rest <= 0) {
      owed += (passed / 1000) * Number(state.get(names.speed));
      if (owed >= 1) advance();
    }
    if (playing) requestAnimationFrame(frame);
  }

  function advance() {
    const at = state.get(names.at);
    const goal = Math.min(at + Math.floor(owed), last());
    const turn = turns().find((one) => one > at && one <= goal);
    owed -= Math.floor(owed);
    rest = turn === undefined ? 0 : STAY;
    state.set({ [names.at]: turn ?? goal });
    if (state.get(names.at) >= last()) pause();
  }

  const step = (by) => () => {
    pause();
    state.set({ [names.at]: Math.min(Math.max(state.get(names.at) + by, 0), last()) });
  };
  const bar = html(
    "div",
    { class: "player" },
    toggle,
    button("◀ Step", step(-1), { "aria-label": "One step back" }),
    button("Step ▶", step(1), { "aria-label": "One step on" }),
    scrub,
    output,
  );
  const show = () => {
    scrub.max = last();
    scrub.value = state.get(names.at);
    const written = text();
    scrub.setAttribute("aria-valuetext", written);
    say(output, written);
    if (!playing) say(toggle, state.get(names.at) >= last() ? "Play again" : "Play");
  };
  return { bar, show, pause };
}
