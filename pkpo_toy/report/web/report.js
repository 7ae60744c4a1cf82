"use strict";
(() => {
const every = (selector, root = document) => [...root.querySelectorAll(selector)];
const label = document.getElementById("name");

// Curves: told by the name that the legend gives them, in all figures of the page.

let lit = "";

function light(name) {
  lit = name;
  for (const svg of every("figure svg")) {
    const named = every("[data-name]", svg);
    const on = named.filter((one) => one.dataset.name === name);
    svg.classList.toggle("lit", on.length > 0);
    for (const one of named) one.classList.toggle("on", on.includes(one));
  }
  if (!name) label.textContent = "";
}

function sayName(name, x, y) {
  label.textContent = name;
  const { width, height } = label.getBoundingClientRect();
  label.style.left = `${Math.max(4, Math.min(x + 14, innerWidth - width - 4))}px`;
  label.style.top = `${y > height + 18 ? y - height - 10 : y + 18}px`;
}

function toggle(svg, name) {
  const same = every("[data-name]", svg).filter((one) => one.dataset.name === name);
  const off = !same[0].classList.contains("off");
  for (const one of same) {
    one.classList.toggle("off", off);
    if (one.hasAttribute("role")) one.setAttribute("aria-pressed", String(!off));
  }
  svg.showAll.hidden = !svg.querySelector(".off");
}

const nameAt = (event) => event.target.closest("[data-name]")?.dataset.name ?? "";

function prepare(svg) {
  const names = {};
  for (const entry of every("[data-entry]", svg)) {
    names[entry.dataset.entry] ||= entry.textContent.trim();
  }
  for (const one of every("[data-entry], [data-series]", svg)) {
    one.dataset.name = names[one.dataset.entry ?? one.dataset.series];
    widen(one);
  }
  svg.setAttribute("role", "group");
  svg.showAll = svg.closest("figure").appendChild(document.createElement("button"));
  Object.assign(svg.showAll, { className: "all", textContent: "Show all curves", hidden: true });
  svg.showAll.addEventListener("click", () => {
    for (const name of new Set(every("[data-entry].off", svg).map((one) => one.dataset.name))) {
      toggle(svg, name);
    }
  });
  listen(svg);
}

// Room for a pointer around thin lines and small letters.
function widen(one) {
  if (one.dataset.entry === undefined) {
    for (const path of every("path", one)) {
      if (path.closest("defs") || getComputedStyle(path).fill !== "none") continue;
      const hit = path.cloneNode();
      hit.setAttribute("class", "hit");
      path.after(hit);
    }
    return;
  }
  const box = one.getBBox();
  const hit = document.createElementNS("http://www.w3.org/2000/svg", "rect");
  const place = { x: box.x - 2, y: box.y, width: box.width + 4, height: box.height };
  for (const [key, value] of Object.entries({ ...place, class: "hit" })) hit.setAttribute(key, value);
  one.append(hit);
  if (one.textContent.trim()) {
    one.setAttribute("role", "button");
    one.setAttribute("tabindex", "0");
    one.setAttribute("aria-pressed", "true");
  }
}

function listen(svg) {
  let armed = true;
  svg.addEventListener("pointermove", (event) => {
    const name = nameAt(event);
    if (name !== lit) light(name);
    if (name) sayName(name, event.clientX, event.clientY);
  });
  svg.addEventListener("pointerleave", (event) => {
    if (event.pointerType !== "touch") light("");
  });
  // The first tap of a finger names a curve, the second hides it.
  svg.addEventListener("pointerdown", (event) => {
    armed = event.pointerType !== "touch" || nameAt(event) === lit;
  });
  svg.addEventListener("click", (event) => {
    const name = nameAt(event);
    if (name && armed) toggle(svg, name);
    light(name);
    if (name) sayName(name, event.clientX, event.clientY);
  });
  svg.addEventListener("focusin", (event) => light(nameAt(event)));
  svg.addEventListener("focusout", () => light(""));
  svg.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    toggle(svg, nameAt(event));
  });
}

// Tables: all rows are in the CSV of the link.

function parsed(text) {
  const rows = [[]];
  for (const [, quoted, plain, end] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^,\n]*))(,|\n|$)/g)) {
    rows.at(-1).push(quoted?.replaceAll('""', '"') ?? plain);
    if (end === "\n") rows.push([]);
    if (end === "") break;
  }
  return rows.slice(0, -1);
}

// Four significant digits as Python's "%.4g" writes them (but a tie is rounded up); whole numbers
// and words as they are.
const WHOLE = 1e6;

function short(text) {
  if (!/[.e]/.test(text) || !isNumber(text)) return text;
  if (Number.isInteger(Number(text)) && Math.abs(text) < WHOLE) return String(Number(text));
  const [digits, power] = Number(text).toExponential(3).split("e");
  if (power >= -4 && power < 4) return String(Number(Number(text).toPrecision(4)));
  return `${Number(digits)}e${power[0]}${power.slice(1).padStart(2, "0")}`;
}

const isNumber = (text) => text !== "" && Number.isFinite(Number(text));

function compare(one, other) {
  if (isNumber(one) && isNumber(other)) return Number(one) - Number(other);
  return one.localeCompare(other);
}

function enliven(box) {
  const link = box.querySelector(".csv");
  if (!link) return;
  const href = link.getAttribute("href");
  const [, ...rows] = parsed(decodeURIComponent(href.slice(href.indexOf(",") + 1)));
  const heads = every("th", box);
  const body = box.querySelector("tbody");
  const count = box.querySelector(".count");
  let shown = body.rows.length;

  function draw() {
    body.replaceChildren(...rows.slice(0, shown).map((row) => {
      const line = document.createElement("tr");
      row.forEach((text, column) => {
        const cell = line.insertCell();
        cell.className = heads[column].className;
        cell.textContent = short(text);
      });
      return line;
    }));
  }

  function sort(column) {
    const down = heads[column].getAttribute("aria-sort") === "ascending";
    for (const head of heads) head.removeAttribute("aria-sort");
    heads[column].setAttribute("aria-sort", down ? "descending" : "ascending");
    rows.sort((a, b) => {
      const [one, other] = [a[column], b[column]];
      // What is missing stands at the end, whichever the order.
      if (one === "" || other === "") return (one === "") - (other === "");
      return down ? compare(other, one) : compare(one, other);
    });
    draw();
  }

  heads.forEach((head, column) => {
    const button = document.createElement("button");
    button.textContent = head.textContent;
    button.addEventListener("click", () => sort(column));
    head.replaceChildren(button);
  });
  if (rows.length > shown) {
    const more = document.createElement("button");
    more.className = "more";
    more.textContent = `Show all ${rows.length} rows`;
    more.addEventListener("click", () => {
      shown = rows.length;
      count.textContent = `${shown} rows`;
      more.remove();
      draw();
    });
    count.after(" ", more);
  }
}

for (const svg of every("figure svg")) prepare(svg);
for (const box of every(".table")) enliven(box);
})();
