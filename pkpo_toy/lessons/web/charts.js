// Charts in SVG. A chart is drawn again and again: frame(...), then marks by key, then done().
// Marks that are named again are changed in place, those that are not disappear.

import { change, html, svg } from "./dom.js";
import { MARKERS } from "./looks.js";
import { range, shown } from "./numbers.js";

const LEFT = 44,
  RIGHT = 14,
  TOP = 24,
  BOTTOM = 38;
const STROKE = 1.8;

// A linear or logarithmic scale from values to pixels.
class Scale {
  constructor([low, high], [start, end], log = false) {
    Object.assign(this, { low, high, start, end, log });
    this.by = log ? Math.log : (value) => value;
  }

  at(value) {
    const { by, low, high, start, end } = this;
    return start + ((by(value) - by(low)) / (by(high) - by(low))) * (end - start);
  }

  from(pixel) {
    const { by, low, high, start, end } = this;
    const value = by(low) + ((pixel - start) / (end - start)) * (by(high) - by(low));
    return this.log ? Math.exp(value) : value;
  }

  // Round values some 60 pixels apart.
  ticks(apart) {
    const count = Math.max(2, Math.abs(this.end - this.start) / apart);
    if (this.log)
      return range(0, 12)
        .map((i) => 2 ** i)
        .filter((v) => v >= this.low && v <= this.high);
    const rough = (this.high - this.low) / count;
    const power = 10 ** Math.floor(Math.log10(rough));
    const step = power * [1, 2, 5, 10].find((one) => one * power >= rough * 0.999);
    const first = Math.ceil(this.low / step - 1e-9);
    const last = Math.floor(this.high / step + 1e-9);
    const digits = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
    return range(first, last + 1).map((i) => Number((i * step).toFixed(digits)));
  }
}

export class Chart {
  // label: what the chart shows, for those who do not see it; height in pixels.
  constructor(
    host,
    { label, height = 240, left = LEFT, bottom = BOTTOM, top = TOP, right = RIGHT },
  ) {
    this.margins = { left, bottom, top, right };
    this.height = height;
    this.axes = svg("g", { class: "axes", "aria-hidden": "true" });
    this.marks = svg("g", { class: "marks" });
    this.root = svg("svg", { role: "img", "aria-label": label, height }, this.axes, this.marks);
    this.host = html("div", { class: "chart" }, this.root);
    host.append(this.host);
    this.known = new Map();
    this.named = new Set();
    this.width = 0;
  }

  // The axes: domains x, y as [low, high], their titles, and which ticks are written.
  frame({
    x,
    y,
    xTitle = "",
    yTitle = "",
    xTicks,
    yTicks,
    log = false,
    xText = String,
    yText = String,
    grid = true,
  }) {
    // Charts grow with the text of the page, which is larger on a projector.
    const unit = parseFloat(getComputedStyle(document.documentElement).fontSize) / 16;
    const pixels = Math.max(200, Math.floor(this.host.clientWidth) || 320);
    const width = pixels / unit;
    const { left, right, top, bottom } = this.margins;
    const signature = JSON.stringify([width, x, y, xTitle, yTitle, xTicks, yTicks, log, grid]);
    if (signature !== this.signature) {
      this.signature = signature;
      this.width = width;
      change(this.root, {
        width: pixels,
        height: this.height * unit,
        viewBox: `0 0 ${width} ${this.height}`,
      });
      this.x = new Scale(x, [left, width - right], log);
      this.y = new Scale(y, [this.height - bottom, top]);
      // What a mark's pixels mean, for those who read the drawing back.
      change(this.root, {
        "data-x": [...x, this.x.start, this.x.end, log ? "log" : "linear"].join(" "),
        "data-y": [...y, this.y.start, this.y.end].join(" "),
      });
      this.drawAxes({ xTitle, yTitle, xTicks, yTicks, xText, yText, grid });
    }
    this.named.clear();
  }

  drawAxes({ xTitle, yTitle, xTicks, yTicks, xText, yText, grid }) {
    const { left, right } = this.margins;
    const bottom = this.y.start,
      end = this.width - right;
    const parts = [svg("line", { class: "axis", x1: left, x2: end, y1: bottom, y2: bottom })];
    for (const tick of xTicks ?? this.x.ticks(64)) {
      const x = this.x.at(tick);
      parts.push(svg("line", { class: "axis", x1: x, x2: x, y1: bottom, y2: bottom + 4 }));
      parts.push(
        svg(
          "text",
          { x, y: bottom + 17, "text-anchor": "middle" },
          xText(tick).replace("-", "\u2212"),
        ),
      );
    }
    for (const tick of yTicks ?? this.y.ticks(44)) {
      const y = this.y.at(tick);
      if (grid) parts.push(svg("line", { class: "grid", x1: left, x2: end, y1: y, y2: y }));
      parts.push(
        svg(
          "text",
          { x: left - 6, y: y + 4, "text-anchor": "end" },
          yText(tick).replace("-", "\u2212"),
        ),
      );
    }
    if (xTitle)
      parts.push(
        svg("text", { class: "title", x: end, y: this.height - 4, "text-anchor": "end" }, xTitle),
      );
    if (yTitle) parts.push(svg("text", { class: "title", x: 2, y: 11 }, yTitle));
    this.axes.replaceChildren(...parts);
  }

