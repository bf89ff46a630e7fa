import { deepEqual, equal, match } from "@std/assert";
import { type Html, htmlText } from "../../../widgets/kit/html.ts";
import { axisAcross, axisDown, columnHeads } from "../../../widgets/kit/picture_labels.ts";
import { roundTicks } from "../../../widgets/kit/ramp.ts";
import { sequenceOf } from "../fixtures.ts";
import { all, parse } from "../page.ts";

const read = (html: Html) => parse(htmlText(html));
const styleOf = (element: Element | undefined) => element?.getAttribute("style") ?? "";
const pixels = (element: Element, name: string) =>
  Number(new RegExp(`(?:^|;)${name}:(-?\\d+)px`).exec(styleOf(element))?.[1] ?? 0);

Deno.test("roundTicks() gives round numbers from 0, not above the largest and not too many", () => {
  deepEqual(roundTicks(27, 7), [0, 5, 10, 15, 20, 25]);
  deepEqual(roundTicks(1, 6), [0, 0.2, 0.4, 0.6, 0.8, 1]);
  deepEqual(roundTicks(3, 7), [0, 0.5, 1, 1.5, 2, 2.5, 3]);
  deepEqual(roundTicks(12, 7), [0, 2, 4, 6, 8, 10, 12]);
  deepEqual(roundTicks(1000, 5), [0, 500, 1000]);
});

Deno.test("columnHeads() puts a token and its number above each column, and one in so many where they are narrow", () => {
  const few = read(columnHeads(sequenceOf(["a", " b", "\n"], 3).tokens, { side: 20, numberAt: (n) => n + 7 }));
  deepEqual(all(few, ".v").map((one) => one.textContent), ["a", "·b", "↵"]);
  deepEqual(Array.from(few.children, (one) => pixels(one, "width")), [20, 20, 20]);
  match(few.textContent ?? "", /^a7·b8↵9$/);
  const many = read(columnHeads(sequenceOf(Array.from({ length: 600 }, () => "a"), 1).tokens, { side: 2 }));
  equal(all(many, ".v").length, 0);
  const numbers = Array.from(many.children, (one) => Number(one.textContent));
  deepEqual(numbers.slice(0, 3), [0, 50, 100]);
  equal(numbers.length, 12);
  equal(Array.from(many.children).reduce((sum, one) => sum + pixels(one, "width"), 0), 600 * 2);
  const { tokens } = sequenceOf(Array.from({ length: 300 }, () => "a"), 1);
  const later = Array.from(read(columnHeads(tokens, { side: 2, numberAt: (column) => column + 1 })).children);
  deepEqual(later.slice(0, 3).map((one) => [one.textContent, pixels(one, "width")]), [["\u00A0", 98], ["50", 100], [
    "100",
    100,
  ]]);
});

Deno.test("axisDown() and axisAcross() put the middle of each label where it belongs", () => {
  const ticks = [{ at: 10, text: "2" }, { at: 60, text: "1" }, { at: 110, text: "0" }];
  let y = 0;
  deepEqual(
    Array.from(read(axisDown(ticks)).children, (label) => {
      y += pixels(label, "margin") + 12;
      return y - 6;
    }),
    [10, 60, 110],
  );
  let x = 0;
  const across = [{ at: 20, text: "0" }, { at: 100, text: "4" }, { at: 180, text: "8" }];
  deepEqual(
    Array.from(read(axisAcross(across)).children, (label) => {
      x += Number(/margin:0 0 0 (-?\d+)px/.exec(styleOf(label))?.[1]) + 40;
      return x - 20;
    }),
    [20, 100, 180],
  );
});
