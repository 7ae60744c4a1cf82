// Part 7: the reader's own numbers, problem,n,c, as a pass@k curve with its interval.

import { Chart } from "./charts.js";
import { button } from "./controls.js";
import { html, say } from "./dom.js";
import { fixed } from "./numbers.js";
import { atEachK, defaultKs, isTooLong, readCounts } from "./samples.js";

const LOOK = { color: "#0072B2", dash: "", marker: "o" };
export const EXAMPLE =
  "problem,n,c\nalgebra,50,9\nfractions,50,31\nangles,50,2\nchance,40,0\nprimes,50,17\nlimits,50,1\nseries,60,24\nsets,50,45\n";

export function buildCounts(state, host, finding) {
  const area = html("textarea", {
    id: "pasted",
    rows: 8,
    spellcheck: "false",
    input: () => write(area.value),
    paste: refuse,
    drop: refuse,
  });
  area.value = EXAMPLE;
  const figures = html("div", { class: "figures" });
  host.append(
    html(
      "div",
      { class: "controls" },
      html(
        "div",
        { class: "wide" },
        html(
          "label",
          { for: "pasted" },
          "Your table: a line problem,n,c, then one line per problem (nothing leaves this page)",
        ),
        area,
      ),
      html(
        "div",
        { class: "buttons" },
        button("Example", () => {
          write(EXAMPLE);
        }),
        button("Clear", () => {
          write("");
          area.focus();
        }),
      ),
    ),
    figures,
    finding,
  );
  const chart = new Chart(figures, { label: "pass@k over k with its 95% interval", height: 260 });
  const table = html("table"),
    scroll = html("div", { class: "scroll", tabindex: 0 }, table);
  host.append(scroll);

  let refused = null; // what became of a text that was not let in

  function write(text) {
    if (area.value !== text) area.value = text;
    refused = null;
    draw();
  }

  // A browser's own field takes minutes over megabytes: such a text is not let in.
  function refuse(event) {
    const pasted = (event.clipboardData ?? event.dataTransfer)?.getData("text") ?? "";
    if (!isTooLong(pasted)) return;
    event.preventDefault();
    refused = readCounts(pasted);
    draw();
  }

  function draw() {
    const { rows, fault } = refused ?? readCounts(area.value);
    chart.host.hidden = scroll.hidden = Boolean(fault);
    area.setAttribute("aria-invalid", String(Boolean(fault)));
    if (fault) return void say(finding, fault);
    const ks = defaultKs(rows),
      found = atEachK(rows, ks);
    drawCounts(chart, found);
    const head = html(
      "tr",
      {},
      ...["k", "pass@k", "± one standard error", "95% interval"].map((name) =>
        html("th", { scope: "col" }, name),
      ),
    );
    const body = found.map((one) =>
      html(
        "tr",
        {},
        html("th", { scope: "row" }, String(one.k)),
        html("td", {}, fixed(one.value)),
        html("td", {}, isNaN(one.se) ? "one problem" : fixed(one.se)),
        html("td", {}, isNaN(one.se) ? "–" : `${fixed(one.low)} to ${fixed(one.high)}`),
      ),
    );
    table.replaceChildren(html("thead", {}, head), html("tbody", {}, ...body));
    say(finding, ...countSentences(rows, found));
  }
  return draw;
}

function drawCounts(chart, found) {
  const last = Math.max(2, found.at(-1).k);
  chart.frame({
    x: [1, last],
    y: [0, 1.02],
    log: true,
    xTicks: found.map((one) => one.k),
    xTitle: "tries k",
    yTitle: "pass@k",
    yTicks: [0, 0.25, 0.5, 0.75, 1],
  });
  if (!isNaN(found[0].low)) {
    const points = [
      ...found.map((one) => [one.k, one.low]),
      ...found.toReversed().map((one) => [one.k, one.high]),
    ];
    chart.mark("path", "interval", {
      class: "interval",
      d: `${chart.path(points)}Z`,
      style: `--look:${LOOK.color}`,
    });
  }
  chart.line(
    "pass@k",
    found.map((one) => [one.k, one.value]),
    LOOK,
  );
  for (const one of found) chart.dot(`pass@${one.k}`, one.k, one.value, LOOK);
  chart.done();
}

function countSentences(rows, found) {
  const first = found[0],
    last = found.at(-1);
  const never = rows.filter(({ c }) => c === 0).length;
  const problems = `${rows.length} problem${rows.length === 1 ? "" : "s"}`;
  const interval = isNaN(last.se)
    ? "With one problem there is no interval."
    : `The 95% interval of pass@${last.k} is ${fixed(last.low)} to ${fixed(last.high)}.`;
  return [
    `${problems}: pass@1 is ${fixed(first.value)}, pass@${last.k} is ${fixed(last.value)}.`,
    interval,
    never
      ? `${never} ${never === 1 ? "was" : "were"} never solved.`
      : "Each was solved at least once.",
    `The table ends at k = ${last.k}, the last of 1, 2, 5, 10, … that every n allows.`,
  ];
}
