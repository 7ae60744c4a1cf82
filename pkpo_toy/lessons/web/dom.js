// Elements of the page. Text is always set as text, never as HTML.

const SVG_NAMESPACE = "http://www.w3.org/2000/svg";

function filled(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false || value === null || value === undefined) continue;
    if (typeof value === "function") element.addEventListener(name, value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.map((child) => (typeof child === "string" ? kept(child) : child)));
  return element;
}

export function html(tag, attributes = {}, ...children) {
  return filled(document.createElement(tag), attributes, children);
}

export function svg(tag, attributes = {}, ...children) {
  return filled(document.createElementNS(SVG_NAMESPACE, tag), attributes, children);
}

export function change(element, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    const text = String(value);
    if (element.getAttribute(name) !== text) element.setAttribute(name, text);
  }
  return element;
}

// No line ends inside "k = 1".
export function kept(text) {
  return text.replace(/ ([=>±]) /g, "\u00a0$1\u00a0");
}

// Replaces the text of an element.
export function say(element, ...pieces) {
  const text = kept(pieces.join(" "));
  if (element.textContent !== text) element.textContent = text;
}

const SLICE = 8; // milliseconds of arithmetic between two frames

// Long arithmetic, some in every frame. The function returned takes one that does a piece more and
// says whether any is left, and one that says whether such pieces change the picture: then `draw`
// comes again with every frame, else once, when all is done.
export function patient(host, draw) {
  let waiting = 0;
  return (more, changes = () => true) => {
    cancelAnimationFrame(waiting);
    const slice = () => {
      const until = performance.now() + SLICE;
      let left = more();
      while (left && performance.now() < until) left = more();
      change(host, { "aria-busy": left });
      if (left) waiting = requestAnimationFrame(changes() ? draw : () => slice() || draw());
      return left;
    };
    slice();
  };
}

export function reducedMotion() {
  return window.matchMedia("(prefers-reduced-motion: reduce)").matches;
}
