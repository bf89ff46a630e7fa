/** Where labels and pictures stand in a page, measured in the page. */

/** What should be at one place: its name, where it should be, and where it is, in pixels. */
export type Place = readonly [name: string, expected: number, actual: number];

/** What all measures share. An SVG in an image is measured in a copy of its own, as its parts cannot be reached. */
const TOOLS = `
const box = (one) => one.getBoundingClientRect();
const midX = (one) => (box(one).left + box(one).right) / 2;
const midY = (one) => (box(one).top + box(one).bottom) / 2;
const isShown = (one) => box(one).width > 0 && box(one).height > 0;
const shown = (selector, root = document) => Array.from(root.querySelectorAll(selector)).filter(isShown);
const pictureOf = () => shown("table img").findLast((one) => tableOf(one).rows.length > 1 && one.closest("tr").cells.length < 4);
const tableOf = (one) => one.closest("table");
const textOf = (one) => one.innerText.trim();
const innerOf = (img) => {
  const bytes = Uint8Array.from(atob(img.src.split(",")[1]), (sign) => sign.charCodeAt(0));
  const frame = document.createElement("div");
  frame.style.cssText = "position:absolute;left:0;top:0;line-height:0";
  frame.attachShadow({ mode: "open" }).innerHTML = new TextDecoder().decode(bytes);
  document.body.append(frame);
  const svg = frame.shadowRoot.querySelector("svg");
  const [from, to] = [box(svg), box(img)];
  const x = (at) => to.left + (at - from.left) * to.width / from.width;
  const y = (at) => to.top + (at - from.top) * to.height / from.height;
  const parts = (selector) => Array.from(svg.querySelectorAll(selector), (one) => ({ x: x(midX(one)), y: y(midY(one)) }));
  const found = { rules: parts("[aria-label=rule] line"), dots: parts("[aria-label=dot] circle"), bars: parts("[aria-label=bar] rect") };
  frame.remove();
  return found;
};
/** Labels above or below the columns of a picture. */
const columns = (spans, picture, count, first = 0) =>
  spans.map((span, i) => ["column " + i, box(picture).left + (i + first + 0.5) * box(picture).width / count, midX(span)]);
const rows = (labels, picture, count = labels.length) =>
  labels.map((label, i) => ["row " + i, box(picture).top + (i + 0.5) * box(picture).height / count, midY(label)]);
const headsOf = (picture, row = 0) =>
  Array.from(tableOf(picture).rows[row].cells[1].children).filter((one) => one.localName === "span");
`;

/** Rows, columns and both ends of all lines of a matrix of attention. */
const MATRIX = `
const labels = shown(".o");
const picture = shown(".i,.f").find((one) => one.closest("table")?.querySelector(".o"));
const svg = shown("svg.b")[0];
const heads = headsOf(picture);
const ends = shown("td.x:last-child").filter((one) => one.closest("tr").querySelector(".o"));
const at = (x, y) => new DOMPoint(x, y).matrixTransform(svg.getScreenCTM());
const { y: start } = svg?.viewBox.baseVal ?? { y: 0 };
const lines = svg === undefined ? [] : Array.from(svg.querySelectorAll("path")).flatMap((path) => {
  const [, from, to] = /^M0 (\\d+)L9 (\\d+)$/.exec(path.getAttribute("d")).map(Number);
  const [a, b] = [at(0, from), at(9, to)];
  const [left, right] = [labels[from - start - 0.5], ends[to - start - 0.5]];
  return [
    ["line " + from + " to " + to + " begins", midY(left), a.y],
    ["line " + from + " to " + to + " ends", midY(right), b.y],
    ["line " + from + " to " + to + " reaches its token", box(right).left, b.x],
  ];
});
const grid = document.querySelector("table").rows;
const names = Array.from(grid[0].cells).slice(1).map((cell) => cell.firstElementChild);
const first = shown(".g").slice(0, names.length);
const image = shown("img", grid[1])[0];
const thumbnails = first.length > 0
  ? names.map((name, i) => ["head " + i, midX(first[i]), midX(name)])
  : names.map((name, i) => ["head " + i, box(image).left + (i + 0.5) * (box(image).width + 4) / names.length - 2, midX(name)]);
return [...rows(labels, picture), ...columns(heads, picture, heads.length), ...lines, ...thumbnails];`;

