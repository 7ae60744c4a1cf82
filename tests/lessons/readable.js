// What a page owes its readers, checked in the page itself; each function lists what fails.

// Text against what is painted behind it: 4.5 to 1, or 3 to 1 where it is large.
function pale() {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const rgb = (color) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = color;
    canvas.fillRect(0, 0, 1, 1);
    return canvas.getImageData(0, 0, 1, 1).data;
  };
  const light = ([r, g, b]) =>
    [r, g, b]
      .map((v) => v / 255)
      .map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
      .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = (element) => {
    for (let one = element; one; one = one.parentElement) {
      const color = rgb(getComputedStyle(one).backgroundColor);
      if (color[3] === 255) return color;
    }
    return [255, 255, 255];
  };
  const bad = [];
  for (const element of document.querySelectorAll("body *")) {
    const own = [...element.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim());
    const left = element.closest("script, style, .off, :disabled, .skip");
    if (!own || left || !element.getClientRects().length) continue;
    const style = getComputedStyle(element);
    const drawn = element instanceof SVGElement ? style.fill : style.color;
    const pair = [light(rgb(drawn)), light(behind(element))].sort((a, b) => b - a);
    const ratio = (pair[0] + 0.05) / (pair[1] + 0.05);
    const size = parseFloat(style.fontSize);
    const large = size >= 24 || (size >= 18.7 && style.fontWeight >= 700);
    if (ratio < (large ? 3 : 4.5)) bad.push([element.textContent.slice(0, 40), ratio]);
  }
  return bad;
}

// What is pressed or dragged is at least 24 pixels high and wide.
function small() {
  return [...document.querySelectorAll("button, select, input, textarea, nav a, summary")]
    .filter((one) => one.getClientRects().length)
    .map((one) => (one.type === "checkbox" ? one.closest("label") : one))
    .map((one) => [one.textContent.slice(0, 30), one.getBoundingClientRect()])
    .filter(([, box]) => box.width < 24 || box.height < 24)
    .map(([text, box]) => [text, box.width, box.height]);
}

// No text of a chart reaches beyond its card.
function outside() {
  return [...document.querySelectorAll(".lab .chart text")]
    .filter((one) => one.getClientRects().length)
    .filter((one) => {
      const box = one.getBoundingClientRect(), card = one.closest(".lab").getBoundingClientRect();
      return box.left < card.left - 1 || box.right > card.right + 1;
    })
    .map((one) => one.textContent);
}
