import { deepEqual, equal, match, ok, throws } from "@std/assert";
import { type Vectors, vectorsView } from "../../../widgets/mod.ts";
import { KEYS } from "../fixtures.ts";
import { INJECTED, longSequence } from "../lens_fixtures.ts";
import { all, parse } from "../page.ts";
import { matchesGolden } from "../golden.ts";
import { isInert, standsAlone, staysReadable } from "../views_all.ts";
import { numbersOf, vectorsOf } from "./fixtures.ts";

const LARGE = { stream: numbersOf([10, 256]), neurons: numbersOf([10, 1024], 2) };

Deno.test("vectorsView() draws a page and an image that can be looked at", async () => {
  const view = vectorsView(vectorsOf(KEYS), { sequence: KEYS });
  await matchesGolden("vectors.html", view.html);
  await matchesGolden("vectors.svg", view.svg);
  standsAlone(view);
  staysReadable(view, ["5 ·are", "head 1", "first"]);
});

Deno.test("vectorsView() writes numbers into cells of short rows, and says each on hover", () => {
  const tensor = { data: Float32Array.of(0.25, -1.5, 2, -0.125, 0.75, -0.5), shape: [2, 3] };
  const cells = all(parse(vectorsView({ tensor, names: ["a", "b"] }).html), "table")[0]!.querySelectorAll("td");
  equal(cells.length, 6);
  cells.forEach((cell, i) => {
    const number = tensor.data[i]!;
    const sign = number < 0 ? "−" : "";
    equal(cell.textContent, `${sign}${Math.abs(number).toFixed(2)}`);
    const title = `${"ab"[Math.floor(i / 3)]}, number ${i % 3}: ${sign}${Math.abs(number).toFixed(4)}`;
    equal(cell.getAttribute("title"), title);
    const colour = number < 0 ? "33,102,172" : "232,89,12";
    ok(cell.getAttribute("style")!.includes(`background-color:rgba(${colour},`), `${number}`);
  });
});

Deno.test("vectorsView() takes a place of the leading axes, rows, and parts that stand side by side", () => {
  const { html } = vectorsView(vectorsOf(KEYS), { sequence: KEYS });
  const tables = all(parse(html), "[role=region] > table").slice(0, 3);
  deepEqual(tables.map((table) => table.querySelectorAll("td[title]").length), [10 * 12, 10 * 24, 2 * 12]);
  const titleAt = (table: number, n: number) => tables[table]!.querySelectorAll("td[title]")[n]!.getAttribute("title");
  const heads = numbersOf([2, 10, 24], 2).data; // at [1], row 2, the number 1 of head 1
  equal(Number(/: (.*)/.exec(titleAt(1, 2 * 24 + 13)!)![1]!.replace("−", "-")).toFixed(3), heads[240 + 61]!.toFixed(3));
  match(titleAt(1, 2 * 24 + 13)!, /^2 ·to, head 1, number 1: /);
  const rows = numbersOf([13, 12], 3).data; // row 12 is the second
  equal(Number(/: (.*)/.exec(titleAt(2, 14)!)![1]!.replace("−", "-")).toFixed(3), rows[12 * 12 + 2]!.toFixed(3));
});

Deno.test("vectorsView() draws a stack of matrices side by side", () => {
  const stack = numbersOf([3, 2, 4]);
  const row = all(parse(vectorsView({ heads: { tensor: stack, partName: "block" } }).html), "tbody tr")[1]!;
  const titles = all(row, "td[title]").map((cell) => cell.getAttribute("title"));
  equal(titles.length, 12);
  match(titles[4 * 2 + 3]!, /^1, block 2, number 3: /);
  const number = stack.data[2 * 8 + 4 + 3]!;
  equal(Number(titles[11]!.split(": ")[1]!.replace("−", "-")).toFixed(3), number.toFixed(3));
});