/** Each measure gives the places that it looked at. */
export const MEASURES = {
  matrix: MATRIX,
  bars: `
const picture = pictureOf();
const { rules, bars } = innerOf(picture);
const ticks = Array.from(tableOf(picture).rows[0].cells[0].children);
const heads = headsOf(picture, 1);
return [
  ...ticks.map((tick, i) => ["tick " + textOf(tick), rules.toSorted((a, b) => a.y - b.y)[i].y, midY(tick)]),
  ...heads.map((head, i) => ["bar " + i, bars[i].x, midX(head)]),
];`,
  curve: `
const picture = pictureOf();
const { rules, dots } = innerOf(picture);
const across = tableOf(picture).rows[1].cells[1];
const ticks = Array.from(tableOf(picture).rows[0].cells[0].children);
const numbers = Array.from(across.children).filter((one) => one.localName === "span");
const curve = COUNTS;
return [
  ...ticks.map((tick, i) => ["tick " + textOf(tick), rules.toSorted((a, b) => a.y - b.y)[i].y, midY(tick)]),
  ...numbers.flatMap((number) => {
    const i = curve.indexOf(Number(textOf(number)));
    return i < 0 ? [] : [["count " + textOf(number), dots[i].x, midX(number)]];
  }),
];`,
  pixels: `
const picture = pictureOf();
const ticks = Array.from(tableOf(picture).rows[1].cells[0].children);
const layers = LAYERS;
const width = box(picture).width / TOKENS;
return [
  ...ticks.map((tick) => [textOf(tick), box(picture).top + (Number(textOf(tick).slice(6)) + 0.5) * box(picture).height / layers, midY(tick)]),
  ...headsOf(picture).filter((one) => textOf(one) !== "").map((one) => ["column " + textOf(one), box(picture).left + (Number(textOf(one)) - FIRST) * width, box(one).left]),
];`,
  clusters: `
const labels = shown(".o");
const picture = pictureOf();
const heads = headsOf(picture);
const names = shown("td.y:last-child").filter((one) => one.closest("tr").querySelector(".o"));
return [
  ...rows(labels, picture), ...rows(names, picture), ...rows(shown("div > .z"), picture), ...columns(heads, picture, heads.length),
  ["tokens beside the rows, or below them", labels.length, names.length + shown(".n > span").length],
  ["tokens beside the rows", innerWidth > 1500 ? labels.length : 0, innerWidth > 1500 || innerWidth < 900 ? names.length : 0],
];`,
  columns: `
const heads = headsOf(pictureOf());
return columns(heads, pictureOf(), heads.length);`,
  steps: `
const names = shown(".a");
const region = names[0].closest("[role=region]");
const scores = shown(".c tbody tr");
const values = names.map((_, i) => shown(".b" + i)[0]);
const hasRoom = innerWidth > 1500;
const frame = shown("div[style*='border-bottom:3px']")[0];
const heads = shown("img", frame.parentElement.parentElement)[0];
return [
  ...scores.map((row, i) => ["scores of row " + i, midY(names[i]), midY(row)]),
  ...values.map((picture, i) => ["value of row " + i, midY(names[i]), midY(picture)]),
  ...shown(".i", region).map((strip) => ["a strip", hasRoom ? WIDE : NARROW, box(strip).width]),
  ["the head's line begins", box(heads).left + PITCH, box(frame).left],
  ["the head's line ends", box(heads).left + PITCH + SIZE, box(frame).right],
];`,
  cells: `
const table = shown("table")[0];
const heads = Array.from(table.rows[0].cells[1].children);
return Array.from(table.rows).slice(1).flatMap((row, i) => {
  const [head, ...cells] = row.cells;
  return [
    ...cells.map((cell, j) => ["column " + j + " of row " + i, midX(cell), midX(heads[j])]),
    ["height of row " + i, box(cells[0]).width, box(row).height],
    ["row " + i, midY(cells[0]), midY(head)],
  ];
});`,
  map: `
const picture = pictureOf();
const [, ...others] = tableOf(picture).rows;
const heads = headsOf(picture);
return [...rows(others.map((row) => row.cells[0]), picture), ...columns(heads, picture, heads.length)];`,
  similarity: `
const table = shown("table")[0];
const text = (cell) => { const range = document.createRange(); range.selectNodeContents(cell); return box(range); };
const middle = (one) => (one.left + one.right) / 2;
return Array.from(table.rows[0].cells).flatMap((head, i) =>
  textOf(head) === "" ? [] : [["column " + i, middle(box(table.rows[1].cells[i])), middle(text(head))]]);`,
  tree: `
return shown("li").map((item, i) => {
  const line = item.querySelector(".g");
  return ["branch " + i, box(item).top + parseFloat(getComputedStyle(item, "::before").top), midY(line.querySelector("span"))];
});`,
} as const;

/** A measure as an expression. */
export function measureOf(name: keyof typeof MEASURES, numbers: Readonly<Record<string, unknown>> = {}): string {
  const body = Object.entries(numbers).reduce(
    (text, [key, value]) => text.replaceAll(key, JSON.stringify(value)),
    MEASURES[name] as string,
  );
  return `(() => {${TOOLS}${body}})()`;
}

/** The pictures whose size is not the one that they were drawn in; strips of vectors may be some times as wide. */
export const RESIZED = `(() => {${TOOLS}
return [...shown("img"), ...shown("svg")].flatMap((one) => {
  const width = Number(one.getAttribute("width") ?? one.naturalWidth);
  const height = Number(one.getAttribute("height") ?? one.naturalHeight);
  const found = [parseFloat(getComputedStyle(one).width), parseFloat(getComputedStyle(one).height)];
  if (one.matches(".s") && found[0] > width && found[0] % width < 0.01) found[0] = width;
  return Math.abs(found[0] - width) + Math.abs(found[1] - height) > 1
    ? [one.outerHTML.slice(0, 100) + " " + found.join(" x ") + ", not " + width + " x " + height] : [];
});})()`;

/** The columns of tables of numbers whose head and cells are aligned in different ways; heads of several stand aside. */
export const CROOKED = `(() => {${TOOLS}
document.querySelectorAll("details").forEach((one) => one.open = true);
const side = (cell) => getComputedStyle(cell).textAlign.replace("start", "left");
return shown("table:not([role])").flatMap((table) =>
  Array.from(table.tHead?.rows[0].cells ?? []).flatMap((head, i) =>
    textOf(head) === "" || head.colSpan > 1 ? [] : Array.from(table.tBodies[0].rows).filter(({ cells }) => cells[i] !== undefined && side(cells[i]) !== side(head)).slice(0, 1)
      .map(({ cells }) => textOf(head) + ": " + side(head) + ", " + textOf(cells[i]) + ": " + side(cells[i]))));
})()`;
