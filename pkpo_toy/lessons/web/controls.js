// Controls that read and write the page's state: each has a label, and works by keyboard and touch.

import { html, say } from "./dom.js";

let made = 0;

function labelled(text, control, ...more) {
  control.id = `control-${++made}`;
  return html(
    "div",
    { class: "control" },
    html("label", { for: control.id }, text),
    control,
    ...more,
  );
}

// A slider over a number of the state. `text` writes its value; a logarithmic one moves in ratios.
export function slider(state, name, label, { text = String, log = false, high } = {}) {
  const kind = state.kinds[name];
  const top = () => Math.min(kind.high, high ? high() : Infinity);
  const toSlider = (value) => (log ? Math.round(1000 * Math.log(value)) / 1000 : value);
  const fromSlider = (value) => {
    const number = log ? Math.exp(value) : value;
    const rounded = kind.low + Math.round((number - kind.low) / kind.step) * kind.step;
    return Number(Math.min(Math.max(rounded, kind.low), top()).toFixed(6));
  };
  const input = html("input", {
    type: "range",
    "data-setting": name,
    step: log ? "any" : kind.step,
    input: () => state.set({ [name]: fromSlider(Number(input.value)) }),
  });
  const output = html("output");
  if (log) {
    // One press of an arrow key is one step of the value.
    input.addEventListener("keydown", (event) => {
      const way = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1 }[event.key];
      if (!way) return;
      event.preventDefault();
      const value = state.get(name);
      const next = Math.max(kind.step, kind.step * Math.round((value * 0.05) / kind.step)) * way;
      state.set({ [name]: Number(Math.min(Math.max(value + next, kind.low), top()).toFixed(6)) });
    });
  }
  const show = () => {
    input.min = toSlider(kind.low);
    input.max = toSlider(top());
    input.value = toSlider(state.get(name));
    const written = text(state.get(name));
    input.setAttribute("aria-valuetext", written);
    say(output, written);
  };
  state.listeners.push(show);
  show();
  return labelled(label, input, output);
}

// A field for a whole number; a value outside its range is refused with a sentence.
export function numberField(state, name, label) {
  const kind = state.kinds[name];
  const complaint = html("span", { class: "complaint", role: "status" });
  const input = html("input", {
    type: "number",
    "data-setting": name,
    min: kind.low,
    max: kind.high,
    step: kind.step,
    change: () => {
      const value = kind.read(input.value.trim());
      say(complaint, value === undefined ? `Please give ${kind.must}.` : "");
      if (value !== undefined) state.set({ [name]: value });
    },
  });
  const show = () => {
    if (kind.read(input.value.trim()) !== state.get(name)) {
      input.value = state.get(name);
      say(complaint, "");
    }
  };
  state.listeners.push(show);
  show();
  return labelled(label, input, complaint);
}

export function select(state, name, label, options) {
  const input = html("select", {
    "data-setting": name,
    change: () => state.set({ [name]: input.value }),
  });
  const show = () => {
    const entries = options();
    const signature = entries.map(([value]) => value).join();
    if (input.dataset.options !== signature) {
      input.dataset.options = signature;
      input.replaceChildren(...entries.map(([value, text]) => html("option", { value }, text)));
    }
    input.value = state.get(name);
  };
  state.listeners.push(show);
  show();
  return labelled(label, input);
}

// Boxes to tick: one to `most` of the options; `allowed` says which can be ticked now.
export function boxes(state, name, label, options, allowed = () => true) {
  const kind = state.kinds[name];
  const inputs = options.map(([value, text, sample]) => {
    const input = html("input", {
      type: "checkbox",
      "data-setting": name,
      value,
      change: () => {
        const chosen = state.get(name).filter((one) => one !== value);
        state.set({ [name]: input.checked ? [...chosen, value].slice(-kind.most) : chosen });
      },
    });
    return { input, value, element: html("label", { class: "box" }, input, sample ?? "", text) };
  });
  const show = () => {
    const chosen = state.get(name);
    for (const { input, value, element } of inputs) {
      const reason = allowed(value);
      input.checked = chosen.includes(value);
      // The last one stays: something must be drawn.
      input.disabled = reason !== true || (input.checked && chosen.length === 1);
      element.title = reason === true ? "" : reason;
      element.classList.toggle("off", reason !== true);
    }
  };
  state.listeners.push(show);
  show();
  return html(
    "fieldset",
    { class: "boxes" },
    html("legend", {}, label),
    ...inputs.map((one) => one.element),
  );
}

export function button(text, act, attributes = {}) {
  return html("button", { type: "button", ...attributes, click: act }, text);
}