Deno.test("vectorsView() draws large matrices as pictures of one scale, with their numbers for a pointer", () => {
  const { html } = vectorsView(LARGE, { sequence: KEYS });
  const [stream, neurons] = all(parse(html), "img");
  const widthOf = (image: HTMLElement) => Number(image.getAttribute("width"));
  equal(widthOf(neurons!), 4 * widthOf(stream!));
  const bytes = Uint8Array.fromBase64(stream!.parentElement!.getAttribute("data-f")!);
  equal(bytes.length, 2 * 2560);
  const found = new Float16Array(bytes.buffer);
  LARGE.stream.data.forEach((number, i) => ok(Math.abs(found[i]! - number) <= 0.001, `${i}: ${found[i]}, ${number}`));
  ok(html.length < 100_000, `${html.length}`);
});

Deno.test("vectorsView() stays small for weights and long texts, and says how many numbers share a pixel", () => {
  const wide = vectorsView({ weight: numbersOf([768, 3072]) });
  ok(wide.html.length < 400_000 && wide.svg.length < 400_000, `${wide.html.length}, ${wide.svg.length}`);
  match(wide.html, /A pixel for 3 × 2 numbers: the one of them that is farthest from zero/);
  const long = longSequence(600, 200);
  const rows = vectorsView({ stream: numbersOf([600, 64]) }, { sequence: long });
  ok(rows.html.length < 300_000, `${rows.html.length}`);
  match(rows.text, /… 300 more rows/);
});

Deno.test("vectorsView() tells the length and the extremes of each row", () => {
  const data = Float32Array.of(3, -4, 0, 0.5, 1200, -0.002);
  const { text } = vectorsView({ w: { tensor: { data, shape: [2, 3] }, names: ["a", "b"] } });
  match(text, /^w \[2, 3\]\n/);
  match(text, /\nw +a +5\.000 +−4\.000 +3\.000 +3\.000 −4\.000 0\.000$/m);
  match(text, /\nw +b +1200 +−0\.002 +1200 +0\.500 1200 −0\.002$/m);
});

Deno.test("vectorsView() shows markup in tokens as text", () => {
  const view = vectorsView({ one: numbersOf([INJECTED.tokens.length, 2]) }, { sequence: INJECTED });
  isInert(view);
});

Deno.test("vectorsView() refuses what it cannot draw, and says why", () => {
  const refuses = (vectors: unknown, name: string, message: RegExp) =>
    throws(() => vectorsView(vectors as Vectors), { name, message });
  const tensor = numbersOf([2, 3, 4]);
  refuses(Promise.resolve(), "TypeError", /^Cannot draw a promise as vectors; pass a tensor/);
  refuses({ keys: Promise.resolve() }, "TypeError", /^Cannot draw a promise as the vectors "keys"; pass a tensor/);
  refuses({}, "TypeError", /^Cannot draw an object with no keys as vectors/);
  refuses({ tensor, at: [2] }, "RangeError", /axis 0 has the places 0 to 1, and at asks for 2$/);
  refuses({ tensor, at: [0, 0, 0] }, "RangeError", /leaves no axis of \[2,3,4\]$/);
  refuses({ tensor, at: [0], rows: [3] }, "RangeError", /the rows are 0 to 2, and 3 is asked for$/);
  refuses({ tensor, at: [0], parts: 3 }, "RangeError", /4 numbers do not make 3 parts$/);
  refuses({ tensor, parts: 2 }, "RangeError", /\[2,3,4\] is drawn as 2 matrices already; leave out parts$/);
  refuses({ tensor, at: [0], names: ["a"] }, "RangeError", /there are 3 rows and names is /);
  refuses({ tensor: numbersOf([1, 2, 3, 4]) }, "RangeError", /has more than three axes; say where in the first ones/);
  refuses(
    { tensor: { data: new Float32Array(5), shape: [2, 3] } },
    "RangeError",
    /the shape is \[2,3\] and there are 5 /,
  );
});
