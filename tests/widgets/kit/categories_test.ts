import { equal, ok } from "@std/assert";
import { categoryColour } from "../../../widgets/kit/categories.ts";
import type { Rgb } from "../../../widgets/kit/colours.ts";

const COUNT = 36;
const COLOURS = Array.from({ length: COUNT }, (_, index) => categoryColour(index));

const linear = (channel: number) => {
  const share = channel / 255;
  return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
};

/** https://bottosson.github.io/posts/oklab/ */
function okLab(colour: Rgb): number[] {
  const [r, g, b] = colour.map(linear) as [number, number, number];
  const l = Math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b);
  const m = Math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b);
  const s = Math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b);
  return [
    0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s,
    1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s,
    0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s,
  ];
}

/** https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio */
function contrast(a: Rgb, b: Rgb): number {
  const luminance = ([r, g, b]: Rgb) => 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b) + 0.05;
  const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return high! / low!;
}

Deno.test("categoryColour() gives 36 colours that can be told apart", () => {
  equal(new Set(COLOURS.map(String)).size, COUNT);
  const points = COLOURS.map(okLab);
  let least = Infinity;
  points.forEach((a, i) =>
    points.slice(0, i).forEach((b) => least = Math.min(least, Math.hypot(...a.map((x, k) => x - b[k]!))))
  );
  ok(least > 0.08, `${least}`);
});

Deno.test("categoryColour() shows on white and on black", () => {
  for (const colour of COLOURS) {
    for (const page of [[255, 255, 255], [17, 17, 17]] as const) {
      const found = contrast(colour, page);
      ok(found >= 2.95, `${colour} on ${page}: ${found}`);
    }
  }
});