  // The element of that key, made if need be.
  mark(tag, key, attributes) {
    let element = this.known.get(key);
    if (!element) {
      element = svg(tag, { "data-mark": key });
      this.known.set(key, element);
      this.marks.append(element);
    }
    this.named.add(key);
    return change(element, attributes);
  }

  done() {
    for (const [key, element] of this.known) {
      if (this.named.has(key)) continue;
      element.remove();
      this.known.delete(key);
    }
  }

  path(points) {
    let text = "";
    for (const [x, y] of points) {
      text += `${text ? "L" : "M"}${this.x.at(x).toFixed(2)} ${this.y.at(y).toFixed(2)}`;
    }
    return text;
  }

  line(key, points, look, { width = STROKE, faint = false } = {}) {
    return this.mark("path", key, {
      class: faint ? "line faint" : "line",
      d: this.path(points),
      style: strokeOf(look, width),
    });
  }

  area(key, points, look, className = "area") {
    const last = points[points.length - 1];
    const closed = [...points, [last[0], this.y.low], [points[0][0], this.y.low]];
    return this.mark("path", key, {
      class: className,
      d: `${this.path(closed)}Z`,
      style: `--look:${look.color}`,
    });
  }

  // Bars between edges, as one shape: heights[i] from edges[i] to edges[i + 1].
  bars(key, edges, heights, look, className = "area") {
    const base = this.y.start;
    let text = `M${this.x.at(edges[0]).toFixed(2)} ${base.toFixed(2)}`;
    heights.forEach((height, i) => {
      const y = this.y.at(height).toFixed(2);
      text += `V${y}H${this.x.at(edges[i + 1]).toFixed(2)}`;
    });
    return this.mark("path", key, {
      class: className,
      d: `${text}V${base.toFixed(2)}Z`,
      style: `--look:${look.color}`,
    });
  }

  vertical(key, x, look, { from = this.y.high, to = this.y.low, width = STROKE } = {}) {
    return this.line(
      key,
      [
        [x, to],
        [x, from],
      ],
      look,
      { width },
    );
  }

  horizontal(key, y, look, { width = STROKE } = {}) {
    return this.line(
      key,
      [
        [this.x.low, y],
        [this.x.high, y],
      ],
      look,
      { width },
    );
  }

  dot(key, x, y, look, { size = 1, hollow = false } = {}) {
    return this.mark("path", key, {
      class: hollow ? "dot hollow" : "dot",
      d: MARKERS[look.marker],
      transform: `translate(${this.x.at(x).toFixed(2)} ${this.y.at(y).toFixed(2)}) scale(${size})`,
      style: `--look:${look.color}`,
    });
  }

  // Text beside a place; moved by pixels; kept inside the chart.
  text(key, x, y, text, { dx = 0, dy = 0, anchor = "start", className = "label" } = {}) {
    const element = this.mark("text", key, {
      class: className,
      x: (this.x.at(x) + dx).toFixed(1),
      y: (this.y.at(y) + dy).toFixed(1),
      "text-anchor": anchor,
    });
    if (element.textContent !== text) element.textContent = text;
    return element;
  }

  // The names of lines at their right ends, moved apart where they would overlap.
  ends(labels) {
    const apart = 14;
    const placed = labels
      .map((one) => ({ ...one, at: this.y.at(one.y) }))
      .sort((a, b) => a.at - b.at);
    placed.forEach((one, i) => {
      if (i > 0) one.at = Math.max(one.at, placed[i - 1].at + apart);
    });
    const over = placed.length ? placed[placed.length - 1].at - this.y.start : 0;
    placed.forEach((one, i) => {
      one.at -= Math.max(0, over);
      this.text(one.key, one.x, one.y, one.text, { dx: 10, dy: one.at - this.y.at(one.y) + 4 });
    });
  }

  // Where a pointer is, in the chart's values.
  place(event) {
    const box = this.root.getBoundingClientRect();
    return {
      x: this.x.from(((event.clientX - box.left) / box.width) * this.width),
      y: this.y.from(((event.clientY - box.top) / box.height) * this.height),
    };
  }
}

// How a line of this look is drawn: its color, and its dashes as long as it is wide.
function strokeOf(look, width) {
  const parts = look.dash ? look.dash.split(" ").map((part) => part * width) : ["none"];
  return `--look:${look.color};stroke-width:${width};stroke-dasharray:${parts.join(" ")}`;
}

// A legend: a sample of each look and its name; bar: the class of a shape instead of a line.
export function legend(host, entries) {
  host.replaceChildren(
    ...entries.map(({ look, text, bar = "" }) => {
      const sample = svg("svg", { width: 34, height: 12, "aria-hidden": "true" });
      if (bar)
        sample.append(
          svg("path", { class: bar, d: "M4 1H30V11H4Z", style: `--look:${look.color}` }),
        );
      else {
        const style = strokeOf(look, STROKE);
        sample.append(svg("path", { class: "line", d: "M1 6H33", style }));
        const transform = "translate(17 6)";
        sample.append(
          svg("path", {
            class: "dot",
            d: MARKERS[look.marker],
            transform,
            style: `--look:${look.color}`,
          }),
        );
      }
      return html("span", { class: "entry" }, sample, text);
    }),
  );
}

export function axisNumber(digits) {
  return (value) => shown(value, digits);
}
